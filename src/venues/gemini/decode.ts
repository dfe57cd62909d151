/**
 * Gemini, streams `<symbol>@trade` and `<symbol>@bookTicker`: https://developer.gemini.com/websocket/streams. One trade
 * or quote per frame; its time is in ns; `m` states whether the buyer is the maker, so the taker is the other side. Ids rise with holes, since all symbols
 * share them; after a reconnect nothing is sent again.
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject, LongNumber } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import { emitTrade, readId, readMessage, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { geminiInstruments } from './instruments.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

/** The stream of each kind. */
const STREAMS: Readonly<Record<string, string>> = { trades: '@trade', quotes: '@bookTicker' }
const PING = 'ping'
/** The id of an end of subscriptions: its answer ends nothing that we record. */
const UNSUBSCRIBE = 'unsubscribe'
/** Too many requests: https://developer.gemini.com/websocket/message-format. */
const RATE_LIMIT_EXCEEDED = -1003

export const gemini: Venue = {
  name: 'gemini',
  ws: 'wss://ws.gemini.com',
  rest: 'https://api.gemini.com',
  ids: 'rising',
  kinds: [['trades', 'quotes']],
  defaultSymbols: ['btcusd', 'ethusd', 'solusd', 'xrpusd', 'dogeusd'],
  // The document states no limits; the server's `conninfo` is reported to state 300 connects in five minutes.
  limits: { symbolsPerConnection: 100, framesPerSecond: 8, connectsPerFiveMinutes: 300 },
  instruments: geminiInstruments,
  // The server answers each ping.
  silenceMsMax: 30_000,
  keepAlive: { everyMs: 10_000, frame: JSON.stringify({ id: PING, method: 'ping' }) },
  acknowledges: true,
  url: base => base,
  subscribe,
  resubscribe: subscribe,
  unsubscribe,
  decoder: () => decode,
}

/** An answer repeats only the id of its request, so one request per symbol has the stream's name as its id. */
function subscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return streamsOf(symbols, kinds).map(stream => JSON.stringify({ id: stream, method: 'subscribe', params: [stream] }))
}

function unsubscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return [JSON.stringify({ id: UNSUBSCRIBE, method: 'unsubscribe', params: streamsOf(symbols, kinds) })]
}

const streamsOf = (symbols: readonly string[], kinds: readonly string[]): string[] =>
  kinds.flatMap(kind => symbols.map(symbol => `${symbol}${STREAMS[kind]}`))

function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { e: event, status, t: tradeId, u: updateId, b: bid, lastUpdateId } = message
  if (status !== undefined) decodeAnswer(message, out)
  else if (event === 'trade' || (event === undefined && tradeId !== undefined)) decodeTrade(message, out)
  // A depth update has an event and lists of levels.
  else if (event === undefined && updateId !== undefined && !Array.isArray(bid)) decodeQuote(message, out)
  else if (event === 'depthUpdate' || (event === undefined && (updateId ?? lastUpdateId) !== undefined)) out.ignore()
  else out.refuse('unknown_message', `event ${show(event)}`)
}

function decodeTrade(trade: JsonObject, out: Sink): void {
  const fields = {
    symbol: trade.s,
    price: trade.p,
    volume: trade.q,
    tradeId: trade.t,
    side: sideOf(trade.m),
    time: timeOf(trade.E),
  }
  emitTrade(out, fields, decimalFromText)
}

function decodeQuote(quote: JsonObject, out: Sink): void {
  const fields = {
    symbol: quote.s,
    bidPrice: quote.b,
    bidSize: quote.B,
    askPrice: quote.a,
    askSize: quote.A,
    sequence: readId(quote.u),
    time: timeOf(quote.E),
  }
  emitQuote(out, fields, decimalFromText)
}

function sideOf(buyerIsMaker: unknown): Side | undefined {
  if (buyerIsMaker === true) return SIDE.sell
  return buyerIsMaker === false ? SIDE.buy : undefined
}

/** Ns since 1970 UTC: 19 digits from 2001 to 2286. */
function timeOf(time: unknown): { micros: number; nanos: number } | undefined {
  if (!(time instanceof LongNumber) || !/^\d{19}$/.test(time.text)) return undefined
  return { micros: Number(time.text.slice(0, 16)), nanos: Number(time.text.slice(16)) }
}

/** The symbol and the kind that a request's id names. */
function subscriptionOf(id: unknown): { symbols: string[]; channel: string } | undefined {
  if (typeof id !== 'string') return undefined
  for (const [channel, stream] of Object.entries(STREAMS))
    if (id.endsWith(stream)) return { symbols: [id.slice(0, -stream.length)], channel }
  return undefined
}

function decodeAnswer({ id, status, error }: JsonObject, out: Sink): void {
  const about = subscriptionOf(id)
  if (status === 200) {
    if (about) out.control({ kind: 'subscribed', ...about })
    else if (id === PING || id === UNSUBSCRIBE) out.control({ kind: 'heartbeat' })
    else out.refuse('unknown_message', `the answer to a request ${show(id)}`)
    return
  }
  const { code, msg } = isObject(error) ? error : {}
  const detail = `${show(msg)} (code ${show(code)}, status ${show(status)})`
  if (code === RATE_LIMIT_EXCEEDED || status === 429) out.control({ kind: 'rate_limited', detail })
  else if (about) out.control({ kind: 'rejected', detail, ...about })
  else out.control({ kind: 'error', detail })
}
