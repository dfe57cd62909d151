/**
 * Amendments of trades in columns: a venue corrects a trade that it reported, or takes it back. The trade itself stays as
 * it was received; view `trades_final` applies amendments. A day has some thousands at most, so columns are named here,
 * not written out as for trades.
 */
import { Dictionary, translate } from '../dictionary.ts'

/** Texts. `action`: see `ACTIONS`. `conditions` are separated by commas. */
export const WORDS = ['venue', 'symbol', 'action', 'exchange', 'conditions', 'new_conditions'] as const
/** Price and volume of the trade before, and after a correction. */
export const SIZES = ['price', 'volume', 'new_price', 'new_volume'] as const
/** The trade's `trade_id` before, and after a correction; 0 otherwise. */
export const IDS = ['trade_id', 'new_trade_id'] as const
/** Ns since 1970 UTC: the venue's time of the amendment, and ours. */
export const TIMES = ['timestamp', 'received_at'] as const

/** A trade gets other values; it is cancelled; it was an error. */
export const ACTIONS = ['correction', 'cancel', 'error'] as const
export type Action = (typeof ACTIONS)[number]

type Word = (typeof WORDS)[number]
type Size = (typeof SIZES)[number]
type Id = (typeof IDS)[number]
type Time = (typeof TIMES)[number]

/** Times are µs since 1970 UTC, and the ns beyond. The sink sets `venue` and `receivedAtMicros`. */
export interface Amendment {
  venue: string
  symbol: string
  action: Action
  exchange: string
  tradeId: number | bigint
  price: number
  volume: number
  conditions: string
  newTradeId: number | bigint
  newPrice: number
  newVolume: number
  newConditions: string
  timestampMicros: number
  timestampNanos: number
  receivedAtMicros: number
}

export class AmendmentColumns {
  length = 0
  words: Record<Word, Dictionary>
  codes: Record<Word, Uint32Array>
  sizes: Record<Size, Float64Array>
  ids: Record<Id, BigUint64Array>
  times: Record<Time, BigInt64Array>

  constructor(capacity: number) {
    this.words = named(WORDS, () => new Dictionary())
    this.codes = named(WORDS, () => new Uint32Array(capacity))
    this.sizes = named(SIZES, () => new Float64Array(capacity))
    this.ids = named(IDS, () => new BigUint64Array(capacity))
    this.times = named(TIMES, () => new BigInt64Array(capacity))
  }

  get capacity(): number {
    return this.codes.venue.length
  }

  get venues(): Dictionary {
    return this.words.venue
  }

  get symbols(): Dictionary {
    return this.words.symbol
  }

  get venue(): Uint32Array {
    return this.codes.venue
  }

  get symbol(): Uint32Array {
    return this.codes.symbol
  }

  get receivedAt(): BigInt64Array {
    return this.times.received_at
  }

  /** Removes all rows and words; the memory is reused. */
  clear(): void {
    this.length = 0
    this.words = named(WORDS, () => new Dictionary())
  }

  /** Makes room for `rows` more, by doubling. */
  reserve(rows: number): void {
    if (this.length + rows <= this.capacity) return
    const larger = new AmendmentColumns(Math.max(this.capacity * 2, this.length + rows))
    for (const name of WORDS) larger.codes[name].set(this.codes[name])
    for (const name of SIZES) larger.sizes[name].set(this.sizes[name])
    for (const name of IDS) larger.ids[name].set(this.ids[name])
    for (const name of TIMES) larger.times[name].set(this.times[name])
    const { codes, sizes, ids, times } = larger
    Object.assign(this, { codes, sizes, ids, times })
  }

  add(amendment: Amendment): void {
    this.reserve(1)
    const at = this.length++
    const { venue, symbol, action, exchange, conditions, newConditions, price, volume, newPrice, newVolume } = amendment
    const texts = { venue, symbol, action, exchange, conditions, new_conditions: newConditions }
    for (const name of WORDS) this.codes[name][at] = this.words[name].code(texts[name])
    const sizes = { price, volume, new_price: newPrice, new_volume: newVolume }
    for (const name of SIZES) this.sizes[name][at] = sizes[name]
    this.ids.trade_id[at] = BigInt(amendment.tradeId)
    this.ids.new_trade_id[at] = BigInt(amendment.newTradeId)
    this.times.timestamp[at] = BigInt(amendment.timestampMicros) * 1000n + BigInt(amendment.timestampNanos)
    this.times.received_at[at] = BigInt(amendment.receivedAtMicros) * 1000n
  }

  /** Appends rows `start` to `end`-1 of other columns. */
  appendRange(from: AmendmentColumns, start: number, end: number): void {
    this.reserve(end - start)
    const at = this.length
    for (const name of WORDS)
      translate(from.codes[name], start, end, this.codes[name], at, from.words[name], this.words[name])
    for (const name of SIZES) this.sizes[name].set(from.sizes[name].subarray(start, end), at)
    for (const name of IDS) this.ids[name].set(from.ids[name].subarray(start, end), at)
    for (const name of TIMES) this.times[name].set(from.times[name].subarray(start, end), at)
    this.length += end - start
  }
}

function named<Name extends string, T>(names: readonly Name[], make: () => T): Record<Name, T> {
  return Object.fromEntries(names.map(name => [name, make()])) as Record<Name, T>
}
