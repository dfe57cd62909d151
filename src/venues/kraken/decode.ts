/**
 * Kraken spot, WebSocket v2, channel `trade`: https://docs.kraken.com/api/docs/websocket-v2/trade, and channel `ticker`
 * with `event_trigger` `bbo`, a quote at each change of the best bid or ask:
 * https://docs.kraken.com/api/docs/websocket-v2/ticker. A frame contains
 * several trades; prices and quantities are JSON numbers; the side is the taker's. After subscribing, the server sends
 * a snapshot of the last trades: they are recorded too, since they fill a short outage, and repeats are known by their
 * ids.
 */
import { parseRfc3339 } from '../../tick/time.ts'
import { krakenCandles } from '../candles/kraken.ts'
import { decimalFromNumber } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import { decodeItems, emitTrade, readMessage, readSide, show } from '../read-trade.ts'
import { type Sink, type Venue, WITNESS } from '../venue.ts'
import { krakenInstruments } from './instruments.ts'
import { decodeBar } from './ohlc.ts'
import { krakenRepair } from './repair.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

export const kraken: Venue = {
  name: 'kraken',
  ws: 'wss://ws.kraken.com/v2',
  rest: 'https://api.kraken.com',
  ids: 'dense',
  kinds: [['trades', 'quotes']],
  defaultSymbols: ['BTC/USD', 'ETH/USD', 'SOL/USD', 'XRP/USD', 'DOGE/USD'],
  // No limit on connects is documented; the venue's proxy reportedly counts 150 in ten minutes from one address.
  limits: { symbolsPerConnection: 100, framesPerSecond: 5, connectsPerFiveMinutes: 75 },
  instruments: krakenInstruments,
  repair: krakenRepair,
  candles: krakenCandles,
  // A heartbeat comes every second in which nothing else does.
  silenceMsMax: 10_000,
  acknowledges: true,
  witness: true,
  url: base => base,
  // One frame for all: the server answers for each symbol.
  subscribe,
  resubscribe: subscribe,
  unsubscribe: (symbols, kinds) => requests('unsubscribe', symbols, kinds),
  frameOf: item => `{"channel":"${item.includes('"bid"') ? 'ticker' : 'trade'}","type":"update","data":[${item}]}`,
  decoder: () => decode,
}

/** The channel of each kind. */
const CHANNELS: Readonly<Record<string, object>> = {
  trades: { channel: 'trade' },
  quotes: { channel: 'ticker', event_trigger: 'bbo' },
  // Bars of a minute. Those before the subscription are not needed.
  [WITNESS]: { channel: 'ohlc', interval: 1, snapshot: false },
}

function subscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return requests('subscribe', symbols, kinds, { snapshot: true })
}

function requests(method: string, symbols: readonly string[], kinds: readonly string[], options: object = {}) {
  return kinds.map(kind =>
    JSON.stringify({
      method,
      params: { ...CHANNELS[kind], ...(kind === WITNESS ? {} : options), symbol: symbols },
    }),
  )
}

/** Channels that are known and not recorded. */
const NOT_RECORDED = new Set(['book', 'instrument', 'level3'])

function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { channel, method } = message
  if (channel === 'trade') decodeItems(message.data, frame, out, decodeTrade)
  else if (channel === 'ticker') decodeItems(message.data, frame, out, decodeTicker)
  else if (channel === 'ohlc') decodeItems(message.data, frame, out, decodeBar)
  else if (channel === 'status') decodeStatus(message, out)
  else if (channel === 'heartbeat' || method === 'pong') out.control({ kind: 'heartbeat' })
  else if (method === 'subscribe' || method === 'unsubscribe') decodeAnswer(message, method, out)
  // A refusal of a request as a whole: "method":"error", or none.
  else if (channel === undefined && typeof message.error === 'string')
    decodeAnswer({ ...message, success: false }, 'subscribe', out)
  else if (typeof channel === 'string' && NOT_RECORDED.has(channel)) out.ignore()
  else out.refuse('unknown_message', channel === undefined ? `method ${show(method)}` : `channel ${show(channel)}`)
}

function decodeTrade(trade: JsonObject, out: Sink, raw: () => string | undefined): void {
  const fields = {
    symbol: trade.symbol,
    price: trade.price,
    volume: trade.qty,
    tradeId: trade.trade_id,
    side: readSide(trade.side),
    time: typeof trade.timestamp === 'string' ? parseRfc3339(trade.timestamp) : undefined,
  }
  emitTrade(out, fields, decimalFromNumber, raw)
}

/** Older servers send no time, or 1970. */
function decodeTicker(ticker: JsonObject, out: Sink, raw: () => string | undefined): void {
  const time = typeof ticker.timestamp === 'string' ? parseRfc3339(ticker.timestamp) : { micros: 0, nanos: 0 }
  const fields = {
    symbol: ticker.symbol,
    bidPrice: ticker.bid,
    bidSize: ticker.bid_qty,
    askPrice: ticker.ask,
    askSize: ticker.ask_qty,
    sequence: 0,
    time: time?.micros === 0 ? null : time,
  }
  emitQuote(out, fields, decimalFromNumber, raw)
}

/** The server ends a subscription with the answer to an unsubscription, also one that we did not request. */
function decodeAnswer(answer: JsonObject, method: 'subscribe' | 'unsubscribe', out: Sink): void {
  const result = isObject(answer.result) ? answer.result : answer
  const symbols = typeof result.symbol === 'string' ? [result.symbol] : undefined
  const kind = Object.keys(CHANNELS).find(name => Object.values(CHANNELS[name]!)[0] === result.channel)
  const about = { ...(symbols && { symbols }), ...(kind && { channel: kind }) }
  if (answer.success === true && method === 'unsubscribe') {
    if (symbols) out.control({ kind: 'ended', ...about, symbols })
    else out.refuse('malformed_frame', 'an unsubscription that names no symbol')
  } else if (answer.success === true) {
    out.control({ kind: 'subscribed', ...about })
  } else if (answer.success === false) {
    const detail = show(answer.error)
    out.control({ kind: 'rejected', detail, ...about })
  } else out.refuse('malformed_frame', 'an answer that states neither success nor failure')
}

/**
 * Comes after connecting and at each change: https://docs.kraken.com/exchange/api-reference/spot-websocket-v2/status.
 */
function decodeStatus({ data }: JsonObject, out: Sink): void {
  const status = Array.isArray(data) ? data.find(isObject) : undefined
  if (typeof status?.system !== 'string') {
    out.control({ kind: 'heartbeat' })
    return
  }
  const events = [status.upcoming_maintenance, status.emergency].flatMap(list => (Array.isArray(list) ? list : []))
  const upcoming = events.filter(isObject).map(describeEvent).join('; ')
  out.control({ kind: 'venue_state', state: status.system, upcoming })
}

function describeEvent(event: JsonObject): string {
  const { title, expected_start_utc: start, expected_end_utc: end, affected_services: services } = event
  const words = [typeof title === 'string' ? title : 'maintenance']
  if (typeof start === 'string') words.push(`from ${start}`)
  if (typeof end === 'string') words.push(`to ${end}`)
  if (Array.isArray(services) && services.length > 0) words.push(`(${services.join(', ')})`)
  return words.join(' ')
}
