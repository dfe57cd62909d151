/**
 * Binance's depth updates, `<symbol>@depth@100ms`, and the REST snapshot that they continue: web-socket-streams.md, "How
 * to manage a local order book correctly". 1,000 levels a side; weight 50 of 6,000 a minute.
 */
import type { DepthFeed, Level } from '../book/depth.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject } from '../json-text.ts'

export const binanceDepth: DepthFeed = {
  url: (base, symbol) => `${base}/ws/${encodeURIComponent(symbol.toLowerCase())}@depth@100ms`,
  snapshotPath: symbol => `/api/v3/depth?symbol=${encodeURIComponent(symbol)}&limit=1000`,
  readEvent(frame) {
    const message = parsed(frame)
    const data = isObject(message) && isObject(message.data) ? message.data : message
    if (!isObject(data) || data.e !== 'depthUpdate') return undefined
    const { s: symbol, U: first, u: last, b: bids, a: asks } = data
    if (typeof symbol !== 'string' || !isNumber(first) || !isNumber(last) || !isSide(bids) || !isSide(asks))
      return undefined
    return { symbol, first, last, bids, asks }
  },
  readSnapshot(answer) {
    if (!isObject(answer)) return undefined
    const { lastUpdateId: last, bids, asks } = answer
    return isNumber(last) && isSide(bids) && isSide(asks) ? { last, bids, asks } : undefined
  },
}

function parsed(frame: Buffer): unknown {
  try {
    return JSON.parse(frame.toString())
  } catch {
    return undefined
  }
}

const isNumber = (value: unknown): value is number => Number.isSafeInteger(value)

function isSide(value: unknown): value is Level[] {
  return (
    Array.isArray(value) &&
    value.every(level => Array.isArray(level) && decimalFromText(level[0]) > 0 && decimalFromText(level[1]) >= 0)
  )
}
