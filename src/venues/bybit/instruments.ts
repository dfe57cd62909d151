/** Bybit's `instruments-info`: https://bybit-exchange.github.io/docs/v5/market/instrument. */
import {
  expiryOf,
  type Instrument,
  type InstrumentKind,
  type InstrumentList,
  instrument,
  type ListPage,
  type ListRequest,
  sizeOf,
  statusOf,
  textOf,
} from '../instruments.ts'
import { isObject, type JsonObject } from '../json-text.ts'

/** `spot` comes whole; the others in pages of up to 1,000. */
export type BybitCategory = 'spot' | 'linear' | 'inverse' | 'option'

const PATH = '/v5/market/instruments-info'

export function bybitInstruments(category: BybitCategory): InstrumentList {
  const path = `${PATH}?category=${category}${category === 'spot' ? '' : '&limit=1000'}`
  return { requests: [{ path }], read: (answer, request) => read(answer, request, category) }
}

function read(answer: unknown, { path }: ListRequest, category: BybitCategory): ListPage | undefined {
  if (!isObject(answer) || !isObject(answer.result) || !Array.isArray(answer.result.list)) return undefined
  const instruments = answer.result.list.filter(isObject).flatMap(listed => readInstrument(listed, category))
  const cursor = textOf(answer.result.nextPageCursor)
  if (cursor === '') return { instruments }
  const [first] = path.split('&cursor=')
  return { instruments, next: { path: `${first}&cursor=${encodeURIComponent(cursor)}` } }
}

function readInstrument(listed: JsonObject, category: BybitCategory): Instrument[] {
  const { symbol, status, priceFilter, lotSizeFilter } = listed
  if (typeof symbol !== 'string') return []
  const price = isObject(priceFilter) ? priceFilter : {}
  const lot = isObject(lotSizeFilter) ? lotSizeFilter : {}
  return [
    instrument({
      symbol,
      kind: kindOf(category, textOf(listed.contractType)),
      base: textOf(listed.baseCoin),
      quote: textOf(listed.quoteCoin),
      tickSize: sizeOf(price.tickSize),
      // Spot names the step of the volume otherwise.
      lotSize: sizeOf(lot.qtyStep) || sizeOf(lot.basePrecision),
      status: statusOf(status, 'Trading'),
      expiresMs: expiryOf(listed.deliveryTime),
    }),
  ]
}

/** `contractType` is one of `LinearPerpetual`, `LinearFutures`, `InversePerpetual`, `InverseFutures`; spot has none. */
function kindOf(category: BybitCategory, contractType: string): InstrumentKind {
  if (category === 'spot' || category === 'option') return category
  return contractType.endsWith('Perpetual') ? 'perpetual' : 'future'
}
