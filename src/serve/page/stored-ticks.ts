/** Reads from the tables what other processes stored since the last query. */
import type { Store } from '../../store/store.ts'
import { ORIGIN, type Side, TradeColumns } from '../../tick/trades.ts'

/** Trades of one partition per query. At higher rates the page falls behind, then catches up. */
const TRADES_PER_QUERY_MAX = 20_000
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
