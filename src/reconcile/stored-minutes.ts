/** Counts and exact sums of the stored trades of each minute of a day. */
import { exactSums } from '../store/exact-sums.ts'
import type { StoredTrades } from './stored.ts'

/** Sums are exact, as texts: `exactSums`. */
export interface StoredMinute {
  startMs: number
  trades: number
  first: number
  last: number
  volume: string
  quoteVolume: string
  takerBuyVolume: string
  takerBuyQuoteVolume: string
}

/** No name of a column: it would be read as that sum within the others. */
type Row = Record<
  'minute' | 'count' | 'first' | 'last' | 'inexact' | 'volume_sum' | 'quote_sum' | 'taker_sum' | 'taker_quote_sum',
  string
>

const [ALL, BUYS] = [exactSums(), exactSums("side = 'buy'")]
const SELECT = `toString(toUnixTimestamp(toStartOfMinute(timestamp, 'UTC'))) AS minute, toString(count()) AS count,
  toString(min(trade_id)) AS first, toString(max(trade_id)) AS last,
  ${ALL.volume} AS volume_sum, ${ALL.notional} AS quote_sum, ${BUYS.volume} AS taker_sum, ${BUYS.notional} AS taker_quote_sum,
  ${ALL.inexact} AS inexact`

/** The minutes that have trades, in order. `inexact`: trades with more than 20 decimals, whose sums are too small. */
export async function storedMinutes(stored: StoredTrades): Promise<{ minutes: StoredMinute[]; inexact: number }> {
  const rows = await stored.rowsOfDay<Row>(SELECT, 'GROUP BY minute ORDER BY minute')
  const minutes = rows.map(row => ({
    ...{ startMs: Number(row.minute) * 1000, trades: Number(row.count) },
    ...{ first: Number(row.first), last: Number(row.last) },
    ...{ volume: row.volume_sum, quoteVolume: row.quote_sum },
    ...{ takerBuyVolume: row.taker_sum, takerBuyQuoteVolume: row.taker_quote_sum },
  }))
  return { minutes, inexact: rows.reduce((total, { inexact }) => total + Number(inexact), 0) }
}
