/**
 * Binance's `exchangeInfo`: https://github.com/binance/binance-spot-api-docs, rest-api.md. The futures' one has the same
 * form with a few more fields: https://developers.binance.com/docs/derivatives.
 */
import {
  expiryOf,
  type Instrument,
  type InstrumentKind,
  type InstrumentList,
  instrument,
  type ListPage,
  sizeOf,
  statusOf,
  textOf,
} from '../instruments.ts'
import { isObject, type JsonObject } from '../json-text.ts'

/** The list at a path such as `/api/v3/exchangeInfo`. */
export function binanceInstruments(path: string): InstrumentList {
  return { requests: [{ path }], read }
}

function read(answer: unknown): ListPage | undefined {
  if (!isObject(answer) || !Array.isArray(answer.symbols)) return undefined
  return { instruments: answer.symbols.filter(isObject).flatMap(readSymbol) }
}

function readSymbol(listed: JsonObject): Instrument[] {
  const { symbol } = listed
  if (typeof symbol !== 'string') return []
  const filters = Array.isArray(listed.filters) ? listed.filters.filter(isObject) : []
  const filter = (type: string) => filters.find(({ filterType }) => filterType === type) ?? {}
  // COIN-M futures name it otherwise.
  const status = listed.status ?? listed.contractStatus
  return [
    instrument({
      symbol,
      kind: kindOf(listed.contractType),
      base: textOf(listed.baseAsset),
      quote: textOf(listed.quoteAsset),
      tickSize: sizeOf(filter('PRICE_FILTER').tickSize),
      lotSize: sizeOf(filter('LOT_SIZE').stepSize),
      contractSize: sizeOf(listed.contractSize),
      status: statusOf(status, 'TRADING'),
      expiresMs: expiryOf(listed.deliveryDate),
    }),
  ]
}

/** Futures: `PERPETUAL`, `TRADIFI_PERPETUAL`, `CURRENT_QUARTER`, …; empty until trading begins. */
function kindOf(contractType: unknown): InstrumentKind {
  if (contractType === undefined) return 'spot'
  const type = textOf(contractType)
  if (/perpetual/i.test(type)) return 'perpetual'
  return /quarter|month|week/i.test(type) ? 'future' : 'other'
}
