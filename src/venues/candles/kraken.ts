/**
 * Candles of Kraken spot: https://docs.kraken.com/api/docs/rest-api/get-ohlc-data. A row is `[time in s, open, high, low, close,
 * vwap, volume, trades]`; only the newest 720 are served, and the last one is not over yet.
 */
import { decimalText } from '../decimal.ts'
import { isObject } from '../json-text.ts'
import { krakenRepair, pairOf } from '../kraken/repair.ts'
import { jsonOf } from '../repair/rest-rows.ts'
import { type Candles, countOf, MINUTE_MS, UNREADABLE_CANDLES, type VenueMinute } from './candles.ts'

export const krakenCandles: Candles = {
  limits: krakenRepair.limits,
  pageMinutes: 720,
  reachesBack: false,
  request(symbol, startMs) {
    // `since` is exclusive.
    const path = `/0/public/OHLC?pair=${encodeURIComponent(pairOf(symbol))}&interval=1&since=${startMs / 1000 - 1}`
    return { path, weight: 1 }
  },
  read(answer) {
    const body = jsonOf(answer)
    if (!isObject(body) || !Array.isArray(body.error)) return UNREADABLE_CANDLES
    if (body.error.length > 0) {
      const reason = String(body.error[0])
      return { kind: /^EQuery:/.test(reason) ? 'cannot' : 'wait', reason }
    }
    // The pair has a name of the venue's own, not the requested one.
    const result = isObject(body.result) ? body.result : {}
    const rows = Object.entries(result).find(([name]) => name !== 'last')?.[1]
    if (!Array.isArray(rows)) return UNREADABLE_CANDLES
    const minutes = rows.slice(0, -1).map(readRow)
    return minutes.every(minute => minute !== undefined) ? { kind: 'minutes', minutes } : UNREADABLE_CANDLES
  },
}

function readRow(row: unknown): VenueMinute | undefined {
  if (!Array.isArray(row)) return undefined
  const [seconds, trades, volume] = [countOf(row[0]), countOf(row[7]), decimalText(row[6])]
  if (seconds === undefined || trades === undefined || volume === undefined) return undefined
  const startMs = seconds * 1000
  if (startMs % MINUTE_MS !== 0) return undefined
  return { startMs, trades, volume, quoteVolume: null, takerBuyVolume: null, takerBuyQuoteVolume: null }
}
