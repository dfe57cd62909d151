/**
 * Fills table `coverage`: each hour once it is over and its log records are audited, and again when its ticks or gaps change. Runs
 * in the process that stores, in steps of at most a day. docs/coverage.md.
 */
import type { Store } from '../store/store.ts'
import type { IdKind } from '../tick/id-kind.ts'
import { QUOTES, TRADES } from '../tick/kinds.ts'
import { conditionOf } from './condition.ts'
import { fillDays } from './days.ts'
import {
  comparedQuotes,
  confirmAbsent,
  connectionsLost,
  countTicks,
  firstTrades,
  gapsIn,
  HOUR,
  hourKey,
  recordedSeconds,
  restingTimes,
  type Span,
  symbolKey,
} from './facts.ts'
import { type HourRow, rowsOf } from './hours.ts'
import { COVERED, droppedBefore, planOf } from './plan.ts'
import { lastRows, loadProgress, type Progress, pendingRows, saveProgress, writeHours } from './table.ts'

/** For hours ended within this time, symbols no longer selected get no rows. */
const RECENT_SECONDS = 3 * HOUR

export interface Selected {
  venue: string
  symbol: string
  kind: string
}

export interface RollupOptions {
  store: Store
  /** The kind of trade ids of each venue. */
  idKinds: ReadonlyMap<string, string>
  /** What recorders record now; null if none is known. */
  selected: () => readonly Selected[] | null
  /** Seconds since 1970 UTC. */
  now: () => number
}

export class CoverageRollup {
  readonly #options: RollupOptions
  #progress: Progress | undefined
  /** Hours to count, and the progress that is reached with them. */
  #waiting: Span[] = []
  #reached: Progress | undefined

  constructor(options: RollupOptions) {
    this.#options = options
  }

  /** Counts one span of hours, if any must be. True if more are left. Throws errors of the store: the step is repeated. */
  async step(): Promise<boolean> {
    const { store } = this.#options
    if (this.#waiting.length === 0) {
      if (!this.#progress) await fillDays(store)
      this.#progress ??= await loadProgress(store)
      const { spans, reached } = await planOf(store, this.#progress, this.#options.now())
      if (!reached) return false
      this.#waiting = spans
      this.#reached = reached
    }
    const span = this.#waiting[0]
    if (span) await this.#count(span)
    this.#waiting.shift()
    if (this.#waiting.length > 0) return true
    await saveProgress(store, this.#reached!)
    this.#progress = this.#reached
    this.#reached = undefined
    return false
  }

  async #count(span: Span): Promise<void> {
    const { store, now } = this.#options
    const [gaps, seconds, lost, resting, compared] = [
      await gapsIn(store, span),
      await recordedSeconds(store, span),
      await connectionsLost(store, span),
      await restingTimes(store, span),
      await comparedQuotes(store, span),
    ]
    const selected = span.to > now() - RECENT_SECONDS ? this.#options.selected() : null
    for (const kind of COVERED) {
      const counted = await countTicks(store, kind, span)
      if (kind === TRADES) await confirmAbsent(store, counted)
      const last = await lastRows(store, kind.name, span.from)
      const symbols = new Map(counted.map(({ venue, symbol }) => [symbolKey(venue, symbol), { venue, symbol }]))
      const chosen =
        selected &&
        new Set(selected.filter(each => each.kind === kind.name).map(each => symbolKey(each.venue, each.symbol)))
      for (const [key, { venue, symbol, isRecent }] of last)
        if (isRecent && (!chosen || chosen.has(key))) symbols.set(key, { venue, symbol })
      for (const { venue, symbol, ...one } of selected ?? [])
        if (one.kind === kind.name) symbols.set(symbolKey(venue, symbol), { venue, symbol })
      const following = kind === TRADES ? await this.#nextTrades(span) : new Map<string, { run: number; id: number }>()
      const bySymbol = Map.groupBy(counted, each => symbolKey(each.venue, each.symbol))
      const gapsBySymbol = Map.groupBy(gaps, each => symbolKey(each.venue, each.symbol))
      const rows: HourRow[] = []
      for (const [key, { venue, symbol }] of symbols) {
        const own = bySymbol.get(key) ?? []
        const before = last.get(key)
        // A symbol that is new has no row before its first tick.
        const from = before || own.length === 0 ? span.from : Math.min(...own.map(({ hour }) => hour))
        rows.push(
          ...rowsOf({
            ...{
              kind: kind.name,
              venue,
              symbol,
              ids: kind === TRADES ? ((this.#options.idKinds.get(venue) as IdKind) ?? 'none') : '',
            },
            span: { from: before || own.length > 0 ? from : span.to - HOUR, to: span.to },
            before: before && before.last_id > 0 ? { run: before.last_run, id: before.last_id } : null,
            next: following.get(key) ?? null,
            counted: own,
            gaps: kind === TRADES ? (gapsBySymbol.get(key) ?? []) : [],
            resting: resting.get(key) ?? [],
            recordedSeconds: seconds,
            connectionsLost: hour => lost.get(symbolKey(venue, String(hour))) ?? 0,
            compared: hour => (kind === QUOTES ? compared.get(hourKey(venue, symbol, hour)) : undefined),
          }),
        )
      }
      // Of a day that left the table meanwhile, not all ticks were counted.
      const dropped = await droppedBefore(store)
      await writeHours(
        store,
        rows.filter(({ hour }) => hour > dropped),
      )
      if (kind === TRADES) await this.#resolve(span, rows)
    }
  }

  /** The first trade after a span: of the hour after it, or the first in rows that were counted before. */
  async #nextTrades(span: Span) {
    const { store } = this.#options
    const later = await store.rows<{ venue: string; symbol: string; run: number; id: string }>(
      `SELECT venue, symbol, argMin(first_run, hour) AS run, toString(argMin(first_id, hour)) AS id FROM coverage FINAL
       WHERE kind = {kind:String} AND ticks > 0 AND hour >= fromUnixTimestamp({to:Int64}) AND hour < fromUnixTimestamp({to:Int64}) + INTERVAL 7 DAY
       GROUP BY venue, symbol`,
      { kind: TRADES.name, to: span.to },
    )
    const known = new Map(
      later.map(({ venue, symbol, run, id }) => [symbolKey(venue, symbol), { run, id: Number(id) }]),
    )
    for (const [key, next] of await firstTrades(store, { from: span.to, to: span.to + HOUR })) known.set(key, next)
    return known
  }

  /** Hours before the span whose end was not proved: their next trade may be in it. Evaluated again from their rows. */
  async #resolve(span: Span, rows: readonly HourRow[]): Promise<void> {
    const { store } = this.#options
    const next = new Map<string, { run: number; id: number }>()
    for (const row of rows) {
      const key = symbolKey(row.venue, row.symbol)
      if (row.ticks > 0 && !next.has(key)) next.set(key, { run: row.first_run, id: row.first_id })
    }
    const pending = await pendingRows(store, TRADES.name, span.from)
    const evaluated: HourRow[] = []
    for (const [key, own] of Map.groupBy(pending, row => symbolKey(row.venue, row.symbol))) {
      let following = next.get(key)
      if (!following) continue
      for (const row of own.toSorted((a, b) => b.hour - a.hour)) {
        evaluated.push({ ...row, ...conditionOf(row, following) })
        if (row.ticks > 0) following = { run: row.first_run, id: row.first_id }
      }
    }
    await writeHours(store, evaluated)
  }
}
