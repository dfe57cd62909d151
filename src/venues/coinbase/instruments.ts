/**
 * Coinbase Exchange's `products`:
 * https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-all-known-trading-pairs.
 */
import {
  type Instrument,
  type InstrumentList,
  instrument,
  type ListPage,
  sizeOf,
  statusOf,
  TRADING,
  textOf,
} from '../instruments.ts'
import { isObject, type JsonObject } from '../json-text.ts'

export const coinbaseInstruments: InstrumentList = { requests: [{ path: '/products' }], read }

function read(answer: unknown): ListPage | undefined {
  if (!Array.isArray(answer)) return undefined
  return { instruments: answer.filter(isObject).flatMap(readProduct) }
}

function readProduct(product: JsonObject): Instrument[] {
  const { id: symbol } = product
  if (typeof symbol !== 'string') return []
  return [
    instrument({
      symbol,
      kind: 'spot',
      base: textOf(product.base_currency),
      quote: textOf(product.quote_currency),
      tickSize: sizeOf(product.quote_increment),
      lotSize: sizeOf(product.base_increment),
      status: productStatus(product),
    }),
  ]
}

/** Flags of a product that is online, by which nothing trades. With `limit_only` orders still match. */
const WITHOUT_TRADES = ['trading_disabled', 'cancel_only', 'post_only', 'auction_mode'] as const

function productStatus(product: JsonObject): string {
  const status = statusOf(product.status, 'online')
  if (status !== TRADING) return status
  return WITHOUT_TRADES.find(flag => product[flag] === true)?.replace('_', ' ') ?? TRADING
}
