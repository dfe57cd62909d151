/** Bitstamp's `trading-pairs-info`: https://www.bitstamp.net/api/#tag/Market-info/operation/GetTradingPairsInfo. */
import {
  type Instrument,
  type InstrumentList,
  instrument,
  type ListPage,
  statusOf,
  stepOf,
  textOf,
} from '../instruments.ts'
import { isObject, type JsonObject } from '../json-text.ts'

export const bitstampInstruments: InstrumentList = { requests: [{ path: '/api/v2/trading-pairs-info/' }], read }

function read(answer: unknown): ListPage | undefined {
  if (!Array.isArray(answer)) return undefined
  return { instruments: answer.filter(isObject).flatMap(readPair) }
}

function readPair({ url_symbol: symbol, name, trading, base_decimals, counter_decimals }: JsonObject): Instrument[] {
  if (typeof symbol !== 'string') return []
  const [base = '', quote = ''] = textOf(name).split('/')
  return [
    instrument({
      symbol,
      aliases: typeof name === 'string' ? [name] : [],
      kind: 'spot',
      base,
      quote,
      tickSize: stepOf(counter_decimals),
      lotSize: stepOf(base_decimals),
      status: statusOf(trading, 'Enabled'),
    }),
  ]
}
