import { type LogRecord, tradesRecord } from '../../../src/tick/records.ts'
import { ORIGIN, type Origin, SIDE, TradeColumns } from '../../../src/tick/trades.ts'
import type { ExpectedTrade } from '../judges/oracle.ts'

/** Noon of a day in November 2026, µs since 1970 UTC. */
export const NOON_MICROS = Date.UTC(2026, 10, 22, 12) * 1000

const atNoon = ({ tradeId }: ExpectedTrade): number => NOON_MICROS + (tradeId % 1e6) * 1000

/** Trades as a source records them; by default at `NOON_MICROS` plus a millisecond per id. */
export function columnsOf(
  venue: string,
  trades: readonly ExpectedTrade[],
  origin: Origin = ORIGIN.live,
  microsOf = atNoon,
): TradeColumns {
  const columns = new TradeColumns(trades.length)
  for (const trade of trades) {
    const { symbol, tradeId, price, volume, side } = trade
    const micros = microsOf(trade)
    const code = SIDE[side as keyof typeof SIDE]
    columns.add({
      venue,
      symbol,
      timestampMicros: micros,
      timestampNanos: 0,
      receivedAtMicros: micros + 500,
      price,
      volume,
      side: code,
      tradeId,
      origin,
    })
  }
  return columns
}

/** A log record of trades. */
export function tradesOf(
  venue: string,
  trades: readonly ExpectedTrade[],
  origin: Origin = ORIGIN.live,
  microsOf = atNoon,
): LogRecord {
  return tradesRecord(columnsOf(venue, trades, origin, microsOf))
}
