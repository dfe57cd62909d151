/**
 * The spread of best ask and bid in basis points of the middle price, averaged over the time of each bar: a quote counts
 * for as long as it was the newest. By our clock, since some venues state no time of a quote.
 */
import type { Store } from '../../../store/store.ts'
import type { SpreadBar } from '../protocol.ts'
import { BARS_MAX } from './candles.ts'

/** A quote counts for this long at most: then it may be old, for example while a connection was lost. */
const VALID_MICROS_MAX = 60_000_000
/** Bars kept in memory. */
const KEPT_MAX = 120
/** Equal times of a bar at which the table's spread is read. */
const SAMPLES_PER_BAR = 10
/** Bars of the table at most this far back: a busy symbol has some ten million quotes a day. */
const HISTORY_SECONDS_MAX = 86_400

/** In basis points of the middle. */
export const spreadOf = (bid: number, ask: number): number => ((ask - bid) / (ask + bid)) * 20_000

interface OpenSpread {
  /** Basis points times µs, and the µs they cover. */
  weighted: number
  micros: number
}

/** The bars of one symbol, from quotes in the order in which they came. */
export class Spreads {
  readonly #stepMicros: number
  #bars = new Map<number, OpenSpread>()
  readonly #touched = new Set<number>()
  #lastMicros = 0
  #lastSpread = 0

  constructor(stepMs: number) {
    this.#stepMicros = stepMs * 1000
  }

  take(micros: number, bid: number, ask: number): void {
    if (micros < this.#lastMicros) return
    if (this.#lastMicros > 0) this.#cover(this.#lastMicros, Math.min(micros, this.#lastMicros + VALID_MICROS_MAX))
    this.#lastMicros = micros
    this.#lastSpread = spreadOf(bid, ask)
  }

  /** Takes the newest bar of the table, which had come to `untilMs`, so that it continues with what is taken. */
  load(newest: SpreadBar | undefined, untilMs: number): void {
    if (!newest) return
    const [timeMs, spread] = newest
    const open = this.#bars.get(timeMs) ?? { weighted: 0, micros: 0 }
    const before = Math.min(this.#stepMicros, (untilMs - timeMs) * 1000) - open.micros
    if (before <= 0) return
    this.#bars.set(timeMs, { weighted: open.weighted + spread * before, micros: open.micros + before })
  }

  /** The bars that changed since the last call, oldest first. */
  flush(): SpreadBar[] {
    if (this.#touched.size === 0) return []
    const times = [...this.#touched].sort((a, b) => a - b)
    this.#touched.clear()
    const changed = times.map((timeMs): SpreadBar => [timeMs, meanOf(this.#bars.get(timeMs)!)])
    const oldestKept = times.at(-1)! - (KEPT_MAX * this.#stepMicros) / 1000
    for (const timeMs of this.#bars.keys()) if (timeMs < oldestKept) this.#bars.delete(timeMs)
    return changed
  }

  /** Counts the last spread from one time to another, in each bar between. */
  #cover(fromMicros: number, toMicros: number): void {
    for (let from = fromMicros; from < toMicros; ) {
      const barMicros = Math.floor(from / this.#stepMicros) * this.#stepMicros
      const to = Math.min(toMicros, barMicros + this.#stepMicros)
      const timeMs = barMicros / 1000
      const bar = this.#bars.get(timeMs)
      if (bar) {
        bar.weighted += this.#lastSpread * (to - from)
        bar.micros += to - from
      } else this.#bars.set(timeMs, { weighted: this.#lastSpread * (to - from), micros: to - from })
      this.#touched.add(timeMs)
      from = to
    }
  }
}

/** Rounded: more digits are no information, and take room in each message. */
const meanOf = ({ weighted, micros }: OpenSpread): number => Math.round((weighted / micros) * 10_000) / 10_000

export interface SpreadsQuery {
  venue: string
  symbol: string
  seconds: number
  /** Only quotes received before this time, ms. */
  beforeMs: number
}

/**
 * Bars of the table, oldest first: up to 1,000, and a day back at most. The spread of a bar is the mean of those at ten
 * equal times of it; a time without a quote has the one before, for a minute at most.
 */
export async function querySpreads(store: Store, query: SpreadsQuery): Promise<SpreadBar[]> {
  const stepMs = query.seconds * 1000
  const sampleMs = stepMs / SAMPLES_PER_BAR
  const bars = Math.min(BARS_MAX, Math.ceil(HISTORY_SECONDS_MAX / query.seconds))
  const fromMs = Math.max(0, (Math.ceil(query.beforeMs / stepMs) - bars) * stepMs)
  const rows = await store.rows<{ sample: string; spread: number }>(
    `SELECT intDiv(toUnixTimestamp64Milli(received_at), {sampleMs:UInt64}) AS sample,
            argMax((ask_price - bid_price) / (ask_price + bid_price) * 20000, (received_at, sequence)) AS spread
     FROM quotes
     WHERE venue = {venue:String} AND symbol = {symbol:String}
       AND received_at >= fromUnixTimestamp64Milli({fromMs:Int64}) AND received_at < fromUnixTimestamp64Milli({beforeMs:Int64})
     GROUP BY sample ORDER BY sample`,
    { venue: query.venue, symbol: query.symbol, sampleMs, fromMs, beforeMs: Math.ceil(query.beforeMs) },
  )
  const spreads = new Spreads(stepMs)
  const found = new Map<number, number>()
  const take = (sampleAtMs: number, spread: number) => {
    // As a quote around the middle 1 with this spread.
    spreads.take(sampleAtMs * 1000, 1 - spread / 20_000, 1 + spread / 20_000)
    for (const [timeMs, mean] of spreads.flush()) found.set(timeMs, mean)
  }
  for (const { sample, spread } of rows) take(Number(sample) * sampleMs, spread)
  const last = rows.at(-1)
  if (last) take((Number(last.sample) + 1) * sampleMs, last.spread)
  return [...found].slice(-BARS_MAX)
}
