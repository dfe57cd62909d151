/** Alpaca's assets: https://docs.alpaca.markets/reference/get-v2-assets-1. The request needs the account's key. */
import {
  type Instrument,
  type InstrumentKind,
  type InstrumentList,
  instrument,
  type ListPage,
  sizeOf,
  statusOf,
} from '../instruments.ts'
import { isObject, type JsonObject } from '../json-text.ts'

/** Pre-market, market and after-hours: https://docs.alpaca.markets/docs/orders-at-alpaca#extended-hours-trading. */
const STOCK_SESSIONS = 'Monday to Friday 04:00 to 20:00 America/New_York'

export const stockInstruments: InstrumentList = {
  requests: [{ path: '/v2/assets?asset_class=us_equity' }],
  read: answer => readAssets(answer, 'equity', STOCK_SESSIONS),
}

export const cryptoInstruments: InstrumentList = {
  requests: [{ path: '/v2/assets?asset_class=crypto' }],
  read: answer => readAssets(answer, 'spot', ''),
}

function readAssets(answer: unknown, kind: InstrumentKind, sessions: string): ListPage | undefined {
  if (!Array.isArray(answer)) return undefined
  return { instruments: answer.filter(isObject).flatMap(asset => readAsset(asset, kind, sessions)) }
}

function readAsset(asset: JsonObject, kind: InstrumentKind, sessions: string): Instrument[] {
  const { symbol, status } = asset
  if (typeof symbol !== 'string') return []
  const [base = '', quote = 'USD'] = symbol.split('/')
  return [
    instrument({
      symbol,
      kind,
      base,
      quote,
      // Stated for crypto only.
      tickSize: sizeOf(asset.price_increment),
      lotSize: sizeOf(asset.min_trade_increment),
      status: statusOf(status, 'active'),
      sessions,
    }),
  ]
}
