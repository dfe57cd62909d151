/**
 * Kraken spot, WebSocket v2, channel `trade`: https://docs.kraken.com/api/docs/websocket-v2/trade. A frame contains
 * several trades; prices and quantities are JSON numbers; the side is the taker's. After subscribing, the server sends
 * a snapshot of the last trades: they are recorded too, since they fill a short outage, and repeats are known by their
 * ids.
 */
import { parseRfc3339 } from '../../tick/time.ts'
import { decimalFromNumber } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { decodeTrades, emitTrade, readMessage, readSide, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { krakenInstruments } from './instruments.ts'

export const kraken: Venue = {
  name: 'kraken',
  ws: 'wss://ws.kraken.com/v2',
  rest: 'https://api.kraken.com',
  ids: 'dense',
  defaultSymbols: ['BTC/USD', 'ETH/USD', 'SOL/USD', 'XRP/USD', 'DOGE/USD'],
  // No limit on connects is documented; the venue's proxy reportedly counts 150 in ten minutes from one address.
  limits: { symbolsPerConnection: 100, framesPerSecond: 5, connectsPerFiveMinutes: 75 },
  instruments: krakenInstruments,
  // A heartbeat comes every second in which nothing else does.
  silenceMsMax: 10_000,
  acknowledges: true,
  url: base => base,
  // One frame for all: the server answers for each symbol.
  subscribe,
  resubscribe: subscribe,
  frameOf: item => `{"channel":"trade","type":"update","data":[${item}]}`,
  decode,
}

function subscribe(symbols: readonly string[]): string[] {
  return [JSON.stringify({ method: 'subscribe', params: { channel: 'trade', symbol: symbols, snapshot: true } })]
}

/** Channels that are known and not recorded. */
const NOT_RECORDED = new Set(['ticker', 'book', 'ohlc', 'instrument', 'level3'])

function decode(frame: Buffer, out: Sink): void {
  const message = readMessage(frame, out)
  if (!message) return

  const { channel, method } = message
  if (channel === 'trade') decodeTrades(message.data, frame, out, decodeTrade)
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

/** The server ends a subscription with the answer to an unsubscription, which we never request. */
function decodeAnswer(answer: JsonObject, method: 'subscribe' | 'unsubscribe', out: Sink): void {
  const symbol = isObject(answer.result) ? answer.result.symbol : answer.symbol
  const symbols = typeof symbol === 'string' ? [symbol] : undefined
  if (answer.success === true && method === 'unsubscribe') {
    if (symbols) out.control({ kind: 'ended', symbols })
    else out.refuse('malformed_frame', 'an unsubscription that names no symbol')
  } else if (answer.success === true) {
    out.control(symbols ? { kind: 'subscribed', symbols } : { kind: 'subscribed' })
  } else if (answer.success === false) {
    const detail = show(answer.error)
    out.control(symbols ? { kind: 'rejected', detail, symbols } : { kind: 'rejected', detail })
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
