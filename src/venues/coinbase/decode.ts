/**
 * Coinbase Exchange, channels `matches`, `heartbeat` and, for quotes, `level2_batch`:
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/channels. The feed states the maker's side; the taker's is the
 * opposite. The first match after subscribing comes as `last_match`: a real earlier trade, recorded like any other: a
 * repeat is known by its id.
 */
import { parseRfc3339 } from '../../tick/time.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitTrade, readMessage, readSide, show } from '../read-trade.ts'
import type { Control, Decode, Sink, Venue } from '../venue.ts'
import { coinbaseInstruments } from './instruments.ts'
import { Level2 } from './level2.ts'
import { coinbaseRepair } from './repair.ts'
import { opposite } from './side.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

export const coinbase: Venue = {
  name: 'coinbase',
  ws: 'wss://ws-feed.exchange.coinbase.com',
  rest: 'https://api.exchange.coinbase.com',
  ids: 'dense',
  kinds: [['trades', 'quotes']],
  defaultSymbols: ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD', 'DOGE-USD'],
  limits: { symbolsPerConnection: 40, framesPerSecond: 8 },
  spelling: 'capitals',
  instruments: coinbaseInstruments,
  repair: coinbaseRepair,
  // The heartbeat channel beats once a second for each symbol.
  silenceMsMax: 10_000,
  acknowledges: true,
  url: base => base,
  // One frame for each symbol: the server refuses a whole frame for one unknown symbol in it.
  subscribe,
  resubscribe: subscribe,
  unsubscribe: (symbols, kinds) => requests('unsubscribe', symbols, kinds),
  decoder: () => {
    const level2 = new Level2()
    const decode: Decode = (frame, out) => {
      if (!decodeUsualTicks(frame, out)) decodeAny(frame, out, level2)
    }
    decode.addressed = frame => {
      const { type, product_ids: products, channels } = JSON.parse(frame) as ReturnType<typeof request>
      if (channels.includes(LEVEL2)) level2.request(products, type === 'subscribe')
      return frame
    }
    return decode
  },
}

const LEVEL2 = 'level2_batch'
/** The channels of each kind. The server confirms `level2_batch` under the name `level2_50`. */
const CHANNELS: Readonly<Record<string, readonly string[]>> = {
  trades: ['matches', 'heartbeat'],
  quotes: [LEVEL2],
}
const CONFIRMED_AS: Readonly<Record<string, RegExp>> = { trades: /^matches$/, quotes: /^level2/ }

function subscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return requests('subscribe', symbols, kinds)
}

function requests(type: string, symbols: readonly string[], kinds: readonly string[]): string[] {
  const channels = kinds.flatMap(kind => CHANNELS[kind]!)
  return symbols.map(symbol => JSON.stringify(request(type, symbol, channels)))
}

const request = (type: string, symbol: string, channels: readonly string[]) => ({
  type,
  product_ids: [symbol],
  channels,
})

/** Kinds of message that are known and not recorded. */
const NOT_RECORDED = new Set([
  'ticker',
  'ticker_batch',
  'status',
  'auction',
  'rfq_match',
  'received',
  'open',
  'done',
  'change',
  'activate',
])

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink, level2 = new Level2()): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { type } = message
  if (type === 'match' || type === 'last_match') decodeMatch(message, out)
  else if (type === 'heartbeat') out.control(heartbeat(message))
  else if (type === 'l2update') level2.update(message, out)
  else if (type === 'snapshot') level2.snapshot(message, out)
  else if (type === 'subscriptions') decodeSubscriptions(message, out)
  else if (type === 'error') decodeError(message, out)
  else if (typeof type === 'string' && NOT_RECORDED.has(type)) out.ignore()
  else out.refuse('unknown_message', `type ${show(type)}`)
}

function decodeMatch(match: JsonObject, out: Sink): void {
  emitTrade(
    out,
    {
      symbol: match.product_id,
      price: match.price,
      volume: match.size,
      tradeId: match.trade_id,
      side: opposite(readSide(match.side)),
      time: typeof match.time === 'string' ? parseRfc3339(match.time) : undefined,
    },
    decimalFromText,
  )
}

/** Only some errors are about a subscription; `ErrSlowConsume`, for example, is about our reading. */
function decodeError({ message, reason }: JsonObject, out: Sink): void {
  const detail =
    [message, reason]
      .filter(part => part !== undefined)
      .map(show)
      .join(': ') || 'an error without a text'
  const isRejection = /subscri|product/i.test(`${String(message)} ${String(reason)}`)
  out.control({ kind: isRejection ? 'rejected' : 'error', detail })
}

/** Its last trade id is 0 where the server does not know it. */
function heartbeat({ product_id: symbol, last_trade_id: lastTradeId }: JsonObject): Control {
  return typeof symbol === 'string' && typeof lastTradeId === 'number'
    ? { kind: 'heartbeat', symbol, lastTradeId }
    : { kind: 'heartbeat' }
}

/** The symbols that we now get of each kind: the answer lists all channels of the connection. */
function decodeSubscriptions(message: JsonObject, out: Sink): void {
  const channels = Array.isArray(message.channels) ? message.channels.filter(isObject) : []
  for (const [kind, name] of Object.entries(CONFIRMED_AS)) {
    const found = channels.find(channel => typeof channel.name === 'string' && name.test(channel.name))
    const ids = Array.isArray(found?.product_ids) ? found.product_ids : []
    const symbols = ids.filter(symbol => typeof symbol === 'string')
    out.control({ kind: 'subscribed', symbols, all: true, channel: kind })
  }
}
