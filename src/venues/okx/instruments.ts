/** OKX's `instruments`: https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments. */
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

/** Options are listed by underlying only, one request each, and are left out. */
const TYPES = ['SPOT', 'SWAP', 'FUTURES']

export const okxInstruments: InstrumentList = {
  requests: TYPES.map(type => ({ path: `/api/v5/public/instruments?instType=${type}` })),
  read,
}

function read(answer: unknown): ListPage | undefined {
  if (!isObject(answer) || answer.code !== '0' || !Array.isArray(answer.data)) return undefined
  return { instruments: answer.data.filter(isObject).flatMap(readInstrument) }
}

function readInstrument(listed: JsonObject): Instrument[] {
  const { instId: symbol, state } = listed
  if (typeof symbol !== 'string') return []
  // Only spot states its currencies; a contract states its underlying, `BTC-USD`.
  const [base = '', quote = ''] = textOf(listed.uly).split('-')
  return [
    instrument({
      symbol,
      kind: kindOf(listed.instType),
      base: textOf(listed.baseCcy) || base,
      quote: textOf(listed.quoteCcy) || quote,
      tickSize: sizeOf(listed.tickSz),
      lotSize: sizeOf(listed.lotSz),
      contractSize: sizeOf(listed.ctVal),
      status: statusOf(state, 'live'),
      expiresMs: expiryOf(listed.expTime),
    }),
  ]
}

const KIND_OF: Record<string, InstrumentKind> = { SPOT: 'spot', SWAP: 'perpetual', FUTURES: 'future', OPTION: 'option' }

function kindOf(type: unknown): InstrumentKind {
  return KIND_OF[textOf(type)] ?? 'other'
}
