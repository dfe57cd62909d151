/**
 * Bybit v5, spot, linear contracts (perpetuals and futures in USDT and USDC) and inverse ones (in the coin itself, whose
 * volumes are in USD), which have sockets of their own:
 *
 * - topic `publicTrade.<symbol>`: https://bybit-exchange.github.io/docs/v5/websocket/public/trade. A frame contains
 *   several trades; the side is the taker's. Ids of spot trades are integers in quotes, beyond 2^53, that rise with
 *   holes. Those of contracts are UUIDs: stored is a hash of 64 bits.
 * - topic `orderbook.1.<symbol>`: https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook. Each frame is the
 *   whole top of the book with the time of the matching engine, at most every 10 ms. `u` numbers the updates of a symbol
 *   and restarts at 1 with the venue's service.
 * - of contracts, mark prices and liquidations: see `derivatives.ts`.
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { bestLevel, emitQuote } from '../read-quote.ts'
import { decodeItems, emitTrade, idFromText, readId, readMessage, readMs, show } from '../read-trade.ts'
import type { Decode, Sink, Venue } from '../venue.ts'
import { ChangedQuotes, type LastUpdates } from './changed-quotes.ts'
import { decodeLiquidations, decodeTicker, type LastTickers } from './derivatives.ts'
import { bybitInstruments } from './instruments.ts'
import { decodeUsualContractTicks, decodeUsualTicks } from './usual-ticks.ts'

/** What differs between the venue's markets. */
interface Market extends Pick<Venue, 'name' | 'ids' | 'kinds' | 'decoder' | 'defaultSymbols' | 'contracts'> {
  category: 'spot' | 'linear' | 'inverse'
}

/** Reads the id of a trade. */
type ReadId = (value: unknown) => number | bigint | undefined

/** Decodes any frame of spot, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export const decodeAny: Decode = (frame, out) => anyDecoder(idFromText)(frame, out)

/** The same for contracts. */
export const decodeAnyContract: Decode = (frame, out) => anyDecoder(idFromUuid, new Map(), new Map())(frame, out)

export const bybit: Venue = marketOf({
  name: 'bybit',
  category: 'spot',
  defaultSymbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'DOGEUSDT'],
  ids: 'rising',
  kinds: [['trades', 'quotes']],
  decoder: () => {
    const lastUpdates: LastUpdates = new Map()
    return decoderOf(decodeUsualTicks, anyDecoder(idFromText, lastUpdates), lastUpdates)
  },
})

/** What both markets of contracts have in common. */
const CONTRACTS: Pick<Venue, 'ids' | 'kinds' | 'decoder'> = {
  ids: 'opaque',
  kinds: [
    ['trades', 'quotes'],
    ['marks', 'liquidations'],
  ],
  decoder: () => {
    const lastUpdates: LastUpdates = new Map()
    return decoderOf(decodeUsualContractTicks, anyDecoder(idFromUuid, lastUpdates, new Map()), lastUpdates)
  },
}

export const bybitLinear: Venue = marketOf({
  name: 'bybitlinear',
  category: 'linear',
  defaultSymbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'DOGEUSDT'],
  ...CONTRACTS,
})

export const bybitInverse: Venue = marketOf({
  name: 'bybitinverse',
  category: 'inverse',
  defaultSymbols: ['BTCUSD', 'ETHUSD', 'XRPUSD', 'SOLUSD'],
  contracts: { volumes: 'amounts', isInverse: () => true },
  ...CONTRACTS,
})

/** Tries the fast way first. `lastUpdates` are those that `other` follows too. */
function decoderOf(usual: typeof decodeUsualTicks, other: Decode, lastUpdates: LastUpdates): Decode {
  const changed = new ChangedQuotes(lastUpdates)
  return (frame, out) => {
    if (!usual(frame, changed.to(out))) other(frame, out)
  }
}

/** The topic of each kind, before its symbol. */
const TOPICS: Readonly<Record<string, string>> = {
  trades: 'publicTrade.',
  quotes: 'orderbook.1.',
  marks: 'tickers.',
  liquidations: 'allLiquidation.',
}

function marketOf({ category, ...market }: Market): Venue {
  return {
    ...market,
    ws: `wss://stream.bybit.com/v5/public/${category}`,
    rest: 'https://api.bybit.com',
    // Neither symbols nor frames have a documented limit; connects do.
    limits: { symbolsPerConnection: 100, framesPerSecond: 8, connectsPerFiveMinutes: 500 },
    instruments: bybitInstruments(category),
    // The document wants a ping every 20 s; the server answers each.
    silenceMsMax: 45_000,
    keepAlive: { everyMs: 20_000, frame: '{"op":"ping"}' },
    acknowledges: true,
    spelling: 'capitals',
    url: base => base,
    subscribe: (symbols, kinds) => requests('subscribe', symbols, kinds),
    resubscribe: (symbols, kinds) => requests('subscribe', symbols, kinds),
    unsubscribe: (symbols, kinds) => requests('unsubscribe', symbols, kinds),
    frameOf: item => `{"topic":"publicTrade","data":[${item}]}`,
  }
}

/**
 * One frame a topic: an answer names nothing but the id of its request, and is about the request as a whole.
 */
function requests(op: string, symbols: readonly string[], kinds: readonly string[]): string[] {
  const topics = kinds.flatMap(kind => symbols.map(symbol => TOPICS[kind] + symbol))
  return topics.map(topic => JSON.stringify({ req_id: topic, op, args: [topic] }))
}

/** Topics that are known and not recorded, or, of contracts, read before. */
const NOT_RECORDED = /^(?:orderbook|tickers|kline|rpi_?orderbook|liquidation|allLiquidation)\./i

/**
 * Keeps the number of the last update of each symbol: the venue repeats it while the book does not change. With
 * `lastTickers` it reads mark prices and liquidations.
 */
function anyDecoder(id: ReadId, lastUpdates: LastUpdates = new Map(), lastTickers?: LastTickers): Decode {
  const decodeTrade = (trade: JsonObject, out: Sink, raw: () => string | undefined): void => {
    const fields = {
      symbol: trade.s,
      price: trade.p,
      volume: trade.v,
      tradeId: trade.i,
      side: sideOf(trade.S),
      time: readMs(trade.T),
    }
    emitTrade(out, fields, decimalFromText, raw, id)
  }
  return (frame, out) => {
    const message = readMessage(frame, out)
    if (!message) return

    const { topic, op } = message
    if (lastTickers && typeof topic === 'string') {
      if (topic.startsWith(TOPICS.marks!)) return decodeTicker(message, lastTickers, out)
      if (topic.startsWith(TOPICS.liquidations!)) return decodeLiquidations(topic, message.data, frame, out)
    }
    if (typeof topic === 'string' && topic.startsWith('publicTrade')) decodeItems(message.data, frame, out, decodeTrade)
    else if (typeof topic === 'string' && topic.startsWith(TOPICS.quotes!)) decodeQuote(message, lastUpdates, out)
    else if (typeof topic === 'string' && NOT_RECORDED.test(topic)) out.ignore()
    else if (topic !== undefined) out.refuse('unknown_message', `topic ${show(topic)}`)
    else if (op === 'subscribe') decodeAnswer(message, out)
    else if (op === 'unsubscribe') decodeEnd(message, out)
    else if (message.ret_msg === 'pong' || op === 'pong') out.control({ kind: 'heartbeat' })
    else if (message.success === false) out.control({ kind: 'error', detail: show(message.ret_msg) })
    else out.refuse('unknown_message', `op ${show(op)}`)
  }
}

/**
 * After 3 s without a change the last quote comes again, with the same `u`: no new quote, but a sign that the symbol is
 * still subscribed. Differences (`delta`) came until 2023; the document of today knows only whole tops.
 */
function decodeQuote({ type, data, cts }: JsonObject, lastUpdates: LastUpdates, out: Sink): void {
  if (type !== 'snapshot') {
    out.refuse('unknown_message', `orderbook.1 of type ${show(type)}`)
    return
  }
  if (!isObject(data)) {
    out.refuse('malformed_frame', `data ${show(data)}`)
    return
  }
  const { s: symbol, b: bids, a: asks } = data
  const sequence = readId(data.u)
  if (typeof symbol === 'string' && sequence !== undefined) {
    if (lastUpdates.get(symbol) === sequence) {
      out.control({ kind: 'heartbeat', symbol, channel: 'quotes' })
      return
    }
    lastUpdates.set(symbol, sequence)
  }
  const [bidPrice, bidSize] = bestLevel(bids)
  const [askPrice, askSize] = bestLevel(asks)
  emitQuote(out, { symbol, bidPrice, bidSize, askPrice, askSize, sequence, time: readMs(cts) }, decimalFromText)
}

function sideOf(side: unknown): Side | undefined {
  if (side === 'Buy') return SIDE.buy
  return side === 'Sell' ? SIDE.sell : undefined
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

/** The exclusive or of a UUID's halves: 64 bits that differ where the UUIDs do, but for a chance of 1 in 2^64. */
function idFromUuid(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || !UUID.test(value)) return undefined
  const digits = value.replaceAll('-', '')
  return BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`)
}

/** What an answer is about: `req_id` is the one sent, so the topic. */
function topicOf({ req_id: id }: JsonObject): { symbols: string[]; channel: string } | undefined {
  const [channel, topic] = Object.entries(TOPICS).find(([, topic]) => String(id).startsWith(topic)) ?? []
  return topic === undefined ? undefined : { symbols: [String(id).slice(topic.length)], channel: channel! }
}

/** The answer to the end of a subscription: a refusal means that there was none. */
function decodeEnd(answer: JsonObject, out: Sink): void {
  const about = topicOf(answer)
  if (about && typeof answer.success === 'boolean') out.control({ kind: 'ended', ...about })
  else out.control({ kind: 'error', detail: show(answer.ret_msg) })
}

/** The answer to a subscription. A second one to a topic is refused as `already subscribed`. */
function decodeAnswer(answer: JsonObject, out: Sink): void {
  const { success, ret_msg: text } = answer
  if (success === true) out.control({ kind: 'subscribed', ...topicOf(answer) })
  else if (success === false) out.control({ kind: 'rejected', detail: show(text), ...topicOf(answer) })
  else out.refuse('malformed_frame', 'an answer that states neither success nor failure')
}
