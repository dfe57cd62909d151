/** What perpetuals of a portfolio paid for being held, from the recorded mark prices. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import type { FundingPayment } from '../engine/funding.ts'
import { type Instrument, nameOf } from '../market/instrument.ts'
import { rowsOf } from './rows-of.ts'

/** Rates are stated for at most so long before they are paid. */
const PERIOD_HOURS_MAX = 25
const MINUTE_MICROS = 60_000_000

interface FundingRow {
  name: string
  paid: string
  rate: number
  price: number
}

/**
 * Payments due in [from, until), µs, in order of time. The rate and the mark price are the last ones that were received before the
 * payment: what came later could not have been known. `all_marks` reads the archive too.
 */
export async function readFunding(
  runQuery: RunQuery,
  instruments: readonly Instrument[],
  fromMicros: number,
  untilMicros: number,
  table: 'marks' | 'all_marks',
): Promise<FundingPayment[]> {
  // Venues pay at whole hours; a live run asks each second.
  if (Math.ceil(fromMicros / MINUTE_MICROS) * MINUTE_MICROS >= untilMicros) return []
  const time = (micros: number) => `fromUnixTimestamp64Micro(toInt64(${Math.floor(micros)}), 'UTC')`
  const rows = await rowsOf<FundingRow>(
    runQuery,
    `SELECT concat(venue, ':', symbol) AS name, toString(toUnixTimestamp64Micro(toDateTime64(next_funding_at, 6, 'UTC'))) AS paid,
       argMax(funding_rate, (received_at, log_partition, log_offset, log_index)) AS rate,
       argMax(mark_price, (received_at, log_partition, log_offset, log_index)) AS price
     FROM ${table} WHERE symbol IN (${instruments.map(({ symbol }) => literal(symbol)).join(', ')}) AND name IN (${instruments.map(each => literal(nameOf(each))).join(', ')})
       AND next_funding_at >= ${time(fromMicros)} AND next_funding_at < ${time(untilMicros)}
       AND timestamp >= ${time(fromMicros)} - INTERVAL ${PERIOD_HOURS_MAX} HOUR AND received_at < next_funding_at
     GROUP BY venue, symbol, next_funding_at`,
  )
  const indexes = new Map(instruments.map(each => [nameOf(each), each.index]))
  return rows
    .map(({ name, paid, rate, price }) => ({ timeMicros: Number(paid), at: indexes.get(name)!, rate, price }))
    .sort((a, b) => a.timeMicros - b.timeMicros || a.at - b.at)
}
