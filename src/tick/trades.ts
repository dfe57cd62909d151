/**
 * Trades in columns: how ticks travel from the decoder to the table. One object per batch, never one per trade.
 *
 * The words of a tick's way; docs/architecture.md has all of them:
 *   venue       a market that publishes ticks: an exchange or a feed
 *   symbol      an instrument, as the venue spells it
 *   tick        one message of market data: a trade, later a quote
 *   trade       one execution as the venue reported it
 *   side        the taker's: buy or sell
 *   frame       one WebSocket message
 *   record      the unit of the log: one batch of ticks of one kind, encoded
 *   partition, offset   the position of a record in the log
 *   chunk       records that one read returns
 *   batch       ticks in columns that one insert stores
 *   block       a batch of one table in ClickHouse's Native format
 *   quarantine  refused ticks with reason and raw payload: a dead-letter queue
 *   gap         a range of trade ids that are missing
 */
import { Conditions } from './conditions.ts'
import { Dictionary, translate } from './dictionary.ts'
import { JoinedIds } from './joined-ids.ts'
import { writeTime } from './time.ts'

/** The taker's side, as the table's Enum8 stores it. */
export const SIDE = { unknown: 0, buy: 1, sell: 2 } as const
export type Side = (typeof SIDE)[keyof typeof SIDE]

/** How a trade came to us, as the table's Enum8 stores it. */
export const ORIGIN = { live: 0, repair: 1, replay: 2 } as const
export type Origin = (typeof ORIGIN)[keyof typeof ORIGIN]

/** One trade. Times are µs since 1970 UTC. */
export interface Trade {
  venue: string
  symbol: string
  /** The venue's time of the trade. */
  timestampMicros: number
  /** The ns beyond it, 0 to 999. */
  timestampNanos: number
  /** Our clock in the socket callback. */
  receivedAtMicros: number
  price: number
  volume: number
  side: Side
  /** A bigint from 2^53 up. */
  tradeId: number | bigint
  /** Of an aggregate, the ids of the first and the last trade that it joins; 0 or absent for a trade by itself. */
  firstId?: number
  lastId?: number
  /** The venue's codes, separated by commas; empty or absent for none. */
  conditions?: string
  origin: Origin
}

/**
 * A trade on its way from a decoder to columns: each decoder writes all its trades into one draft, so that none is
 * allocated per tick. A receiver of a draft copies what it needs and keeps no reference.
 */
export class TradeDraft implements Trade {
  venue = ''
  symbol = ''
  timestampMicros = 0
  timestampNanos = 0
  receivedAtMicros = 0
  price = 0
  volume = 0
  side: Side = SIDE.unknown
  tradeId: number | bigint = 0
  firstId = 0
  lastId = 0
  conditions = ''
  origin: Origin = ORIGIN.live
}

/** Bytes of a trade in memory. */
const ROW_BYTES = 50

/**
 * Trades in columns. Rows 0 to length-1 are set, up to `capacity`, which only `reserve` raises. `venue` and `symbol`
 * are codes of their dictionaries; times are nanoseconds since 1970 UTC; price and volume are the nearest doubles to
 * the venue's decimals.
 */
export class TradeColumns {
  length = 0
  venues = new Dictionary()
  symbols = new Dictionary()
  venue: Uint32Array
  symbol: Uint32Array
  timestamp: BigInt64Array
  receivedAt: BigInt64Array
  price: Float64Array
  volume: Float64Array
  side: Int8Array
  tradeId: BigUint64Array
  origin: Int8Array
  /** The trades that rows join; undefined while no row joins any. */
  joined: JoinedIds | undefined
  /** Undefined while no row has any. */
  conditions: Conditions | undefined
  /** The same memory as `timestamp`, `receivedAt` and `tradeId`, in 32-bit words, low word first. */
  timestampWords: Uint32Array
  receivedAtWords: Uint32Array
  tradeIdWords: Uint32Array

  constructor(capacity: number) {
    // One allocation for all columns: a dozen small ones take fifty times as long to allocate and free.
    const memory = new ArrayBuffer(capacity * ROW_BYTES)
    this.timestamp = new BigInt64Array(memory, 0, capacity)
    this.receivedAt = new BigInt64Array(memory, capacity * 8, capacity)
    this.tradeId = new BigUint64Array(memory, capacity * 16, capacity)
    this.price = new Float64Array(memory, capacity * 24, capacity)
    this.volume = new Float64Array(memory, capacity * 32, capacity)
    this.venue = new Uint32Array(memory, capacity * 40, capacity)
    this.symbol = new Uint32Array(memory, capacity * 44, capacity)
    this.side = new Int8Array(memory, capacity * 48, capacity)
    this.origin = new Int8Array(memory, capacity * 49, capacity)
    this.timestampWords = new Uint32Array(memory, 0, capacity * 2)
    this.receivedAtWords = new Uint32Array(memory, capacity * 8, capacity * 2)
    this.tradeIdWords = new Uint32Array(memory, capacity * 16, capacity * 2)
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
    this.joined = undefined
    this.conditions = undefined
  }

  /** Makes room for `rows` more, by doubling. */
  reserve(rows: number): void {
    if (this.length + rows <= this.capacity) return
    const larger = new TradeColumns(Math.max(this.capacity * 2, this.length + rows))
    larger.venue.set(this.venue)
    larger.symbol.set(this.symbol)
    larger.timestamp.set(this.timestamp)
    larger.receivedAt.set(this.receivedAt)
    larger.price.set(this.price)
    larger.volume.set(this.volume)
    larger.side.set(this.side)
    larger.tradeId.set(this.tradeId)
    larger.origin.set(this.origin)
    larger.joined = this.joined?.larger(larger.capacity)
    larger.conditions = this.conditions?.larger(larger.capacity)
    const { length, venues, symbols } = this
    Object.assign(this, larger, { length, venues, symbols })
  }

  /** Appends one trade. The caller checks `full` first. */
  add(trade: Trade): void {
    const row = this.length++
    this.venue[row] = this.venues.code(trade.venue)
    this.symbol[row] = this.symbols.code(trade.symbol)
    writeTime(this.timestampWords, row, trade.timestampMicros, trade.timestampNanos)
    writeTime(this.receivedAtWords, row, trade.receivedAtMicros)
    this.price[row] = trade.price
    this.volume[row] = trade.volume
    this.side[row] = trade.side
    const { tradeId } = trade
    if (typeof tradeId === 'number') {
      this.tradeIdWords[2 * row] = tradeId
      this.tradeIdWords[2 * row + 1] = Math.floor(tradeId / 4_294_967_296)
    } else {
      this.tradeId[row] = tradeId
    }
    this.origin[row] = trade.origin
    if (trade.lastId) this.#join(row, trade)
    if (trade.conditions) this.#conditions().set(row, trade.conditions)
  }

  /** Appends rows `start` to `end`-1 of other columns. */
  appendRange(from: TradeColumns, start: number, end: number): void {
    this.reserve(end - start)
    const at = this.length
    translate(from.venue, start, end, this.venue, at, from.venues, this.venues)
    translate(from.symbol, start, end, this.symbol, at, from.symbols, this.symbols)
    this.timestamp.set(from.timestamp.subarray(start, end), at)
    this.receivedAt.set(from.receivedAt.subarray(start, end), at)
    this.price.set(from.price.subarray(start, end), at)
    this.volume.set(from.volume.subarray(start, end), at)
    this.side.set(from.side.subarray(start, end), at)
    this.tradeId.set(from.tradeId.subarray(start, end), at)
    this.origin.set(from.origin.subarray(start, end), at)
    if (from.joined) this.#joined().copy(from.joined, start, end, at)
    if (from.conditions) this.#conditions().copy(from.conditions, start, end, at)
    this.length += end - start
  }

  #join(row: number, { firstId = 0, lastId = 0 }: Trade): void {
    const joined = this.#joined()
    joined.first[row] = BigInt(firstId)
    joined.last[row] = BigInt(lastId)
  }

  #joined(): JoinedIds {
    this.joined ??= new JoinedIds(this.capacity)
    return this.joined
  }

  #conditions(): Conditions {
    this.conditions ??= new Conditions(this.capacity)
    return this.conditions
  }
}
