/**
 * Mark prices, funding and liquidations of Bybit's contracts:
 *
 * - topic `tickers.<symbol>`: https://bybit-exchange.github.io/docs/v5/websocket/public/ticker. A snapshot, then only the
 *   fields that changed. Stored is a mark price for each frame that states one of its fields, with the others as they were
 *   last. Of a contract that expires, `fundingRate` and `nextFundingTime` are empty.
 * - topic `allLiquidation.<symbol>`: https://bybit-exchange.github.io/docs/v5/websocket/public/all-liquidation. Every
 *   liquidation, each 500 ms. `S` is the side of the position, so the order's is the other one; `p` is the price at which
 *   nothing was left of the position's margin.
 */
import { SIDE } from '../../tick/trades.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitLiquidation, emitMark } from '../read-derivative.ts'
import { decodeItems, readMs, show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'

/** The fields of a mark price in a ticker. */
const FIELDS = ['markPrice', 'indexPrice', 'predictedDeliveryPrice', 'fundingRate', 'nextFundingTime'] as const
type Stated = Partial<Record<(typeof FIELDS)[number], unknown>>

/** What the tickers of a socket stated last of each symbol. */
export type LastTickers = Map<string, Stated>

export function decodeTicker({ type, data, ts }: JsonObject, last: LastTickers, out: Sink): void {
  if (!isObject(data)) {
    out.refuse('malformed_frame', `data ${show(data)}`)
    return
  }
  const { symbol } = data
  if (typeof symbol !== 'string') {
    out.refuse('rejected_value', `symbol ${show(symbol)}`)
    return
  }
  const stated = FIELDS.filter(name => data[name] !== undefined)
  // A ticker of the traded price or of a quote: the mark price still stands.
  if (stated.length === 0) {
    out.control({ kind: 'heartbeat', symbol, channel: 'marks' })
    return
  }
  const before = type === 'snapshot' ? {} : last.get(symbol)
  const ticker: Stated = { ...before, ...Object.fromEntries(stated.map(name => [name, data[name]])) }
  last.set(symbol, ticker)
  emitMark(out, {
    symbol,
    markPrice: ticker.markPrice,
    indexPrice: ticker.indexPrice,
    settlePrice: ticker.predictedDeliveryPrice,
    fundingRate: ticker.fundingRate,
    nextFunding: readNextFunding(ticker.nextFundingTime),
    time: readMs(ts),
  })
}

/** Ms since 1970 UTC as text; null where there is none. */
function readNextFunding(text: unknown): { micros: number } | null | undefined {
  if (text === undefined || text === '' || text === '0') return null
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? { micros: Number(text) * 1000 } : undefined
}

export function decodeLiquidations(topic: string, data: unknown, frame: Buffer, out: Sink): void {
  decodeItems(data, frame, out, (item, out, raw) => {
    const fields = { symbol: item.s, side: orderSide(item.S), price: item.p, size: item.v, time: readMs(item.T) }
    // An item alone could be one of a trade.
    emitLiquidation(out, fields, () => `{"topic":${JSON.stringify(topic)},"data":[${raw() ?? ''}]}`)
  })
}

/** Of the order that closes a position of that side. */
function orderSide(position: unknown) {
  if (position === 'Buy') return SIDE.sell
  return position === 'Sell' ? SIDE.buy : undefined
}
