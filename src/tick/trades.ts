/**
 * Trades in columns: how ticks travel from the decoder to the table. One object per batch, never one per trade.
 *
 * Words used here and everywhere:
 *   venue   who publishes (binance, coinbase, kraken, simulator)
 *   symbol  an instrument as the venue spells it
 *   side    the taker's (aggressor's) side
 */
import { writeTime } from './time.ts'

/** The taker's side, as the table's Enum8 stores it. */
export const SIDE = { unknown: 0, buy: 1, sell: 2 } as const
export type Side = (typeof SIDE)[keyof typeof SIDE]

/** How a trade came to us, as the table's Enum8 stores it. */
export const ORIGIN = { live: 0, repair: 1, replay: 2 } as const
export type Origin = (typeof ORIGIN)[keyof typeof ORIGIN]

/** Gives each distinct text a small code, in order of first sight: one column's LowCardinality dictionary. */
export class Dictionary {
  readonly words: string[] = []
  readonly #codes = new Map<string, number>()

  code(word: string): number {
    const known = this.#codes.get(word)
    if (known !== undefined) return known
    const code = this.words.length
    this.words.push(word)
    this.#codes.set(word, code)
    return code
  }
}

/**
 * Trades in columns, up to a fixed capacity. Rows 0 to length-1 are set. `venue` and `symbol` hold codes into their
 * dictionaries; times are nanoseconds since 1970 UTC; price and volume are the nearest doubles to the venue's decimals.
 */
export class TradeColumns {
  readonly capacity: number
  length = 0
  readonly venues = new Dictionary()
  readonly symbols = new Dictionary()
  readonly venue: Uint32Array
  readonly symbol: Uint32Array
  readonly timestamp: BigInt64Array
  readonly receivedAt: BigInt64Array
  readonly price: Float64Array
  readonly volume: Float64Array
  readonly side: Int8Array
  readonly tradeId: BigUint64Array
  readonly origin: Int8Array
  /** The same memory as `timestamp`, `receivedAt` and `tradeId`, in 32-bit words, low word first. */
  readonly timestampWords: Uint32Array
  readonly receivedAtWords: Uint32Array
  readonly tradeIdWords: Uint32Array

  constructor(capacity: number) {
    this.capacity = capacity
    this.venue = new Uint32Array(capacity)
    this.symbol = new Uint32Array(capacity)
    this.timestamp = new BigInt64Array(capacity)
    this.receivedAt = new BigInt64Array(capacity)
    this.price = new Float64Array(capacity)
    this.volume = new Float64Array(capacity)
    this.side = new Int8Array(capacity)
    this.tradeId = new BigUint64Array(capacity)
    this.origin = new Int8Array(capacity)
    this.timestampWords = new Uint32Array(this.timestamp.buffer)
    this.receivedAtWords = new Uint32Array(this.receivedAt.buffer)
    this.tradeIdWords = new Uint32Array(this.tradeId.buffer)
  }

  get full(): boolean {
    return this.length === this.capacity
  }

  /**
   * Appends one trade. Times in microseconds (and nanoseconds beyond) since 1970 UTC; an id above 2^53 comes as a bigint.
   * The caller checks `full` first.
   */
  add(
    venue: string,
    symbol: string,
    timestampMicros: number,
    timestampNanos: number,
    receivedAtMicros: number,
    price: number,
    volume: number,
    side: Side,
    tradeId: number | bigint,
    origin: Origin,
  ): void {
    const row = this.length++
    this.venue[row] = this.venues.code(venue)
    this.symbol[row] = this.symbols.code(symbol)
    writeTime(this.timestampWords, row, timestampMicros, timestampNanos)
    writeTime(this.receivedAtWords, row, receivedAtMicros)
    this.price[row] = price
    this.volume[row] = volume
    this.side[row] = side
    if (typeof tradeId === 'number') {
      this.tradeIdWords[2 * row] = tradeId
      this.tradeIdWords[2 * row + 1] = Math.floor(tradeId / 4_294_967_296)
    } else {
      this.tradeId[row] = tradeId
    }
    this.origin[row] = origin
  }
}
