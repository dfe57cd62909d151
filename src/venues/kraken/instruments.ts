/** Kraken's `AssetPairs`: https://docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs. Its names are those of WebSocket v1. */
import {
  type Instrument,
  type InstrumentList,
  instrument,
  type ListPage,
  sizeOf,
  statusOf,
  stepOf,
  textOf,
} from '../instruments.ts'
import { isObject, type JsonObject } from '../json-text.ts'

export const krakenInstruments: InstrumentList = { requests: [{ path: '/0/public/AssetPairs' }], read }

/**
 * Names of assets in REST answers and those that WebSocket v2 has for them:
 * https://docs.kraken.com/api/docs/guides/spot-ws-intro.
 */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['XBT', 'BTC'],
  ['XDG', 'DOGE'],
])

function read(answer: unknown): ListPage | undefined {
  if (!isObject(answer) || !isObject(answer.result)) return undefined
  return { instruments: Object.values(answer.result).filter(isObject).flatMap(readPair) }
}

/** A pair without `wsname` (of dark pools) is not on the WebSocket. */
function readPair(pair: JsonObject): Instrument[] {
  const { wsname, altname, status } = pair
  if (typeof wsname !== 'string') return []
  const [base = '', quote = ''] = wsname.split('/').map(asset => RENAMED.get(asset) ?? asset)
  return [
    instrument({
      symbol: `${base}/${quote}`,
      aliases: [wsname, textOf(altname)].filter(Boolean),
      kind: 'spot',
      base,
      quote,
      // Answers of before 2022 state decimals only.
      tickSize: sizeOf(pair.tick_size) || stepOf(pair.pair_decimals),
      lotSize: stepOf(pair.lot_decimals),
      status: statusOf(status, 'online'),
    }),
  ]
}
