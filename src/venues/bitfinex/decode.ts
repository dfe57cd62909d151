/**
 * Bitfinex v2: https://docs.bitfinex.com/docs/ws-public. Frames name a channel by a number that the answer to the
 * subscription states, so a decoder belongs to one socket.
 *
 * - Channel `trades`: a list of the last trades, newest first, then each trade twice with one id: `te` immediately and `tu` when
 *   it is settled. Recorded is `te`, which comes first and has all fields; `tu` is passed over. The sign of the amount is
 *   the taker's side. Ids rise with holes: all symbols share them.
 * - Channel `book` with one level a side: updates of a book without numbers or times of their own, so that quotes are the top of
 *   a book that we build (`derived`), with the time of the frame.
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromNumber } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitTrade, readJson, readMs, show } from '../read-trade.ts'
import type { Decode, Sink, Venue } from '../venue.ts'
import { emitBook, TopOfBook } from './book.ts'
import { decodeError, decodeInfo } from './events.ts'
import { bitfinexInstruments } from './instruments.ts'
import { named, unsigned } from './items.ts'
import { usualTradesDecoder } from './usual-trades.ts'

/** The channel of each kind, with its options. */
const CHANNELS: Readonly<Record<string, JsonObject>> = {
  trades: { channel: 'trades' },
  quotes: { channel: 'book', prec: 'P0', freq: 'F0', len: '1' },
}

/** Adds the time of the server to each frame of a channel, as its last value. */
const TIMESTAMP = 32_768

export const bitfinex: Venue = {
  name: 'bitfinex',
  ws: 'wss://api-pub.bitfinex.com/ws/2',
  rest: 'https://api-pub.bitfinex.com',
  ids: 'rising',
  kinds: [['trades', 'quotes']],
  defaultSymbols: ['tBTCUSD', 'tETHUSD', 'tSOLUSD', 'tXRPUSD', 'tDOGE:USD'],
  // 25 channels, two a symbol. 20 connects a minute. No limit of frames is documented.
  limits: { symbolsPerConnection: 12, framesPerSecond: 8, connectsPerFiveMinutes: 100 },
  instruments: bitfinexInstruments,
  // Each channel has a heartbeat every 15 s.
  silenceMsMax: 45_000,
  acknowledges: true,
  prefixes: true,
  url: base => base,
  subscribe: (symbols, kinds) => [
    JSON.stringify({ event: 'conf', flags: TIMESTAMP }),
    ...requests('subscribe', symbols, kinds),
  ],
  resubscribe: (symbols, kinds) => requests('subscribe', symbols, kinds),
  unsubscribe: (symbols, kinds) => requests('unsubscribe', symbols, kinds),
  decoder,
}

function requests(event: string, symbols: readonly string[], kinds: readonly string[]): string[] {
  return kinds.flatMap(kind => symbols.map(symbol => JSON.stringify({ event, ...CHANNELS[kind], symbol })))
}

/** What a channel's number stands for. `kind` is undefined for a channel that is not recorded. */
interface Channel {
  symbol: string
  kind: string | undefined
  book: TopOfBook
}

/** The state of a socket. */
interface State {
  channels: Map<number, Channel>
  /** Frames end with the time of the server. */
  timed: boolean
}

function decoder(): Decode {
  const state: State = { channels: new Map(), timed: false }
  const decodeOther = anyDecoder(state)
  const decodeUsual = usualTradesDecoder(id => {
    const channel = state.channels.get(id)
    return channel?.kind === 'trades' ? channel.symbol : undefined
  })
  const decode: Decode = (frame, out) => {
    if (!decodeUsual(frame, out)) decodeOther(frame, out)
  }
  // The end of a subscription names the channel by its number alone.
  decode.addressed = frame => {
    const { event, channel, symbol } = JSON.parse(frame) as JsonObject
    if (event !== 'unsubscribe') return frame
    for (const [chanId, one] of state.channels)
      if (one.symbol === symbol && one.kind === kindOf(channel)) return JSON.stringify({ event, chanId })
    return frame
  }
  return decode
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function anyDecoder(state: State = { channels: new Map(), timed: false }): Decode {
  return (frame, out) => {
    const message = readJson(frame, out)
    if (message === undefined) return
    if (Array.isArray(message)) decodeChannel(message, state, out)
    else if (isObject(message)) decodeEvent(message, state, out)
    else out.refuse('malformed_frame', 'neither a JSON list nor an object')
  }
}

const kindOf = (channel: unknown): string | undefined =>
  Object.keys(CHANNELS).find(kind => CHANNELS[kind]!.channel === channel)

function decodeChannel(frame: readonly unknown[], { channels, timed }: State, out: Sink): void {
  const [chanId, type] = frame
  const channel = channels.get(chanId as number)
  if (type === 'hb') out.control({ kind: 'heartbeat' })
  else if (!channel) out.refuse('unknown_message', `channel ${show(chanId)}`)
  else if (channel.kind === 'trades') decodeTrades(channel.symbol, type, frame[2], out)
  else if (channel.kind === 'quotes' && type !== 'cs')
    emitBook(channel.symbol, channel.book, type, timed ? readMs(frame.at(-1)) : null, out)
  else out.ignore()
}

function decodeTrades(symbol: string, type: unknown, trade: unknown, out: Sink): void {
  if (type === 'te') decodeTrade(symbol, trade, out)
  else if (type === 'tu') out.ignore()
  else if (!Array.isArray(type)) out.refuse('unknown_message', `trades ${show(type)}`, named('trades', symbol, type))
  else if (type.length === 0) out.control({ kind: 'heartbeat' })
  // Newest first.
  else for (let at = type.length - 1; at >= 0; at--) decodeTrade(symbol, type[at], out)
}

/** `[id, ms, amount, price]`. More values may follow. */
function decodeTrade(symbol: string, trade: unknown, out: Sink): void {
  const raw = () => named('trades', symbol, trade)
  if (!Array.isArray(trade)) {
    out.refuse('malformed_frame', `trade ${show(trade)}`, raw())
    return
  }
  const [tradeId, ms, amount, price] = trade
  const fields = { symbol, price, volume: unsigned(amount), tradeId, side: sideOf(amount), time: readMs(ms) }
  emitTrade(out, fields, decimalFromNumber, raw)
}

function sideOf(amount: unknown): Side | undefined {
  const value = decimalFromNumber(amount)
  if (value > 0) return SIDE.buy
  return value < 0 ? SIDE.sell : undefined
}

function decodeEvent(message: JsonObject, state: State, out: Sink): void {
  const { event, channel, symbol, chanId, len } = message
  if (event === undefined && channel === 'trades' && typeof symbol === 'string') decodeTrade(symbol, message.data, out)
  else if (event === 'info') decodeInfo(message, out)
  else if (event === 'conf') decodeConf(message, state, out)
  else if (event === 'pong') out.control({ kind: 'heartbeat' })
  else if (event === 'error') decodeError(message, kindOf(channel), out)
  else if (event === 'unsubscribed') decodeEnd(chanId, state, out)
  else if (event !== 'subscribed') out.refuse('unknown_message', `event ${show(event)}`)
  else if (typeof chanId !== 'number' || typeof symbol !== 'string')
    out.refuse('malformed_frame', `a subscription to ${show(symbol)} as channel ${show(chanId)}`)
  else {
    // Another depth than ours is a book that we do not build.
    const kind = channel === 'book' && String(len) !== '1' ? undefined : kindOf(channel)
    state.channels.set(chanId, { symbol, kind, book: new TopOfBook() })
    if (kind) out.control({ kind: 'subscribed', symbols: [symbol], channel: kind })
    else out.ignore()
  }
}

function decodeConf({ status, flags }: JsonObject, state: State, out: Sink): void {
  if (status !== 'OK') out.control({ kind: 'error', detail: `configuration ${show(status)}` })
  else {
    state.timed = typeof flags === 'number' && (flags & TIMESTAMP) !== 0
    out.control({ kind: 'heartbeat' })
  }
}

function decodeEnd(chanId: unknown, { channels }: State, out: Sink): void {
  const channel = channels.get(chanId as number)
  if (!channel) out.refuse('unknown_message', `the end of channel ${show(chanId)}`)
  else {
    channels.delete(chanId as number)
    if (channel.kind) out.control({ kind: 'ended', symbols: [channel.symbol], channel: channel.kind })
    else out.ignore()
  }
}
