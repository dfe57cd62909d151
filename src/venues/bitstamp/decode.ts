/**
 * Bitstamp spot, channel `live_trades_<pair>`: https://www.bitstamp.net/websocket/v2/. The side is the taker's. Ids
 * rise with holes, since all pairs share them; after a reconnect nothing is sent again.
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitTrade, readMessage, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { bitstampInstruments } from './instruments.ts'
import { decodeUsualTrades } from './usual-trades.ts'

const CHANNEL = 'live_trades_'

export const bitstamp: Venue = {
  name: 'bitstamp',
  ws: 'wss://ws.bitstamp.net',
  rest: 'https://www.bitstamp.net',
  ids: 'rising',
  kinds: [['trades']],
  defaultSymbols: ['btcusd', 'ethusd', 'solusd', 'xrpusd', 'dogeusd'],
  // Neither symbols nor frames have a documented limit. A connection ends after 90 days.
  limits: { symbolsPerConnection: 100, framesPerSecond: 8, connectionAgeMsMax: 90 * 24 * 60 * 60 * 1000 },
  instruments: bitstampInstruments,
  // The server answers each heartbeat.
  silenceMsMax: 30_000,
  keepAlive: { everyMs: 10_000, frame: '{"event":"bts:heartbeat"}' },
  acknowledges: true,
  url: base => base,
  subscribe,
  resubscribe: subscribe,
  unsubscribe: symbols => requests('bts:unsubscribe', symbols),
  decoder: () => decode,
}

function subscribe(symbols: readonly string[]): string[] {
  return requests('bts:subscribe', symbols)
}

function requests(event: string, symbols: readonly string[]): string[] {
  return symbols.map(symbol => JSON.stringify({ event, data: { channel: `${CHANNEL}${symbol}` } }))
}

/** Events of channels with depth and orders, and answers about those channels. */
const NOT_RECORDED = new Set([
  'data',
  'order_created',
  'order_changed',
  'order_deleted',
  'funding_rate_saved',
  'bts:subscription_succeeded',
  'bts:unsubscription_succeeded',
])

function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTrades(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { event, data } = message
  const symbol = symbolOf(message)
  if (event === 'trade') decodeTrade(symbol, data, out)
  else if (event === 'bts:heartbeat') out.control({ kind: 'heartbeat' })
  else if (event === 'bts:request_reconnect')
    out.control({ kind: 'closing', detail: 'the server requests a reconnect' })
  else if (event === 'bts:error') decodeError(symbol, data, out)
  else if (event === 'bts:subscription_succeeded' && symbol) out.control({ kind: 'subscribed', symbols: [symbol] })
  else if (event === 'bts:unsubscription_succeeded' && symbol) out.control({ kind: 'ended', symbols: [symbol] })
  else if (typeof event === 'string' && NOT_RECORDED.has(event)) out.ignore()
  else out.refuse('unknown_message', `event ${show(event)}, channel ${show(message.channel)}`)
}

/** The pair of a channel of trades; undefined for any other channel. */
function symbolOf({ channel }: JsonObject): string | undefined {
  return typeof channel === 'string' && channel.startsWith(CHANNEL) ? channel.slice(CHANNEL.length) : undefined
}

function decodeTrade(symbol: string | undefined, trade: unknown, out: Sink): void {
  if (!isObject(trade)) {
    out.refuse('malformed_frame', `trade ${show(trade)}`)
    return
  }
  const fields = {
    symbol,
    // `price` and `amount` are doubles already; these keep every digit.
    price: trade.price_str,
    volume: trade.amount_str,
    tradeId: trade.id,
    side: sideOf(trade.type),
    time: timeOf(trade.microtimestamp),
  }
  emitTrade(out, fields, decimalFromText)
}

function sideOf(type: unknown): Side | undefined {
  if (type === 0) return SIDE.buy
  return type === 1 ? SIDE.sell : undefined
}

/** µs since 1970 UTC, as text. */
function timeOf(text: unknown): { micros: number; nanos: number } | undefined {
  return typeof text === 'string' && /^\d{16}$/.test(text) ? { micros: Number(text), nanos: 0 } : undefined
}

function decodeError(symbol: string | undefined, error: unknown, out: Sink): void {
  const { code, message } = isObject(error) ? error : {}
  const detail = `${show(message)} (code ${show(code)})`
  if (symbol) out.control({ kind: 'rejected', detail, symbols: [symbol] })
  else out.control({ kind: /subscri|channel/i.test(String(message)) ? 'rejected' : 'error', detail })
}
