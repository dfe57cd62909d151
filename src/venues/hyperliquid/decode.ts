/**
 * Hyperliquid, perpetuals and spot, channels `trades` and `bbo`:
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions. A frame contains several
 * trades or one quote, which comes with each block that changes it; the side is the taker's; times are in ms. The trade id is a hash of 50 bits of both orders, in no order.
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import { decodeItems, emitTrade, readMessage, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { hyperliquidInstruments } from './instruments.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

/** The server's first frame, which is not JSON. */
const GREETING = Buffer.from('Websocket connection established.')

export const hyperliquid: Venue = {
  name: 'hyperliquid',
  ws: 'wss://api.hyperliquid.xyz/ws',
  rest: 'https://api.hyperliquid.xyz',
  ids: 'opaque',
  kinds: [['trades', 'quotes']],
  defaultSymbols: ['BTC', 'ETH', 'SOL', 'XRP', 'HYPE'],
  // For one address: 10 connections, 1,000 subscriptions, 30 connects and 2,000 messages a minute:
  // https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits.
  limits: { symbolsPerConnection: 100, framesPerSecond: 8, connectsPerFiveMinutes: 30 },
  instruments: hyperliquidInstruments,
  // The server closes a connection on which it has sent nothing for 60 s; it answers each ping.
  silenceMsMax: 60_000,
  keepAlive: { everyMs: 20_000, frame: '{"method":"ping"}' },
  acknowledges: true,
  // Perpetuals that others deploy: `xyz:NVDA`.
  prefixes: true,
  url: base => base,
  subscribe,
  resubscribe: subscribe,
  unsubscribe: (symbols, kinds) => requests('unsubscribe', symbols, kinds),
  frameOf: item => `{"channel":"trades","data":[${item}]}`,
  decoder: () => decode,
}

/** The channel of each kind. */
const CHANNELS: Readonly<Record<string, string>> = { trades: 'trades', quotes: 'bbo' }
const kindOf = (channel: unknown) => Object.keys(CHANNELS).find(kind => CHANNELS[kind] === channel)

function subscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return requests('subscribe', symbols, kinds)
}

function requests(method: string, symbols: readonly string[], kinds: readonly string[]): string[] {
  return kinds.flatMap(kind =>
    symbols.map(coin => JSON.stringify({ method, subscription: { type: CHANNELS[kind], coin } })),
  )
}

/** Channels that are known and not recorded. */
const NOT_RECORDED = new Set(['allMids', 'l2Book', 'candle', 'activeAssetCtx', 'activeSpotAssetCtx'])

function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  if (frame.equals(GREETING)) {
    out.control({ kind: 'heartbeat' })
    return
  }
  const message = readMessage(frame, out)
  if (!message) return

  const { channel, data } = message
  if (channel === 'trades') decodeItems(data, frame, out, decodeTrade)
  else if (channel === 'bbo') decodeQuote(data, out)
  else if (channel === 'pong') out.control({ kind: 'heartbeat' })
  else if (channel === 'subscriptionResponse') decodeAnswer(data, out)
  else if (channel === 'error') decodeError(data, out)
  else if (typeof channel === 'string' && NOT_RECORDED.has(channel)) out.ignore()
  else out.refuse('unknown_message', `channel ${show(channel)}`)
}

function decodeTrade(trade: JsonObject, out: Sink, raw: () => string | undefined): void {
  const fields = {
    symbol: trade.coin,
    price: trade.px,
    volume: trade.sz,
    tradeId: trade.tid,
    side: sideOf(trade.side),
    time: timeOf(trade.time),
  }
  emitTrade(out, fields, decimalFromText, raw)
}

/** A level is null where a side has no orders. */
const NO_ORDERS = { px: '0', sz: '0' }

function decodeQuote(data: unknown, out: Sink): void {
  const { coin, time, bbo } = isObject(data) ? data : {}
  const [bid, ask] = (Array.isArray(bbo) ? bbo : []).map(level => (level === null ? NO_ORDERS : level))
  const { px: bidPrice, sz: bidSize } = isObject(bid) ? bid : {}
  const { px: askPrice, sz: askSize } = isObject(ask) ? ask : {}
  const fields = { symbol: coin, bidPrice, bidSize, askPrice, askSize, sequence: 0, time: timeOf(time) }
  emitQuote(out, fields, decimalFromText)
}

function sideOf(side: unknown): Side | undefined {
  if (side === 'B') return SIDE.buy
  return side === 'A' ? SIDE.sell : undefined
}

/** Ms since 1970 UTC. */
function timeOf(time: unknown): { micros: number; nanos: number } | undefined {
  return Number.isSafeInteger(time) ? { micros: (time as number) * 1000, nanos: 0 } : undefined
}

/** An answer repeats the request. */
function decodeAnswer(data: unknown, out: Sink): void {
  const { method, subscription } = isObject(data) ? data : {}
  const { type, coin } = isObject(subscription) ? subscription : {}
  const channel = kindOf(type)
  if (channel === undefined) out.ignore()
  else if (typeof coin !== 'string') out.refuse('malformed_frame', `an answer: coin ${show(coin)}`)
  else if (method === 'subscribe') out.control({ kind: 'subscribed', symbols: [coin], channel })
  else if (method === 'unsubscribe') out.control({ kind: 'ended', symbols: [coin], channel })
  else out.refuse('unknown_message', `an answer: method ${show(method)}`)
}

/** An error is a text, which repeats the refused subscription as JSON. */
function decodeError(text: unknown, out: Sink): void {
  const detail = typeof text === 'string' && text !== '' ? text : 'an error without a text'
  const coin = /"coin":"([^"\\]+)"/.exec(detail)?.[1]
  const channel = kindOf(/"type":"(\w+)"/.exec(detail)?.[1])
  if (coin !== undefined) out.control({ kind: 'rejected', detail, symbols: [coin], ...(channel && { channel }) })
  else out.control({ kind: /subscri/i.test(detail) ? 'rejected' : 'error', detail })
}
