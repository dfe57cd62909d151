/**
 * Judges what is in quarantine again, by today's rules, and moves to `trades` what is good now, page by page. A page is judged
 * while storing goes on; if anything of it would move, it is judged again and moved while nothing is stored.
 */
import { SYSTEM_CLOCK } from '../../clock.ts'
import type { Log } from '../../log/log.ts'
import type { Fence, Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Refusal } from '../../tick/refusal.ts'
import type { KnownVenues } from '../append-record.ts'
import { Batch } from '../batch.ts'
import { Checkpoint, gapRow } from '../checkpoint.ts'
import { type Placed, REPEAT } from '../ids/followed-ids.ts'
import type { Ingest } from '../ingest.ts'
import { refusedTick } from '../refused-tick.ts'
import { codeOf } from '../validate.ts'
import { ReprocessedIds } from './ids.ts'
import { LogRecords } from './log-records.ts'
import { pageOf, type QuarantineFilter, rawOf } from './quarantine.ts'
import {
  type Candidate,
  type QuarantineRow,
  type RereadFrame,
  Revalidation,
  type StillRefused,
  without,
} from './revalidate.ts'
import { moveReprocessed, PLACES_MAX, type Place } from './transaction.ts'

export interface ReprocessorOptions {
  log: Log
  store: Store
  storing: Ingest
  venues: KnownVenues
  reread: RereadFrame
  emit: Emit
}

/** What became of the ticks looked at. */
export interface ReprocessReport {
  looked: number
  moved: number
  /** Ticks that stay, by why they were refused and why they still are. */
  still: { reason: string; today: string; detail: string; ticks: number }[]
  /** Partitions that another process stores, or none: it was not looked at them. */
  elsewhere: number[]
}

/** Ticks judged at once, unless a single record holds more: bounds memory. */
const TICKS_PER_PAGE = 250_000
/** Before the first place. */
const START: Place = { offset: -1, index: -1 }
const INDEX_MAX = 2 ** 32 - 1
/** Different ways in which ticks are still refused that a report tells apart. */
const STILL_MAX = 50

interface JudgedRow {
  row: QuarantineRow
  outcome: Candidate | StillRefused
}

export class Reprocessor {
  readonly #options: ReprocessorOptions
  readonly #checkpoint: Checkpoint
  #number = 0

  constructor(options: ReprocessorOptions) {
    this.#options = options
    this.#checkpoint = new Checkpoint(options.store, SYSTEM_CLOCK)
  }

  /**
   * Looks at all rows the filter means; with `dryRun` nothing is changed. One at a time. `pageDone` is told of each page. Throws
   * what store and log throw: pages done before have moved.
   */
  async run(filter: QuarantineFilter, dryRun: boolean, pageDone: () => void = () => {}): Promise<ReprocessReport> {
    const { log, store, storing, emit } = this.#options
    const report: ReprocessReport = { looked: 0, moved: 0, still: [], elsewhere: [] }
    for (let partition = 0; partition < log.partitions; partition++) {
      if (!storing.partitions.some(ours => ours.partition === partition && ours.mode !== 'failed')) {
        report.elsewhere.push(partition)
        continue
      }
      for (let after = START; ; ) {
        const rows = cutAtTicks(await pageOf(store, filter, partition, after, PLACES_MAX))
        if (rows.length === 0) break
        after = endOf(rows.at(-1)!)
        const page = await this.#validateRecord(rows, filter)
        if (dryRun || !page.some(({ outcome }) => 'trades' in outcome)) count(report, page)
        else count(report, await storing.rewrite(partition, () => this.#move(partition, rows, filter)))
        pageDone()
      }
    }
    if (!dryRun && report.moved > 0) emit('requeued', { count: report.moved })
    return report
  }

  /** To be called while nothing is stored. */
  async #move(partition: number, rows: readonly QuarantineRow[], filter: QuarantineFilter): Promise<JudgedRow[]> {
    const { log, store, venues } = this.#options
    const fence = await store.claim(partition)
    await this.#checkpoint.resume(log, fence)
    const page = await this.#validateRecord(rows, filter)
    for (const day of new Set(rows.map(row => row.logDay))) {
      const ofDay = page.filter(({ row }) => row.logDay === day)
      const ids = new ReprocessedIds(store, venues, partition, SYSTEM_CLOCK.nowMicros)
      await ids.learn(ofDay.flatMap(({ outcome }) => ('trades' in outcome ? [outcome.trades] : [])))
      await this.#moveDay(ofDay, ids, fence)
    }
    return page
  }

  async #moveDay(page: readonly JudgedRow[], ids: ReprocessedIds, fence: Fence): Promise<void> {
    const { store } = this.#options
    const [good, refused] = [new Batch(fence.partition), new Batch(fence.partition)]
    const leaving: Place[] = []
    let firstGood: Place | undefined
    for (const { row, outcome } of page) {
      if (!('trades' in outcome)) continue
      begin(good, row)
      begin(refused, row)
      const { trades, indexes } = outcome
      const runs = Uint16Array.from({ length: trades.length }, (_, at) => Math.max(0, ids.take(trades, at) as Placed))
      good.addTrades(row.offset, trades, 0, trades.length, indexes, runs.some(Boolean) ? runs : undefined)
      if (row.logHash > 0) good.keepHash(row.logHash)
      for (const tick of outcome.refused) refused.addRefused(row.offset, tick)
      firstGood ??= { offset: row.offset, index: outcome.indexes[0]! }
      leaving.push(row)
    }
    if (!firstGood) return
    const opened = ids.gapsOpened.map(gap => gapRow(gap, [gap]))
    if (opened.length > 0) await this.#checkpoint.writeGaps(opened, fence)
    await moveReprocessed(store, { number: this.#number++, good, firstGood, refused, leaving }, fence)
  }

  /** What the rows are by today's rules and by the ids in the table. Reads only. */
  async #validateRecord(rows: readonly QuarantineRow[], filter: QuarantineFilter): Promise<JudgedRow[]> {
    const { log, store, venues, reread } = this.#options
    const validateRecord = new Revalidation(venues, reread, SYSTEM_CLOCK.nowMicros())
    const records = new LogRecords(log, rows[0]!.partition)
    const page: JudgedRow[] = []
    try {
      for (const row of rows) {
        // Good by every other rule: whether such trades are wanted is for a person to say.
        if (row.reason === 'symbol_unasked' && filter.reason !== row.reason) {
          page.push({
            row,
            outcome: { reason: row.reason, detail: 'stored only where --reason symbol_unasked is given' },
          })
          continue
        }
        const entry = await records.at(row.offset)
        page.push({
          row,
          outcome: entry ? validateRecord.byEntry(row, entry) : validateRecord.byRaw(row, await rawOf(store, row)),
        })
      }
    } finally {
      await records.close()
    }
    const ids = new ReprocessedIds(store, venues, rows[0]!.partition, SYSTEM_CLOCK.nowMicros)
    await ids.learn(page.flatMap(({ outcome }) => ('trades' in outcome ? [outcome.trades] : [])))
    return page.map(({ row, outcome }) => ({
      row,
      outcome: 'trades' in outcome ? byIds(row, outcome, ids, log.partitions > 1) : outcome,
    }))
  }
}

/** A candidate without the trades that are there already; refused if that is all of them. `divided`: has the log partitions? */
function byIds(
  row: QuarantineRow,
  candidate: Candidate,
  ids: ReprocessedIds,
  divided: boolean,
): Candidate | StillRefused {
  const { trades, indexes, frame } = candidate
  const repeats = new Map<number, Refusal>()
  for (let at = 0; at < trades.length; at++) {
    const judgement = ids.take(trades, at, frame && divided ? row.partition : undefined)
    if (judgement === 'apart')
      return { reason: row.reason, detail: 'readable now, but not between the stored trades of its symbol' }
    if (judgement < 0) repeats.set(at, judgement === REPEAT ? 'duplicate_id' : 'conflicting_id')
  }
  if (repeats.size === 0) return candidate
  const refused = [...repeats].map(([at, reason]) => refusedTick(trades, at, indexes[at]!, codeOf(reason)))
  if (repeats.size === trades.length) return refused[0]!
  return { ...without(trades, indexes, new Set(repeats.keys())), refused: [...candidate.refused, ...refused], frame }
}

function begin(batch: Batch, row: QuarantineRow): void {
  const { partition, offset } = row
  const timestampMs = row.loggedAtSeconds * 1000
  const none = { kind: '', format: '', version: 0, ticks: 0, payload: new Uint8Array(0) }
  batch.begin({ partition, offset, timestampMs, ...none }, 0)
}

/** Its place, or the last one of its record where it stands for all: what is still refused of that gets places of its own. */
const endOf = ({ ticks, offset, index }: QuarantineRow): Place => ({ offset, index: ticks === 1 ? index : INDEX_MAX })

/** The first rows, so many that they hold no more ticks than a page may; at least one. */
function cutAtTicks(rows: QuarantineRow[]): QuarantineRow[] {
  let ticks = 0
  for (const [at, row] of rows.entries()) {
    ticks += row.ticks
    if (ticks > TICKS_PER_PAGE && at > 0) return rows.slice(0, at)
  }
  return rows
}

function count(report: ReprocessReport, page: readonly JudgedRow[]): void {
  for (const { row, outcome } of page) {
    report.looked += row.ticks
    if ('trades' in outcome) {
      report.moved += outcome.trades.length
      for (const tick of outcome.refused) countStill(report, row, tick, 1)
    } else countStill(report, row, outcome, row.ticks)
  }
}

function countStill(
  report: ReprocessReport,
  row: QuarantineRow,
  { reason, detail }: StillRefused,
  ticks: number,
): void {
  const alike = report.still.filter(one => one.reason === row.reason && one.today === reason)
  const full = report.still.length >= STILL_MAX
  const known = alike.find(one => one.detail === detail) ?? (full ? alike[0] : undefined)
  if (known) known.ticks += ticks
  else report.still.push({ reason: row.reason, today: reason, detail, ticks })
}
