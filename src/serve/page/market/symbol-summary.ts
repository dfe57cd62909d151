/** What the page shows of one symbol, updated from stored batches. */
import { Rate } from '../../../telemetry/statistics.ts'
import type { Print, SymbolChange, SymbolStatus } from '../protocol.ts'

/** Trades kept per symbol for the tape. */
export const PRINTS_MAX = 60
/** The sparkline: a close every 10 s, for 10 minutes. */
export const SPARK_STEP_MS = 10_000
export const SPARK_MAX = 60
const DECIMALS_MAX = 10

export class SymbolSummary {
  /** Its number in this process: see `SymbolChange`. */
  readonly index: number
  readonly venue: string
  readonly symbol: string
  last = 0
  lastMicros = 0
  side = 0
  decimals = 0
  reference = 0
  trades = 0
  readonly rate = new Rate()
  bid = 0
  bidSize = 0
  ask = 0
  askSize = 0
  quotedMicros = 0
  readonly quoteRate = new Rate()
  spark: number[] = []
  #sparkSlot = 0
  /** Newest last. */
  readonly prints: Print[] = []
  /** Rises with each change. */
  version = 1

  constructor(index: number, venue: string, symbol: string) {
    this.index = index
    this.venue = venue
    this.symbol = symbol
  }

  /** Time of its newest tick. */
  get seenMicros(): number {
    return Math.max(this.lastMicros, this.quotedMicros)
  }

  /** Whether ticks came in the last seconds. */
  get isActive(): boolean {
    return this.rate.perSecond() > 0 || this.quoteRate.perSecond() > 0
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
    this.learnDecimals(price)
    const slot = Math.floor(micros / 1000 / SPARK_STEP_MS)
    if (slot > this.#sparkSlot) {
      this.#sparkSlot = slot
      this.spark.push(price)
      if (this.spark.length > SPARK_MAX) this.spark.shift()
    } else if (this.spark.length > 0) this.spark[this.spark.length - 1] = price
    this.version++
  }

  /** Takes the newest quote of a batch, and the number of its quotes. */
  quote(micros: number, bid: number, bidSize: number, ask: number, askSize: number, count: number): void {
    this.quoteRate.add(count)
    this.version++
    if (micros < this.quotedMicros) return
    this.quotedMicros = micros
    this.bid = bid
    this.bidSize = bidSize
    this.ask = ask
    this.askSize = askSize
    this.learnDecimals(bid)
    this.learnDecimals(ask)
  }

  print(print: Print): void {
    this.prints.push(print)
    if (this.prints.length > PRINTS_MAX) this.prints.shift()
  }

  learnDecimals(price: number): void {
    // Almost always known by now: a test without a text.
    const scaled = price * 10 ** this.decimals
    if (Math.abs(scaled - Math.round(scaled)) > 1e-6) this.decimals = Math.max(this.decimals, decimalsOf(price))
  }

  status(gaps: number | null): SymbolStatus {
    return {
      index: this.index,
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
      bid: this.bid,
      bidSize: this.bidSize,
      ask: this.ask,
      askSize: this.askSize,
      quotesPerSecond: this.quoteRate.perSecond(),
      quotedAtMs: Math.floor(this.quotedMicros / 1000),
    }
  }

  change(gaps: number | null): SymbolChange {
    return [
      this.index,
      this.last,
      this.reference,
      this.decimals,
      this.side,
      shortRate(this.rate),
      this.trades,
      Math.floor(this.lastMicros / 1000),
      gaps,
      this.bid,
      this.bidSize,
      this.ask,
      this.askSize,
      shortRate(this.quoteRate),
      Math.floor(this.quotedMicros / 1000),
    ]
  }
}

/** In as few characters as the page shows of it. */
const shortRate = (rate: Rate): number => Math.round(rate.perSecond() * 10) / 10

/** Digits after the decimal point of a price. */
export function decimalsOf(price: number): number {
  const text = price.toFixed(DECIMALS_MAX).replace(/0+$/, '')
  return text.length - text.indexOf('.') - 1
}
