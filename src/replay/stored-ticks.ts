/** The kinds of ticks that are replayed: where they are stored, their order and their columns. */
import { QUOTES, TRADES } from '../tick/kinds.ts'
import { QuoteColumns } from '../tick/quotes/quotes.ts'
import { readQuoteBlocks } from '../tick/quotes/record.ts'
import { readTradeBlocks } from '../tick/records.ts'
import { TradeColumns } from '../tick/trades.ts'
import { TimeOrder } from './time-order.ts'

export type ReplayColumns = TradeColumns | QuoteColumns

export interface StoredTicks<C extends ReplayColumns = ReplayColumns> {
  readonly name: string
  /** The view over hot and archived ticks. */
  readonly table: string
  /** Column of the time that orders the replay. */
  readonly time: string
  /** Columns to select, as `read` expects them. */
  readonly select: string
  /** The order of sending, and the order of a query whose result `sorter` then sorts. */
  readonly order: string
  readonly queryOrder: string
  columns(): C
  /** Reads blocks in ClickHouse's Native format into columns; `block` is room for one of them. */
  read(bytes: Uint8Array, into: C, block: C): C
  /** The times of `time`, ns since 1970 UTC. */
  times(ticks: C): BigInt64Array
  /** A function that returns the ticks in order: `ticks` itself, or `into`. */
  sorter(): (ticks: C, into: C) => C
}

export const STORED_TRADES: StoredTicks<TradeColumns> = {
  name: TRADES.name,
  table: `all_${TRADES.table}`,
  time: TRADES.time,
  select: 'venue, symbol, timestamp, received_at, price, volume, side, trade_id, origin, first_id, last_id, conditions',
  order: 'timestamp, trade_id, venue, symbol, log_partition, log_offset, log_index',
  // The table's order, the cheapest for the engine.
  queryOrder: 'symbol, venue, timestamp, trade_id, log_partition, log_offset, log_index',
  columns: () => new TradeColumns(0),
  read: readTradeBlocks,
  times: ({ timestamp }) => timestamp,
  sorter: () => {
    const order = new TimeOrder()
    return (trades, into) => order.inOrder(trades, into)
  },
}

/** Some venues state no time of a quote, so the time of receipt orders them. Quotes of one time keep the order of the log. */
export const STORED_QUOTES: StoredTicks<QuoteColumns> = {
  name: QUOTES.name,
  table: `all_${QUOTES.table}`,
  time: QUOTES.time,
  select: 'venue, symbol, timestamp, received_at, bid_price, bid_size, ask_price, ask_size, sequence, flags, origin',
  order: 'received_at, log_partition, log_offset, log_index',
  queryOrder: 'received_at, log_partition, log_offset, log_index',
  columns: () => new QuoteColumns(0),
  read: readQuoteBlocks,
  times: ({ receivedAt }) => receivedAt,
  sorter: () => quotes => quotes,
}

/** Of ticks of one time, those of the first kind are sent first. */
export const REPLAYED: readonly StoredTicks[] = [
  STORED_QUOTES as unknown as StoredTicks,
  STORED_TRADES as unknown as StoredTicks,
]

/** The times that order the replay, ns since 1970 UTC. */
export function timesOf(ticks: ReplayColumns): BigInt64Array {
  return ticks instanceof QuoteColumns ? ticks.receivedAt : ticks.timestamp
}
