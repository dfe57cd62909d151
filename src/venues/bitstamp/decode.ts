/**
 * Bitstamp spot, channel `live_trades_<pair>`: https://www.bitstamp.net/websocket/v2/. The side is the taker's. Ids
 * rise with holes, since all pairs share them; after a reconnect nothing is sent again. There is no channel of quotes:
 * they are the top of `order_book_<pair>`, 100 levels a side about once a second, and flagged `derived`.
 */
import { QUOTE_FLAG } from '../../tick/quotes/quotes.ts'
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { bestLevel, emitQuote } from '../read-quote.ts'
import { emitTrade, readMessage, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { bitstampInstruments } from './instruments.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

/** The channel of each kind, before the pair. */
const CHANNELS: Readonly<Record<string, string>> = { trades: 'live_trades_', quotes: 'order_book_' }

export const bitstamp: Venue = {
  name: 'bitstamp',
  ws: 'wss://ws.bitstamp.net',
  rest: 'https://www.bitstamp.net',
  ids: 'rising',
  kinds: [['trades', 'quotes']],
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
  unsubscribe: (symbols, kinds) => requests('bts:unsubscribe', symbols, kinds),
  decoder: () => decode,
}

function subscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return requests('bts:subscribe', symbols, kinds)
}

function requests(event: string, symbols: readonly string[], kinds: readonly string[]): string[] {
  return kinds.flatMap(kind =>
    symbols.map(symbol => JSON.stringify({ event, data: { channel: `${CHANNELS[kind]}${symbol}` } })),
  )
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
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { event, data } = message
  const { symbol, kind } = subjectOf(message)
  const about = symbol ? { symbols: [symbol], channel: kind } : undefined
  if (event === 'trade') decodeTrade(kind === 'trades' ? symbol : undefined, data, out)
  else if (event === 'data' && kind === 'quotes') decodeBook(symbol, data, out)
  else if (event === 'bts:heartbeat') out.control({ kind: 'heartbeat' })
  else if (event === 'bts:request_reconnect')
    out.control({ kind: 'closing', detail: 'the server requests a reconnect' })
  else if (event === 'bts:error') decodeError(about, data, out)
  else if (event === 'bts:subscription_succeeded' && about) out.control({ kind: 'subscribed', ...about })
  else if (event === 'bts:unsubscription_succeeded' && about) out.control({ kind: 'ended', ...about })
  else if (typeof event === 'string' && NOT_RECORDED.has(event)) out.ignore()
  else out.refuse('unknown_message', `event ${show(event)}, channel ${show(message.channel)}`)
}

/** The pair of a channel that is recorded, and its kind; empty for any other channel. */
function subjectOf({ channel }: JsonObject): { symbol: string; kind: string } | { symbol?: never; kind?: never } {
  if (typeof channel !== 'string') return {}
  for (const [kind, before] of Object.entries(CHANNELS))
    if (channel.startsWith(before)) return { symbol: channel.slice(before.length), kind }
  return {}
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
  emitTrade(out, fields, decimalOf)
}

function decodeBook(symbol: string, book: unknown, out: Sink): void {
  const { bids, asks, microtimestamp } = isObject(book) ? book : {}
  const [bidPrice, bidSize] = bestLevel(bids)
  const [askPrice, askSize] = bestLevel(asks)
  const quote = { symbol, bidPrice, bidSize, askPrice, askSize, sequence: 0, time: timeOf(microtimestamp) }
  emitQuote(out, { ...quote, flags: QUOTE_FLAG.derived }, decimalOf)
}

/** A very small amount comes as `1E-8`. */
function decimalOf(value: unknown): number {
  return typeof value === 'string' && /^\d+(?:\.\d+)?E-\d{1,2}$/.test(value) ? Number(value) : decimalFromText(value)
}

function sideOf(type: unknown): Side | undefined {
  if (type === 0) return SIDE.buy
  return type === 1 ? SIDE.sell : undefined
}

/** µs since 1970 UTC, as text. */
function timeOf(text: unknown): { micros: number; nanos: number } | undefined {
  return typeof text === 'string' && /^\d{16}$/.test(text) ? { micros: Number(text), nanos: 0 } : undefined
}

function decodeError(about: { symbols: string[]; channel: string } | undefined, error: unknown, out: Sink): void {
  const { code, message } = isObject(error) ? error : {}
  const detail = `${show(message)} (code ${show(code)})`
  if (about) out.control({ kind: 'rejected', detail, ...about })
  else out.control({ kind: /subscri|channel/i.test(String(message)) ? 'rejected' : 'error', detail })
}
