/**
 * Bybit v5 spot, topic `publicTrade.<symbol>`: https://bybit-exchange.github.io/docs/v5/websocket/public/trade. A frame
 * contains several trades; the side is the taker's. Ids of spot trades are integers in quotes, beyond 2^53, that rise
 * with holes. Those of derivatives are UUIDs: their sockets have other addresses and are not recorded.
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { decodeItems, emitTrade, idFromText, readMessage, readMs, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { bybitInstruments } from './instruments.ts'
import { decodeUsualTrades } from './usual-trades.ts'

const TOPIC = 'publicTrade.'

export const bybit: Venue = {
  name: 'bybit',
  ws: 'wss://stream.bybit.com/v5/public/spot',
  rest: 'https://api.bybit.com',
  ids: 'rising',
  kinds: [['trades']],
  defaultSymbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'DOGEUSDT'],
  // Neither symbols nor frames have a documented limit; connects do.
  limits: { symbolsPerConnection: 100, framesPerSecond: 8, connectsPerFiveMinutes: 500 },
  instruments: bybitInstruments('spot'),
  // The document wants a ping every 20 s; the server answers each.
  silenceMsMax: 45_000,
  keepAlive: { everyMs: 20_000, frame: '{"op":"ping"}' },
  acknowledges: true,
  spelling: 'capitals',
  url: base => base,
  subscribe,
  resubscribe: subscribe,
  unsubscribe: symbols => requests('unsubscribe', symbols),
  frameOf: item => `{"topic":"publicTrade","data":[${item}]}`,
  decoder: () => decode,
}

/**
 * One frame a symbol: an answer names nothing but the id of its request, and is about the request as a whole.
 */
function subscribe(symbols: readonly string[]): string[] {
  return requests('subscribe', symbols)
}

function requests(op: string, symbols: readonly string[]): string[] {
  return symbols.map(symbol => {
    const topic = TOPIC + symbol
    return JSON.stringify({ req_id: topic, op, args: [topic] })
  })
}

/** Topics that are known and not recorded. */
const NOT_RECORDED = /^(?:orderbook|tickers|kline|rpi_?orderbook|liquidation|allLiquidation)\./i

function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTrades(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { topic, op } = message
  if (typeof topic === 'string' && topic.startsWith('publicTrade')) decodeItems(message.data, frame, out, decodeTrade)
  else if (typeof topic === 'string' && NOT_RECORDED.test(topic)) out.ignore()
  else if (topic !== undefined) out.refuse('unknown_message', `topic ${show(topic)}`)
  else if (op === 'subscribe') decodeAnswer(message, out)
  else if (op === 'unsubscribe') decodeEnd(message, out)
  else if (message.ret_msg === 'pong' || op === 'pong') out.control({ kind: 'heartbeat' })
  else if (message.success === false) out.control({ kind: 'error', detail: show(message.ret_msg) })
  else out.refuse('unknown_message', `op ${show(op)}`)
}

function decodeTrade(trade: JsonObject, out: Sink, raw: () => string | undefined): void {
  const fields = {
    symbol: trade.s,
    price: trade.p,
    volume: trade.v,
    tradeId: trade.i,
    side: sideOf(trade.S),
    time: readMs(trade.T),
  }
  emitTrade(out, fields, decimalFromText, raw, idFromText)
}

function sideOf(side: unknown): Side | undefined {
  if (side === 'Buy') return SIDE.buy
  return side === 'Sell' ? SIDE.sell : undefined
}

/** The answer to the end of a subscription: a refusal means that there was none. */
function decodeEnd({ success, ret_msg: text, req_id: id }: JsonObject, out: Sink): void {
  if (typeof id === 'string' && id.startsWith(TOPIC) && typeof success === 'boolean')
    out.control({ kind: 'ended', symbols: [id.slice(TOPIC.length)] })
  else out.control({ kind: 'error', detail: show(text) })
}

/**
 * The answer to a subscription: `req_id` is the one sent, so the topic. A second subscription to a topic is refused as
 * `already subscribed`.
 */
function decodeAnswer({ success, ret_msg: text, req_id: id }: JsonObject, out: Sink): void {
  const symbols = typeof id === 'string' && id.startsWith(TOPIC) ? [id.slice(TOPIC.length)] : undefined
  if (success === true) {
    out.control(symbols ? { kind: 'subscribed', symbols } : { kind: 'subscribed' })
  } else if (success === false) {
    const detail = show(text)
    out.control(symbols ? { kind: 'rejected', detail, symbols } : { kind: 'rejected', detail })
  } else out.refuse('malformed_frame', 'an answer that states neither success nor failure')
}
