/**
 * Candles of Binance spot: https://github.com/binance/binance-spot-api-docs, rest-api.md, "Kline/Candlestick data". A row is
 * `[open time, open, high, low, close, volume, close time, quote volume, trades, taker buy volume, taker buy quote volume, unused]`.
 */

import { binanceRepair } from '../binance/repair.ts'
import { decimalText } from '../decimal.ts'
import { isObject } from '../json-text.ts'
import { jsonOf } from '../repair/rest-rows.ts'
import { type Candles, countOf, MINUTE_MS, UNREADABLE_CANDLES, type VenueMinute } from './candles.ts'

const PAGE_MINUTES = 1_000
const WEIGHT = 2
const NO_SUCH_SYMBOL = -1121

export const binanceCandles: Candles = {
  limits: binanceRepair.limits,
  pageMinutes: PAGE_MINUTES,
  reachesBack: true,
  request(symbol, startMs, minutes) {
    // Both times are inclusive, and of a candle's start.
    const range = `startTime=${startMs}&endTime=${startMs + minutes * MINUTE_MS - 1}`
    const path = `/api/v3/klines?symbol=${encodeURIComponent(symbol)}&interval=1m&${range}&limit=${PAGE_MINUTES}`
    return { path, weight: WEIGHT }
  },
  read(answer) {
    const body = jsonOf(answer)
    if (isObject(body) && body.code === NO_SUCH_SYMBOL)
      return { kind: 'cannot', reason: 'the venue knows no such symbol' }
    if (!Array.isArray(body)) return UNREADABLE_CANDLES
    const minutes = body.map(readRow)
    return minutes.every(minute => minute !== undefined) ? { kind: 'minutes', minutes } : UNREADABLE_CANDLES
  },
}

function readRow(row: unknown): VenueMinute | undefined {
  if (!Array.isArray(row)) return undefined
  const [startMs, trades] = [countOf(row[0]), countOf(row[8])]
  const [volume, quoteVolume, takerBuyVolume, takerBuyQuoteVolume] = [row[5], row[7], row[9], row[10]].map(decimalText)
  if (startMs === undefined || startMs % MINUTE_MS !== 0 || trades === undefined) return undefined
  if (volume === undefined || quoteVolume === undefined) return undefined
  if (takerBuyVolume === undefined || takerBuyQuoteVolume === undefined) return undefined
  return { startMs, trades, volume, quoteVolume, takerBuyVolume, takerBuyQuoteVolume }
}
