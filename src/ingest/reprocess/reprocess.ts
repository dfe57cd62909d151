/**
 * Reprocesses quarantine by the current rules and moves ticks that are valid now to their table, page by page. A page is validated while
 * ingest runs; if any tick of it would move, it is validated again and moved while ingest is paused.
 */
import { droppedRanges } from '../../audit/dropped-ranges.ts'
import { SYSTEM_CLOCK } from '../../clock.ts'
import type { Log } from '../../log/log.ts'
import type { Fence, Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import { KINDS, type Kind } from '../../tick/kinds.ts'
import type { Refusal } from '../../tick/refusal.ts'
import { codeOf } from '../../tick/validate.ts'
import { Batch } from '../batch.ts'
import { Checkpoint, gapRow } from '../checkpoint.ts'
import { REPEAT, type RunOrRefusal } from '../ids/followed-ids.ts'
import type { Ingest } from '../ingest.ts'
import { refusedTick } from '../quarantine/refused-tick.ts'
import type { KnownVenues } from '../validated-record.ts'

import { ReprocessedIds } from './ids.ts'
import { LogRecords } from './log-records.ts'
import { pageOf, type QuarantineFilter, rawOf } from './quarantine.ts'
import {
  type Candidate,
  type QuarantineRow,
  type Rejection,
  type RereadFrame,
  Revalidation,
  without,
} from './revalidate.ts'
import { moveReprocessed, POSITIONS_MAX, type TickPosition } from './transaction.ts'

export interface ReprocessorOptions {
  log: Log
  store: Store
  storing: Ingest
  venues: KnownVenues
  reread: RereadFrame
  emit: Emit
}

/** The result for the selected ticks. */
export interface ReprocessReport {
  looked: number
  moved: number
  /** Ticks that stay, by the reason stored and the reason now (`today`). */
  still: { reason: string; today: string; detail: string; ticks: number }[]
  /** Partitions not assigned to this process, which were skipped. */
  elsewhere: number[]
}

/** Ticks per page, unless a single record has more: bounds memory. */
const TICKS_PER_PAGE = 250_000
/** Before the first position. */
const START: TickPosition = { offset: -1, index: -1 }
const INDEX_MAX = 2 ** 32 - 1
/** Valid by every other rule: stored again only where a user names the reason. */
const ON_REQUEST: ReadonlySet<Refusal> = new Set<Refusal>(['symbol_unasked', 'quote_not_new'])
/** Kinds of rejection that a report lists separately. */
const STILL_MAX = 50

interface ValidatedRow {
  row: QuarantineRow
  outcome: Candidate | Rejection
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
   * Reprocesses all rows that match the filter; with `dryRun` it only reports. Not reentrant. `pageDone` is called after each page. Throws
   * errors of store and log; pages done before stay moved.
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
        const rows = cutAtTicks(await pageOf(store, filter, partition, after, POSITIONS_MAX))
        if (rows.length === 0) break
        after = endOf(rows.at(-1)!)
        const page = await this.#validateRecord(rows, filter)
        if (dryRun || !page.some(({ outcome }) => 'columns' in outcome)) count(report, page)
        else count(report, await storing.rewrite(partition, () => this.#move(partition, rows, filter)))
        pageDone()
      }
    }
    if (!dryRun && report.moved > 0) emit('requeued', { count: report.moved })
    return report
  }

  /** Call only while ingest is paused. */
  async #move(partition: number, rows: readonly QuarantineRow[], filter: QuarantineFilter): Promise<ValidatedRow[]> {
    const { log, store, venues } = this.#options
    const fence = await store.claim(partition)
    await this.#checkpoint.resume(log, fence)
    const page = await this.#validateRecord(rows, filter)
    for (const day of new Set(rows.map(row => row.logDay))) {
      const ofDay = page.filter(({ row }) => row.logDay === day)
      const ids = new ReprocessedIds(store, venues, partition, SYSTEM_CLOCK.nowMicros)
      await ids.learn(ofDay.flatMap(({ outcome }) => ('columns' in outcome ? [outcome] : [])))
      // One table per move: it arrives whole or not at all.
      for (const kind of KINDS) {
        const ofKind = ofDay.filter(({ outcome }) => 'columns' in outcome && outcome.kind === kind)
        await this.#moveDay(kind, ofKind, ids, fence)
      }
    }
    return page
  }

  /** Moves the ticks of one kind and log day. */
  async #moveDay(kind: Kind, page: readonly ValidatedRow[], ids: ReprocessedIds, fence: Fence): Promise<void> {
    const { store } = this.#options
    const [good, refused] = [new Batch(fence.partition), new Batch(fence.partition)]
    const leaving: TickPosition[] = []
    let firstGood: TickPosition | undefined
    for (const { row, outcome } of page) {
      if (!('columns' in outcome)) continue
      begin(good, row)
      begin(refused, row)
      const { columns, indexes } = outcome
      const runs = Uint16Array.from({ length: columns.length }, (_, at) =>
        Math.max(0, ids.take(outcome, at) as RunOrRefusal),
      )
      good.addTicks(kind, row.offset, columns, 0, columns.length, indexes, runs.some(Boolean) ? runs : undefined)
      if (row.logHash > 0) good.of(kind).keepHash(row.logHash)
      for (const tick of outcome.refused) refused.addRefused(row.offset, tick)
      firstGood ??= { offset: row.offset, index: outcome.indexes[0]! }
      leaving.push(row)
    }
    if (!firstGood) return
    const opened = ids.gapsOpened.map(gap => gapRow(gap, [gap]))
    if (opened.length > 0) await this.#checkpoint.writeGaps(opened, fence)
    await moveReprocessed(store, { number: this.#number++, good, firstGood, refused, leaving }, fence)
  }

  /** Validates rows by the current rules and the stored ids. Reads only. */
  async #validateRecord(rows: readonly QuarantineRow[], filter: QuarantineFilter): Promise<ValidatedRow[]> {
    const { log, store, venues, reread } = this.#options
    const validateRecord = new Revalidation(venues, reread, SYSTEM_CLOCK.nowMicros())
    const records = new LogRecords(log, rows[0]!.partition)
    const page: ValidatedRow[] = []
    try {
      for (const row of rows) {
        // Valid by every other rule: only the user can decide whether such ticks are wanted.
        if (ON_REQUEST.has(row.reason) && filter.reason !== row.reason) {
          page.push({
            row,
            outcome: { reason: row.reason, detail: `stored only where --reason ${row.reason} is given` },
          })
          continue
        }
        // It stands for ticks that are stored: its record has others.
        if (row.reason === 'quote_repeated' || row.reason === 'trade_repeated') {
          page.push({ row, outcome: { reason: row.reason, detail: 'they are stored already' } })
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
    await rejectDropped(store, page)
    const ids = new ReprocessedIds(store, venues, rows[0]!.partition, SYSTEM_CLOCK.nowMicros)
    await ids.learn(page.flatMap(({ outcome }) => ('columns' in outcome ? [outcome] : [])))
    return page.map(({ row, outcome }) => ({
      row,
      outcome: 'columns' in outcome ? byIds(row, outcome, ids, log.partitions > 1) : outcome,
    }))
  }
}

/**
 * Rejects ticks of a kind whose rows of that time have left the store: the archive has them, and its object could not be
 * written again with one more.
 */
async function rejectDropped(store: Store, page: ValidatedRow[]): Promise<void> {
  const [first, last] = [page[0]!.row, page.at(-1)!.row]
  for (const kind of KINDS) {
    const dropped = await droppedRanges(store, first.partition, first.offset, last.offset + 1, [kind])
    if (dropped.length === 0) continue
    for (const validated of page) {
      const { row, outcome } = validated
      const isDropped = dropped.some(({ first, below }) => first <= row.offset && row.offset < below)
      if ('columns' in outcome && outcome.kind === kind && isDropped)
        validated.outcome = {
          reason: row.reason,
          detail: `valid now, but the ${kind.name} of its time have left the store`,
        }
    }
  }
}

/** A candidate without the trades that are stored already; rejected if none is left. `divided`: the log has several partitions. */
function byIds(row: QuarantineRow, candidate: Candidate, ids: ReprocessedIds, divided: boolean): Candidate | Rejection {
  const { kind, columns, indexes, frame } = candidate
  const repeats = new Map<number, Refusal>()
  for (let at = 0; at < columns.length; at++) {
    const assigned = ids.take(candidate, at, frame && divided ? row.partition : undefined)
    if (assigned === 'apart')
      return { reason: row.reason, detail: 'readable now, but not between the stored trades of its symbol' }
    if (assigned < 0) repeats.set(at, assigned === REPEAT ? 'duplicate_id' : 'conflicting_id')
  }
  if (repeats.size === 0) return candidate
  const refused = [...repeats].map(([at, reason]) => refusedTick(kind, columns, at, indexes[at]!, codeOf(reason)))
  if (repeats.size === columns.length) return refused[0]!
  const rest = without(kind, columns, indexes, new Set(repeats.keys()))
  return { ...rest, refused: [...candidate.refused, ...refused], frame }
}

function begin(batch: Batch, row: QuarantineRow): void {
  const { partition, offset } = row
  const timestampMs = row.loggedAtSeconds * 1000
  const none = { kind: row.kind, format: '', version: 0, ticks: 0, payload: new Uint8Array(0) }
  batch.begin({ partition, offset, timestampMs, ...none }, 0)
}

/** Its position, or the last one of its record where the row stands for all: ticks that stay refused then get rows of their own. */
const endOf = ({ ticks, offset, index }: QuarantineRow): TickPosition => ({
  offset,
  index: ticks === 1 ? index : INDEX_MAX,
})

/** The first rows, with at most `TICKS_PER_PAGE` ticks; at least one row. */
function cutAtTicks(rows: QuarantineRow[]): QuarantineRow[] {
  let ticks = 0
  for (const [at, row] of rows.entries()) {
    ticks += row.ticks
    if (ticks > TICKS_PER_PAGE && at > 0) return rows.slice(0, at)
  }
  return rows
}

function count(report: ReprocessReport, page: readonly ValidatedRow[]): void {
  for (const { row, outcome } of page) {
    report.looked += row.ticks
    if ('columns' in outcome) {
      report.moved += outcome.columns.length
      for (const tick of outcome.refused) countStill(report, row, tick, 1)
    } else countStill(report, row, outcome, row.ticks)
  }
}

function countStill(report: ReprocessReport, row: QuarantineRow, { reason, detail }: Rejection, ticks: number): void {
  const alike = report.still.filter(one => one.reason === row.reason && one.today === reason)
  const full = report.still.length >= STILL_MAX
  const known = alike.find(one => one.detail === detail) ?? (full ? alike[0] : undefined)
  if (known) known.ticks += ticks
  else report.still.push({ reason: row.reason, today: reason, detail, ticks })
}
