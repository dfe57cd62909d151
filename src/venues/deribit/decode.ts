/**
 * Deribit, channel `trades.<instrument>.100ms`: https://docs.deribit.com/subscriptions/trades/tradesinstrument_nameinterval.
 * A frame contains the trades of 100 ms, each by itself; without a login none comes sooner. The side is the taker's. The
 * id stored is `trade_seq`, the number of the trade within its instrument: it rises by one, and the venue's REST API
 * finds trades by it. `trade_id` is text, and shared by many instruments. An amount is in USD for inverse futures, else
 * in the base currency. Channel `quote.<instrument>`: https://docs.deribit.com/subscriptions/market-data/quoteinstrument_name,
 * each change of the best bid or ask, without a number.
 */
import { decimalFromNumber } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import { decodeItems, emitTrade, readMessage, readMs, readSide, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { deribitInstruments } from './instruments.ts'
import { deribitRepair } from './repair.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

const INTERVAL = '.100ms'
/** The instrument of a channel of each kind. */
const CHANNELS: Readonly<Record<string, RegExp>> = {
  trades: /^trades\.(.+)\.(?:100ms|agg2|raw)$/,
  quotes: /^quote\.(.+)$/,
}
const PING = 'test'
/** The id of an end of subscriptions. */
const UNSUBSCRIBE = 'unsubscribe'

export const deribit: Venue = {
  name: 'deribit',
  ws: 'wss://www.deribit.com/ws/api/v2',
  rest: 'https://www.deribit.com',
  ids: 'dense',
  kinds: [['trades', 'quotes']],
  defaultSymbols: ['BTC-PERPETUAL', 'ETH-PERPETUAL', 'SOL_USDC-PERPETUAL', 'XRP_USDC-PERPETUAL', 'DOGE_USDC-PERPETUAL'],
  // 32 connections from one address. Requests without a login have no stated limit; with one they are 20 a second,
  // subscriptions about 3.
  limits: { symbolsPerConnection: 100, framesPerSecond: 3 },
  instruments: deribitInstruments,
  contracts: { volumes: 'amounts', isInverse: (_, quote) => quote === 'USD' },
  repair: deribitRepair,
  // The server answers each request.
  silenceMsMax: 40_000,
  keepAlive: {
    everyMs: 15_000,
    frame: JSON.stringify({ jsonrpc: '2.0', id: PING, method: 'public/test', params: {} }),
  },
  acknowledges: true,
  url: base => base,
  subscribe,
  resubscribe: subscribe,
  unsubscribe,
  frameOf: item => `{"method":"subscription","params":{"channel":"trades.any.100ms","data":[${item}]}}`,
  decoder: () => decode,
}

/** One frame a symbol, with its channels as its id: an answer only lists what was subscribed to, nothing for a refusal. */
function subscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return symbols.map(symbol => {
    const channels = channelsOf([symbol], kinds)
    return JSON.stringify({ jsonrpc: '2.0', id: channels.join(' '), method: 'public/subscribe', params: { channels } })
  })
}

/** One frame for all, with an id that is no channel: its answer lists what was ended, and is no confirmation. */
function unsubscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  const channels = channelsOf(symbols, kinds)
  return [JSON.stringify({ jsonrpc: '2.0', id: UNSUBSCRIBE, method: 'public/unsubscribe', params: { channels } })]
}

function channelsOf(symbols: readonly string[], kinds: readonly string[]): string[] {
  return kinds.flatMap(kind =>
    symbols.map(symbol => (kind === 'quotes' ? `quote.${symbol}` : `trades.${symbol}${INTERVAL}`)),
  )
}

/** Channels that are known and not recorded. */
const NOT_RECORDED = /^(?:book|ticker|incremental_ticker|chart|perpetual|markprice|deribit_\w+|platform_state)\b/

function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { method, params, result, error } = message
  const { channel, data } = isObject(params) ? params : {}
  if (method === 'heartbeat') out.control({ kind: 'heartbeat' })
  else if (isObject(error)) decodeError(message.id, error, out)
  else if (result !== undefined) decodeAnswer(message.id, result, out)
  else if (method !== 'subscription') out.refuse('unknown_message', `method ${show(method)}`)
  else if (typeof channel === 'string' && CHANNELS.trades!.test(channel))
    decodeItems(data, frame, out, decodeTrade, ['params', 'data'])
  else if (typeof channel === 'string' && CHANNELS.quotes!.test(channel)) decodeQuote(data, out)
  else if (typeof channel === 'string' && NOT_RECORDED.test(channel)) out.ignore()
  else out.refuse('unknown_message', `channel ${show(channel)}`)
}

function decodeTrade(trade: JsonObject, out: Sink, raw: () => string | undefined): void {
  const fields = {
    symbol: trade.instrument_name,
    price: trade.price,
    volume: trade.amount,
    tradeId: trade.trade_seq,
    side: readSide(trade.direction),
    time: readMs(trade.timestamp),
  }
  emitTrade(out, fields, decimalFromNumber, raw)
}

/** A price or size is null where a side has no orders. */
const orNone = (value: unknown): unknown => (value === null ? 0 : value)

function decodeQuote(data: unknown, out: Sink): void {
  const quote = isObject(data) ? data : {}
  const fields = {
    symbol: quote.instrument_name,
    bidPrice: orNone(quote.best_bid_price),
    bidSize: orNone(quote.best_bid_amount),
    askPrice: orNone(quote.best_ask_price),
    askSize: orNone(quote.best_ask_amount),
    sequence: 0,
    time: readMs(quote.timestamp),
  }
  emitQuote(out, fields, decimalFromNumber)
}

/** The symbols of channels by kind. */
function symbolsByKind(channels: readonly unknown[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const channel of channels) {
    for (const [kind, form] of Object.entries(CHANNELS)) {
      const symbol = typeof channel === 'string' ? form.exec(channel)?.[1] : undefined
      if (symbol !== undefined) found.set(kind, [...(found.get(kind) ?? []), symbol])
    }
  }
  return found
}

/** The channels of a request, from its id. */
const requestedBy = (id: unknown): string[] => (typeof id === 'string' ? id.split(' ') : [])

/** The answer to a subscription lists the channels that exist. Any other is the answer to our ping. */
function decodeAnswer(id: unknown, result: unknown, out: Sink): void {
  const listed = Array.isArray(result) ? result : []
  const kind = id === UNSUBSCRIBE ? 'ended' : 'subscribed'
  const confirmed = symbolsByKind(listed)
  const refused = symbolsByKind(requestedBy(id).filter(channel => !listed.includes(channel)))
  for (const [channel, symbols] of confirmed) out.control({ kind, symbols, channel })
  const detail = 'not listed: the answer confirms no channel'
  for (const [channel, symbols] of refused) out.control({ kind: 'rejected', detail, symbols, channel })
  if (confirmed.size + refused.size === 0) out.control({ kind: 'heartbeat' })
}

/** https://docs.deribit.com/articles/errors. */
const TOO_MANY_REQUESTS = 10_028

function decodeError(id: unknown, { code, message, data }: JsonObject, out: Sink): void {
  const reason = isObject(data) && data.reason !== undefined ? `: ${show(data.reason)}` : ''
  const detail = `${show(message)} (code ${show(code)})${reason}`
  const refused = symbolsByKind(requestedBy(id))
  if (code === TOO_MANY_REQUESTS) out.control({ kind: 'rate_limited', detail })
  else if (refused.size > 0)
    for (const [channel, symbols] of refused) out.control({ kind: 'rejected', detail, symbols, channel })
  else out.control({ kind: 'error', detail })
}
