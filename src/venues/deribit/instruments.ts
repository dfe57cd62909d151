/** Deribit's `get_instruments`: https://docs.deribit.com/api-reference/market-data/public-get_instruments. */
import {
  expiryOf,
  type Instrument,
  type InstrumentKind,
  type InstrumentList,
  instrument,
  type ListPage,
  sizeOf,
  TRADING,
  textOf,
} from '../instruments.ts'
import { isObject, type JsonObject } from '../json-text.ts'

/** All currencies and kinds in one answer, without those that have expired. */
export const deribitInstruments: InstrumentList = {
  requests: [{ path: '/api/v2/public/get_instruments?currency=any' }],
  read,
}

function read(answer: unknown): ListPage | undefined {
  if (!isObject(answer) || !Array.isArray(answer.result)) return undefined
  return { instruments: answer.result.filter(isObject).flatMap(readInstrument) }
}

function readInstrument(listed: JsonObject): Instrument[] {
  const { instrument_name: symbol, is_active: active } = listed
  if (typeof symbol !== 'string') return []
  return [
    instrument({
      symbol,
      kind: kindOf(listed),
      base: textOf(listed.base_currency),
      quote: textOf(listed.quote_currency),
      tickSize: sizeOf(listed.tick_size),
      lotSize: sizeOf(listed.min_trade_amount),
      contractSize: sizeOf(listed.contract_size),
      status: active === false ? 'inactive' : TRADING,
      expiresMs: expiryOf(listed.expiration_timestamp),
    }),
  ]
}

function kindOf({ kind, settlement_period: period }: JsonObject): InstrumentKind {
  const stated = textOf(kind)
  if (stated.endsWith('_combo')) return 'combo'
  if (stated === 'future') return period === 'perpetual' ? 'perpetual' : 'future'
  return stated === 'option' || stated === 'spot' ? stated : 'other'
}
