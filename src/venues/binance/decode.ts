/**
 * Binance spot, raw trades and the best bid and ask (`bookTicker`): https://github.com/binance/binance-spot-api-docs, web-socket-streams.md and
 * faqs/market_data_only.md. A quote has the book's update id, which rises, and no time. The built-in simulator sends the same frames, so `binanceShaped` makes both venues.
 */

import { SIDE } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import { emitTrade, readId, readMessage, show } from '../read-trade.ts'
import { readBannedUntil } from '../retry-after.ts'
import type { Limits, Sink, Venue } from '../venue.ts'
import { binanceInstruments } from './instruments.ts'
import { toMicros } from './time.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

/** What differs between venues with Binance's frames. */
export interface BinanceShape {
  name: string
  ws: string
  rest: string
  kinds: readonly string[]
  defaultSymbols: readonly string[]
  limits: Limits
  silenceMsMax: number
}

/** Methods of a request, which are also its id. */
const UNSUBSCRIBE = 'UNSUBSCRIBE'
const SUBSCRIBE = 'SUBSCRIBE'

/** Streams of one request, far below the limit of a message. */
const REQUEST_STREAMS_MAX = 50

/** Unsubscribes first: the server otherwise ignores a stream that it believes to be subscribed. */
function resubscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return requests([UNSUBSCRIBE, SUBSCRIBE], symbols, kinds)
}

function unsubscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return requests([UNSUBSCRIBE], symbols, kinds)
}

function requests(methods: readonly string[], symbols: readonly string[], kinds: readonly string[]): string[] {
  const streams = streamsOf(symbols, kinds)
  const frames: string[] = []
  for (let at = 0; at < streams.length; at += REQUEST_STREAMS_MAX) {
    const params = streams.slice(at, at + REQUEST_STREAMS_MAX)
    for (const method of methods) frames.push(JSON.stringify({ method, params, id: method }))
  }
  return frames
}

/** The stream of each kind. */
const STREAMS: Readonly<Record<string, string>> = { trades: 'trade', quotes: 'bookTicker' }

const streamsOf = (symbols: readonly string[], kinds: readonly string[]): string[] =>
  kinds.flatMap(kind => symbols.map(symbol => `${symbol.toLowerCase()}@${STREAMS[kind]}`))

/** A venue with Binance's combined streams: the URL contains the subscription, nothing is sent. */
export function binanceShaped(shape: BinanceShape): Venue {
  return {
    ...shape,
    ids: 'dense',
    kinds: [shape.kinds],
    // A request is answered as a whole, and a stream that does not exist is accepted too.
    acknowledges: false,
    spelling: 'capitals',
    instruments: binanceInstruments('/api/v3/exchangeInfo?showPermissionSets=false'),
    url: (base, symbols, kinds) => {
      const streams = streamsOf(symbols, kinds).map(stream => encodeURIComponent(stream).replace('%40', '@'))
      return `${base}/stream?streams=${streams.join('/')}&timeUnit=MICROSECOND`
    },
    subscribe: () => [],
    resubscribe,
    unsubscribe,
    decoder: () => decode,
  }
}

export const binance: Venue = binanceShaped({
  name: 'binance',
  ws: 'wss://data-stream.binance.vision',
  rest: 'https://data-api.binance.vision',
  kinds: ['trades', 'quotes'],
  defaultSymbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'BNBUSDT'],
  limits: {
    // 1,024 are allowed, but the address that names them must stay shorter than common limits on a request's head.
    symbolsPerConnection: 150,
    // 5 are allowed, and answers to pings count among them.
    framesPerSecond: 3,
    connectsPerFiveMinutes: 300,
    connectionAgeMsMax: 24 * 60 * 60 * 1000,
  },
  // The server pings every 20 s.
  silenceMsMax: 30_000,
})

/** Kinds of event that are known and not recorded: web-socket-streams.md. */
const NOT_RECORDED = new Set([
  'aggTrade',
  'avgPrice',
  'blockTrade',
  'referencePrice',
  'kline',
  'depthUpdate',
  '24hrTicker',
  '24hrMiniTicker',
  '1hTicker',
  '4hTicker',
  '1dTicker',
])

/** Too many requests: errors.md. */
const TOO_MANY_REQUESTS = -1003

/** Decodes one frame: the usual trade byte by byte, anything else with JSON.parse. */
function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast path with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return
  const data = 'stream' in message && 'data' in message ? message.data : message
  if (!isObject(data)) out.refuse('malformed_frame', 'no event in the stream')
  else if (data.e === 'trade') decodeTrade(data, out)
  else if (isQuote(data)) decodeQuote(data, out)
  else if (data.e === 'serverShutdown') out.control({ kind: 'closing', detail: 'the server announces its shutdown' })
  else if (isNotRecorded(data)) out.ignore()
  else if (data.result === null && 'id' in data)
    out.control({ kind: data.id === UNSUBSCRIBE ? 'heartbeat' : 'subscribed' })
  else decodeError(isObject(data.error) ? data.error : data, out)
}

/** Quotes and depth snapshots are the two streams whose events have no type. */
const isQuote = (event: JsonObject): boolean => event.e === undefined && 'u' in event && 'b' in event && 'a' in event

const isNotRecorded = (event: JsonObject): boolean =>
  typeof event.e === 'string' ? NOT_RECORDED.has(event.e) : 'lastUpdateId' in event

function decodeQuote(quote: JsonObject, out: Sink): void {
  emitQuote(
    out,
    {
      symbol: quote.s,
      bidPrice: quote.b,
      bidSize: quote.B,
      askPrice: quote.a,
      askSize: quote.A,
      sequence: readId(quote.u),
      time: null,
    },
    decimalFromText,
  )
}

function decodeTrade(trade: JsonObject, out: Sink): void {
  const micros = toMicros(Number(readId(trade.T) ?? -1))
  emitTrade(
    out,
    {
      symbol: trade.s,
      price: trade.p,
      volume: trade.q,
      tradeId: trade.t,
      // The buyer is the maker, so the seller was the taker.
      side: typeof trade.m === 'boolean' ? (trade.m ? SIDE.sell : SIDE.buy) : undefined,
      time: micros < 0 ? undefined : { micros, nanos: 0 },
    },
    decimalFromText,
  )
}

/** Errors have a number and a text, a ban also its end: errors.md. Anything else is an unknown message. */
function decodeError(error: JsonObject, out: Sink): void {
  const detail = `${show(error.msg)} (code ${show(error.code)})`
  if (typeof error.code !== 'number') out.refuse('unknown_message', `event ${show(error.e)}`)
  else if (error.code !== TOO_MANY_REQUESTS) out.control({ kind: 'rejected', detail })
  else {
    const { retryAfter, serverTime } = isObject(error.data) ? error.data : {}
    const untilMs = typeof retryAfter === 'number' ? retryAfter : readBannedUntil(String(error.msg))
    out.control({
      kind: 'rate_limited',
      detail,
      ...(untilMs !== undefined && { untilMs }),
      ...(typeof serverTime === 'number' && { nowMs: serverTime }),
    })
  }
}
