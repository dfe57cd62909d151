/** Reads from the tables what other processes stored since the last query. */
import type { Store } from '../../../store/store.ts'
import { QuoteColumns } from '../../../tick/quotes/quotes.ts'
import { ORIGIN, type Side, TradeColumns } from '../../../tick/trades.ts'

/** Trades of one partition per query. At higher rates the page falls behind, then catches up. */
const TRADES_PER_QUERY_MAX = 20_000
/** Symbols per query; the least recently quoted ones are left out. */
const SYMBOLS_PER_QUERY_MAX = 5_000

/** Offsets by log partition: all ticks of records below were read. */
export type Positions = Map<number, number>

/** The greatest offset in a table plus one, by partition with rows that meet a condition. */
export async function storedBelow(store: Store, table: string, condition: string): Promise<Positions> {
  const rows = await store.rows<{ partition: number; last: string }>(
    `SELECT log_partition AS partition, max(log_offset) AS last FROM ${table} WHERE ${condition} GROUP BY log_partition`,
  )
  return new Map(rows.map(({ partition, last }) => [partition, Number(last) + 1]))
}

interface TradeRow {
  partition: number
  offset: string
  venue: string
  symbol: string
  micros: string
  price: number
  volume: number
  side: Side
  id: string
}

/** Trades of whole records, and where the next query continues, for partitions with trades. */
export async function storedTrades(store: Store, since: string): Promise<{ ticks: TradeColumns; next: Positions }> {
  const rows = await store.rows<TradeRow>(
    `SELECT log_partition AS partition, log_offset AS offset, venue, symbol, toUnixTimestamp64Micro(timestamp) AS micros,
            price, volume, toInt8(side) AS side, toString(trade_id) AS id
     FROM trades WHERE ${since}
     ORDER BY log_partition, log_offset, log_index LIMIT ${TRADES_PER_QUERY_MAX} BY log_partition`,
  )
  const ticks = new TradeColumns(rows.length)
  const next: Positions = new Map()
  for (const { partition, offset, venue, symbol, micros, price, volume, side, id } of wholeRecords(rows)) {
    next.set(partition, Number(offset) + 1)
    ticks.add({
      venue,
      symbol,
      timestampMicros: Number(micros),
      timestampNanos: 0,
      receivedAtMicros: 0,
      price,
      volume,
      side,
      tradeId: BigInt(id),
      origin: ORIGIN.live,
    })
  }
  return { ticks, next }
}

/**
 * Leaves out the last record of a partition that reached the limit: it may be cut, and is read whole by the next query.
 */
function wholeRecords(rows: readonly TradeRow[]): TradeRow[] {
  return [...Map.groupBy(rows, ({ partition }) => partition).values()].flatMap(ofPartition => {
    const last = ofPartition.at(-1)!.offset
    const cut = ofPartition.length === TRADES_PER_QUERY_MAX && ofPartition[0]!.offset !== last
    return cut ? ofPartition.filter(({ offset }) => offset !== last) : ofPartition
  })
}

interface QuoteRow {
  venue: string
  symbol: string
  count: string
  newest: [micros: string, bidPrice: number, bidSize: number, askPrice: number, askSize: number]
  offsets: Record<string, string>
}

/** The newest quote of each symbol, how many there were, and where the next query continues. */
export async function newestQuotes(
  store: Store,
  since: string,
): Promise<{ ticks: QuoteColumns; counts: Uint32Array; next: Positions }> {
  const rows = await store.rows<QuoteRow>(
    `SELECT venue, symbol, count() AS count,
            argMax((toString(toUnixTimestamp64Micro(received_at)), bid_price, bid_size, ask_price, ask_size), (received_at, sequence)) AS newest,
            maxMap(map(toString(log_partition), log_offset)) AS offsets
     FROM quotes WHERE ${since}
     GROUP BY venue, symbol ORDER BY max(received_at) DESC LIMIT ${SYMBOLS_PER_QUERY_MAX}`,
  )
  const ticks = new QuoteColumns(rows.length)
  const counts = new Uint32Array(rows.length)
  const next: Positions = new Map()
  for (const { venue, symbol, count, newest, offsets } of rows) {
    const [micros, bidPrice, bidSize, askPrice, askSize] = newest
    counts[ticks.length] = Number(count)
    ticks.add({
      venue,
      symbol,
      timestampMicros: 0,
      timestampNanos: 0,
      receivedAtMicros: Number(micros),
      bidPrice,
      bidSize,
      askPrice,
      askSize,
      sequence: 0,
      flags: 0,
      origin: ORIGIN.live,
    })
    for (const [partition, offset] of Object.entries(offsets))
      next.set(Number(partition), Math.max(next.get(Number(partition)) ?? 0, Number(offset) + 1))
  }
  return { ticks, counts, next }
}
