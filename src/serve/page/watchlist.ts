/** The watch list: a summary of every symbol, updated from stored batches. */

import type { Store } from '../../store/store.ts'
import { TRADE_ORDER } from '../../store/trade-order.ts'
import { Rate } from '../../telemetry/statistics.ts'
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import type { Print, SymbolStatus } from './protocol.ts'

/** Trades kept per symbol for the tape. */
const PRINTS_MAX = 60
/** The sparkline: a close every 10 s, for 10 minutes. */
const SPARK_STEP_MS = 10_000
export const SPARK_MAX = 60
const DECIMALS_MAX = 10
/** The most symbols of the list; beyond, the least recently traded ones leave it (they stay in the store). */
const SYMBOLS_MAX = 5_000

export class SymbolSummary {
  readonly venue: string
  readonly symbol: string
  last = 0
  lastMicros = 0
  side = 0
  decimals = 0
  reference = 0
  trades = 0
  readonly rate = new Rate()
  spark: number[] = []
  #sparkSlot = 0
  /** Newest last. */
  readonly prints: Print[] = []
  changed = true

  constructor(venue: string, symbol: string) {
    this.venue = venue
    this.symbol = symbol
  }

  /** Takes the newest trade of a batch, and the number of its trades. */
  update(micros: number, price: number, side: number, count: number): void {
    this.trades += count
    this.rate.add(count)
    if (micros >= this.lastMicros) {
      this.last = price
      this.lastMicros = micros
      this.side = side
    }
    if (this.reference === 0) this.reference = price
    this.decimals = Math.max(this.decimals, decimalsOf(price))
    const slot = Math.floor(micros / 1000 / SPARK_STEP_MS)
    if (slot > this.#sparkSlot) {
      this.#sparkSlot = slot
      this.spark.push(price)
      if (this.spark.length > SPARK_MAX) this.spark.shift()
    } else if (this.spark.length > 0) this.spark[this.spark.length - 1] = price
    this.changed = true
  }

  print(print: Print): void {
    this.prints.push(print)
    if (this.prints.length > PRINTS_MAX) this.prints.shift()
  }

  status(gaps: number | null): SymbolStatus {
    return {
      venue: this.venue,
      symbol: this.symbol,
      last: this.last,
      reference: this.reference,
      decimals: this.decimals,
      side: this.side,
      ticksPerSecond: this.rate.perSecond(),
      trades: this.trades,
      lastAtMs: Math.floor(this.lastMicros / 1000),
      gaps,
    }
  }
}

/** Digits after the decimal point of a price. */
export function decimalsOf(price: number): number {
  const text = price.toFixed(DECIMALS_MAX).replace(/0+$/, '')
  return text.length - text.indexOf('.') - 1
}

export class Watchlist {
  readonly #summaries = new Map<string, SymbolSummary>()

  get all(): Iterable<SymbolSummary> {
    return this.#summaries.values()
  }

  find(venue: string, symbol: string): SymbolSummary | undefined {
    return this.#summaries.get(`${venue} ${symbol}`)
  }

  /** Fills the list from the table: last price, count, the price a day ago, recent closes. */
  async load(store: Store): Promise<void> {
    const rows = await store.rows<{
      venue: string
      symbol: string
      last: number
      micros: string
      trades: string
      reference: number
    }>(
      `SELECT venue, symbol, argMax(price, ${TRADE_ORDER}) AS last, toUnixTimestamp64Micro(max(timestamp)) AS micros, count() AS trades,
              argMinIf(price, ${TRADE_ORDER}, timestamp > now() - INTERVAL 1 DAY) AS reference
       FROM trades GROUP BY venue, symbol ORDER BY micros DESC LIMIT ${SYMBOLS_MAX}`,
    )
    for (const row of rows.reverse()) {
      const summary = this.#summary(row.venue, row.symbol)
      summary.update(Number(row.micros), row.last, 0, 0)
      summary.trades = Number(row.trades)
      summary.reference = row.reference || row.last
    }
    const closes = await store.rows<{ venue: string; symbol: string; closes: number[] }>(
      `SELECT venue, symbol, groupArray(close) AS closes FROM (
         SELECT venue, symbol, intDiv(toUnixTimestamp64Milli(timestamp), ${SPARK_STEP_MS}) AS slot, argMax(price, ${TRADE_ORDER}) AS close
         FROM trades WHERE timestamp > now() - INTERVAL ${(SPARK_STEP_MS * SPARK_MAX) / 1000} SECOND
         GROUP BY venue, symbol, slot ORDER BY slot)
       GROUP BY venue, symbol`,
    )
    for (const { venue, symbol, closes: spark } of closes) {
      const summary = this.find(venue, symbol)
      if (!summary) continue
      summary.spark = spark.slice(-SPARK_MAX)
      for (const price of spark) summary.decimals = Math.max(summary.decimals, decimalsOf(price))
    }
  }

  /** Takes stored trades: each symbol's count and newest trade, and its newest trades for the tape. */
  take(trades: TradeColumns): void {
    // By venue and symbol: a batch has few venues, unless it is hostile.
    const counts = new Map<number, number>()
    const symbolCount = trades.symbols.words.length
    for (let row = 0; row < trades.length; row++) {
      const slot = trades.venue[row]! * symbolCount + trades.symbol[row]!
      counts.set(slot, (counts.get(slot) ?? 0) + 1)
    }
    const remaining = new Map(counts)
    for (let row = 0; row < trades.length; row++) {
      const slot = trades.venue[row]! * symbolCount + trades.symbol[row]!
      const after = remaining.get(slot)! - 1
      remaining.set(slot, after)
      if (after >= PRINTS_MAX) continue
      const summary = this.#summary(
        trades.venues.words[trades.venue[row]!]!,
        trades.symbols.words[trades.symbol[row]!]!,
      )
      const micros = readMicros(trades.timestampWords, row)
      summary.print([
        micros / 1000,
        trades.price[row]!,
        trades.volume[row]!,
        trades.side[row]!,
        String(trades.tradeId[row]),
      ])
      if (after === 0) summary.update(micros, trades.price[row]!, trades.side[row]!, counts.get(slot)!)
    }
  }

  #summary(venue: string, symbol: string): SymbolSummary {
    const key = `${venue} ${symbol}`
    const known = this.#summaries.get(key)
    if (known) return known
    if (this.#summaries.size >= SYMBOLS_MAX) this.#dropOldest()
    const summary = new SymbolSummary(venue, symbol)
    this.#summaries.set(key, summary)
    return summary
  }

  #dropOldest(): void {
    let oldest: string | undefined
    let oldestMicros = Number.POSITIVE_INFINITY
    for (const [key, { lastMicros }] of this.#summaries)
      if (lastMicros < oldestMicros) [oldest, oldestMicros] = [key, lastMicros]
    if (oldest !== undefined) this.#summaries.delete(oldest)
  }
}
