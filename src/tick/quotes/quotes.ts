/**
 * Quotes in columns: the best bid and the best ask of a symbol, as a venue stated them or as we take them from a book
 * built of its depth updates. One object per batch, never one per quote.
 */
import { Dictionary, translate } from '../dictionary.ts'
import { writeTime } from '../time.ts'
import { ORIGIN, type Origin } from '../trades.ts'

/** Bits of column `flags`. */
export const QUOTE_FLAG = {
  /** The top of a book that we built from depth updates: the venue publishes no such quote. */
  derived: 1,
  /** Stands for several updates: earlier ones of its interval were dropped as configured. */
  conflated: 2,
} as const

/** Bits that a quote may have. */
export const QUOTE_FLAGS_KNOWN = QUOTE_FLAG.derived | QUOTE_FLAG.conflated

/** One quote. Times are µs since 1970 UTC. */
export interface Quote {
  venue: string
  symbol: string
  /** The venue's time; 0 if it states none, as Binance's spot market does. */
  timestampMicros: number
  /** The ns beyond it, 0 to 999. */
  timestampNanos: number
  /** Our clock in the socket callback. */
  receivedAtMicros: number
  bidPrice: number
  bidSize: number
  askPrice: number
  askSize: number
  /** The venue's number of the update, rising within a symbol; 0 if it states none. A bigint from 2^53 up. */
  sequence: number | bigint
  /** Bits of QUOTE_FLAG. */
  flags: number
  origin: Origin
}

/** A quote on its way from a decoder to columns, reused for each: see `TradeDraft`. */
export class QuoteDraft implements Quote {
  venue = ''
  symbol = ''
  timestampMicros = 0
  timestampNanos = 0
  receivedAtMicros = 0
  bidPrice = 0
  bidSize = 0
  askPrice = 0
  askSize = 0
  sequence: number | bigint = 0
  flags = 0
  origin: Origin = ORIGIN.live
}

/** Bytes of a quote in memory. */
const ROW_BYTES = 66

/** Quotes in columns, like `TradeColumns`: rows 0 to length-1 are set, up to `capacity`, which only `reserve` raises. */
export class QuoteColumns {
  length = 0
  venues = new Dictionary()
  symbols = new Dictionary()
  venue: Uint32Array
  symbol: Uint32Array
  timestamp: BigInt64Array
  receivedAt: BigInt64Array
  bidPrice: Float64Array
  bidSize: Float64Array
  askPrice: Float64Array
  askSize: Float64Array
  sequence: BigUint64Array
  flags: Uint8Array
  origin: Int8Array
  /** The same memory as `timestamp`, `receivedAt` and `sequence`, in 32-bit words, low word first. */
  timestampWords: Uint32Array
  receivedAtWords: Uint32Array
  sequenceWords: Uint32Array

  constructor(capacity: number) {
    // One allocation for all columns, as for trades.
    const memory = new ArrayBuffer(capacity * ROW_BYTES)
    this.timestamp = new BigInt64Array(memory, 0, capacity)
    this.receivedAt = new BigInt64Array(memory, capacity * 8, capacity)
    this.sequence = new BigUint64Array(memory, capacity * 16, capacity)
    this.bidPrice = new Float64Array(memory, capacity * 24, capacity)
    this.bidSize = new Float64Array(memory, capacity * 32, capacity)
    this.askPrice = new Float64Array(memory, capacity * 40, capacity)
    this.askSize = new Float64Array(memory, capacity * 48, capacity)
    this.venue = new Uint32Array(memory, capacity * 56, capacity)
    this.symbol = new Uint32Array(memory, capacity * 60, capacity)
    this.flags = new Uint8Array(memory, capacity * 64, capacity)
    this.origin = new Int8Array(memory, capacity * 65, capacity)
    this.timestampWords = new Uint32Array(memory, 0, capacity * 2)
    this.receivedAtWords = new Uint32Array(memory, capacity * 8, capacity * 2)
    this.sequenceWords = new Uint32Array(memory, capacity * 16, capacity * 2)
  }

  get capacity(): number {
    return this.venue.length
  }

  get full(): boolean {
    return this.length === this.capacity
  }

  /** Removes all rows and words; the memory is reused. */
  clear(): void {
    this.length = 0
    this.venues = new Dictionary()
    this.symbols = new Dictionary()
  }

  /** Makes room for `rows` more, by doubling. */
  reserve(rows: number): void {
    if (this.length + rows <= this.capacity) return
    const larger = new QuoteColumns(Math.max(this.capacity * 2, this.length + rows))
    larger.venue.set(this.venue)
    larger.symbol.set(this.symbol)
    larger.timestamp.set(this.timestamp)
    larger.receivedAt.set(this.receivedAt)
    larger.bidPrice.set(this.bidPrice)
    larger.bidSize.set(this.bidSize)
    larger.askPrice.set(this.askPrice)
    larger.askSize.set(this.askSize)
    larger.sequence.set(this.sequence)
    larger.flags.set(this.flags)
    larger.origin.set(this.origin)
    const { length, venues, symbols } = this
    Object.assign(this, larger, { length, venues, symbols })
  }

  /** Appends one quote. The caller checks `full` first. */
  add(quote: Quote): void {
    const row = this.length++
    this.venue[row] = this.venues.code(quote.venue)
    this.symbol[row] = this.symbols.code(quote.symbol)
    writeTime(this.timestampWords, row, quote.timestampMicros, quote.timestampNanos)
    writeTime(this.receivedAtWords, row, quote.receivedAtMicros)
    this.bidPrice[row] = quote.bidPrice
    this.bidSize[row] = quote.bidSize
    this.askPrice[row] = quote.askPrice
    this.askSize[row] = quote.askSize
    const { sequence } = quote
    if (typeof sequence === 'number') {
      this.sequenceWords[2 * row] = sequence
      this.sequenceWords[2 * row + 1] = Math.floor(sequence / 4_294_967_296)
    } else {
      this.sequence[row] = sequence
    }
    this.flags[row] = quote.flags
    this.origin[row] = quote.origin
  }

  /** Appends rows `start` to `end`-1 of other columns. */
  appendRange(from: QuoteColumns, start: number, end: number): void {
    this.reserve(end - start)
    const at = this.length
    translate(from.venue, start, end, this.venue, at, from.venues, this.venues)
    translate(from.symbol, start, end, this.symbol, at, from.symbols, this.symbols)
    this.timestamp.set(from.timestamp.subarray(start, end), at)
    this.receivedAt.set(from.receivedAt.subarray(start, end), at)
    this.bidPrice.set(from.bidPrice.subarray(start, end), at)
    this.bidSize.set(from.bidSize.subarray(start, end), at)
    this.askPrice.set(from.askPrice.subarray(start, end), at)
    this.askSize.set(from.askSize.subarray(start, end), at)
    this.sequence.set(from.sequence.subarray(start, end), at)
    this.flags.set(from.flags.subarray(start, end), at)
    this.origin.set(from.origin.subarray(start, end), at)
    this.length += end - start
  }
}
