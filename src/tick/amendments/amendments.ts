/**
 * Amendments of trades in columns: a venue corrects a trade that it reported, or takes it back. The trade itself stays as
 * it was received; view `trades_final` applies amendments.
 */
import { NamedColumns } from '../named/columns.ts'

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

const LAYOUT = { words: WORDS, sizes: SIZES, ids: IDS, times: TIMES }

export class AmendmentColumns extends NamedColumns<Word, Size, Id, Time> {
  constructor(capacity: number) {
    super(LAYOUT, capacity)
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
}
