/**
 * Finnhub, "Trades - Last Price Updates": https://finnhub.io/docs/api/websocket-trades. A message contains several trades
 * of several symbols; times are in ms. A trade has no id, no side and no sequence number: docs/decisions/finnhub.md.
 */
import { SIDE } from '../../tick/trades.ts'
import { decimalFromNumber } from '../decimal.ts'
import { NO_LIST } from '../instruments.ts'
import type { JsonObject } from '../json-text.ts'
import { conditionsOf, decodeItems, emitTrade, readMessage, readMs, show } from '../read-trade.ts'
import type { Credentials, Sink, Venue } from '../venue.ts'
import { FrameIds } from './frame-ids.ts'

export const finnhub: Venue = {
  name: 'finnhub',
  ws: 'wss://ws.finnhub.io',
  rest: 'https://finnhub.io/api/v1',
  ids: 'none',
  defaultSymbols: ['AAPL', 'MSFT', 'AMZN', 'BINANCE:BTCUSDT', 'BINANCE:ETHUSDT'],
  // "One API key can only open 1 connection at a time"; 50 symbols on the free plan. Rates are not stated.
  limits: { symbolsPerConnection: 50, connections: 1, framesPerSecond: 10, connectsPerFiveMinutes: 25 },
  // Its lists, one for each market, require the key.
  instruments: NO_LIST,
  // The server sends a ping each minute.
  silenceMsMax: 180_000,
  acknowledges: false,
  prefixes: true,
  account: {
    name: 'finnhub',
    secrets: ['token'],
    advice: 'Get a free API key at https://finnhub.io/register.',
    authorizedUrl: authorized,
  },
  kinds: [['trades']],
  url: base => base,
  subscribe: symbols => ask('subscribe', symbols),
  // A symbol that the server believes to send already is not subscribed to again.
  resubscribe: symbols => [...ask('unsubscribe', symbols), ...ask('subscribe', symbols)],
  unsubscribe: symbols => ask('unsubscribe', symbols),
  frameOf: item => `{"data":[${item}],"type":"trade"}`,
  decoder: () => decode,
}

function authorized(url: string, { token = '' }: Credentials): string {
  const address = new URL(url)
  address.searchParams.set('token', token)
  return address.href
}

/** One symbol a message. */
function ask(type: string, symbols: readonly string[]): string[] {
  return symbols.map(symbol => JSON.stringify({ type, symbol }))
}

/** Messages of the paid streams on the same connection. */
const NOT_RECORDED = new Set(['news', 'pr'])

const ids = new FrameIds()

function decode(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { type, data, msg } = message
  if (type === 'trade') {
    ids.begin()
    decodeItems(data, frame, out, decodeTrade)
  } else if (type === 'ping') out.control({ kind: 'heartbeat' })
  else if (type === 'error') decodeError(msg, out)
  else if (typeof type === 'string' && NOT_RECORDED.has(type)) out.ignore()
  else out.refuse('unknown_message', `type ${show(type)}`)
}

function decodeTrade(trade: JsonObject, out: Sink, raw: () => string | undefined): void {
  const { s: symbol, p: price, v: volume, t: time, c: conditions } = trade
  const size = decimalFromNumber(volume)
  // "For FX, crypto: price updates with volume = 0 from exchanges that do not send trades".
  if (size === 0) {
    out.ignore()
    return
  }
  const tradeId = ids.of(symbol, decimalFromNumber(price), size, time, conditions)
  const fields = {
    symbol,
    price,
    volume,
    tradeId,
    side: SIDE.unknown,
    time: readMs(time),
    conditions: conditionsOf(conditions),
  }
  emitTrade(out, fields, decimalFromNumber, raw)
}

/** `Invalid symbol AAPLX`, `Subscribing to too many symbols`: a text, which may name the symbol. */
function decodeError(msg: unknown, out: Sink): void {
  const detail = typeof msg === 'string' && msg !== '' ? msg : 'an error without a text'
  out.control({ kind: /symbol|subscri/i.test(detail) ? 'rejected' : 'error', detail })
}
