/** The watch list: a summary of every symbol, updated from stored batches. */

import type { Store } from '../../../store/store.ts'
import { TRADE_ORDER } from '../../../store/trade-order.ts'
import type { QuoteColumns } from '../../../tick/quotes/quotes.ts'
import { readMicros } from '../../../tick/time.ts'
import type { TradeColumns } from '../../../tick/trades.ts'
import { PRINTS_MAX, SPARK_MAX, SPARK_STEP_MS, SymbolSummary } from './symbol-summary.ts'

/** The most symbols of the list; beyond, the ones without a tick for longest leave it (they stay in the store). */
const SYMBOLS_MAX = 5_000

export class Watchlist {
  readonly #summaries = new Map<string, SymbolSummary>()
  readonly #byIndex = new Map<number, SymbolSummary>()
  #nextIndex = 0

  get all(): Iterable<SymbolSummary> {
    return this.#summaries.values()
  }

  get size(): number {
    return this.#summaries.size
  }

  /** All indexes of symbols so far are below. */
  get indexes(): number {
    return this.#nextIndex
  }

  at(index: number): SymbolSummary | undefined {
    return this.#byIndex.get(index)
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
              argMinIf(price, ${TRADE_ORDER}, timestamp > now64(3) - INTERVAL 1 DAY) AS reference
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
         FROM trades WHERE timestamp > now64(3) - INTERVAL ${(SPARK_STEP_MS * SPARK_MAX) / 1000} SECOND
         GROUP BY venue, symbol, slot ORDER BY slot)
       GROUP BY venue, symbol`,
    )
    for (const { venue, symbol, closes: spark } of closes) {
      const summary = this.find(venue, symbol)
      if (!summary) continue
      summary.spark = spark.slice(-SPARK_MAX)
      for (const price of spark) summary.learnDecimals(price)
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

  /**
   * Takes stored quotes: each symbol's count and newest one. `countOf`: how many quotes a row stands for, where it is not
   * one.
   */
  takeQuotes(quotes: QuoteColumns, countOf?: Uint32Array): void {
    const newest = new Map<number, { row: number; count: number }>()
    const symbolCount = quotes.symbols.words.length
    let last: { row: number; count: number } | undefined
    let lastSlot = -1
    for (let row = 0; row < quotes.length; row++) {
      const slot = quotes.venue[row]! * symbolCount + quotes.symbol[row]!
      if (slot !== lastSlot) {
        last = newest.get(slot)
        if (!last) {
          last = { row, count: 0 }
          newest.set(slot, last)
        }
        lastSlot = slot
      }
      last!.row = row
      last!.count += countOf?.[row] ?? 1
    }
    for (const { row, count } of newest.values())
      this.#summary(quotes.venues.words[quotes.venue[row]!]!, quotes.symbols.words[quotes.symbol[row]!]!).quote(
        readMicros(quotes.receivedAtWords, row),
        quotes.bidPrice[row]!,
        quotes.bidSize[row]!,
        quotes.askPrice[row]!,
        quotes.askSize[row]!,
        count,
      )
  }

  #summary(venue: string, symbol: string): SymbolSummary {
    const key = `${venue} ${symbol}`
    const known = this.#summaries.get(key)
    if (known) return known
    if (this.#summaries.size >= SYMBOLS_MAX) this.#dropOldest()
    const summary = new SymbolSummary(this.#nextIndex++, venue, symbol)
    this.#summaries.set(key, summary)
    this.#byIndex.set(summary.index, summary)
    return summary
  }

  #dropOldest(): void {
    let oldest: SymbolSummary | undefined
    for (const summary of this.#summaries.values())
      if (!oldest || summary.seenMicros < oldest.seenMicros) oldest = summary
    if (!oldest) return
    this.#summaries.delete(`${oldest.venue} ${oldest.symbol}`)
    this.#byIndex.delete(oldest.index)
  }
}
