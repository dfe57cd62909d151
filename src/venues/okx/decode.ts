/**
 * OKX v5, spot and contracts (`BTC-USDT-SWAP`, `BTC-USD-220624`, whose sizes are contracts): https://www.okx.com/docs-v5/en/.
 *
 * - Channel `trades-all` states every trade. The channel `trades` is not recorded: it joins trades of one taker at one
 *   price, whose ids and volumes are then lost. The side is the taker's. Ids are integers in quotes that rise by one
 *   within an instrument.
 * - Channel `bbo-tbt`, of another server path, is the whole top of the book, at most every 10 ms, with its `seqId`.
 * - Mark prices: see `marks.ts`. Channel `liquidation-orders` is not recorded: it cannot be subscribed to by instrument.
 */
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { bestLevel, emitQuote } from '../read-quote.ts'
import { decodeItems, emitTrade, idFromText, readId, readMessage, readSide, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { okxInstruments } from './instruments.ts'
import { decodeFunding, decodeMark, type LastFunding } from './marks.ts'
import { okxRepair } from './repair.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

const [TRADES, QUOTES, MARKS, FUNDING] = ['trades-all', 'bbo-tbt', 'mark-price', 'funding-rate']
/** The channels of each kind, and the path of their server. */
const CHANNELS: Readonly<Record<string, { channels: readonly string[]; path: string }>> = {
  trades: { channels: [TRADES], path: '/business' },
  quotes: { channels: [QUOTES], path: '/public' },
  marks: { channels: [MARKS, FUNDING], path: '/public' },
}
/** The answer to the text `ping`. It is not JSON. */
const PONG = Buffer.from('pong')

export const okx: Venue = {
  name: 'okx',
  ws: 'wss://ws.okx.com:8443/ws/v5',
  rest: 'https://www.okx.com',
  ids: 'dense',
  kinds: [['trades'], ['quotes'], ['marks']],
  defaultSymbols: ['BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT', 'DOGE-USDT'],
  // 3 connects a second from one address, 480 subscriptions an hour on one connection; a request takes up to 64 KB.
  limits: { symbolsPerConnection: 100, framesPerSecond: 3, connectsPerFiveMinutes: 900 },
  instruments: okxInstruments,
  // Those of a `_UM` family are priced in USD too, and settled in a stablecoin.
  contracts: { volumes: 'contracts', isInverse: (symbol, quote) => quote === 'USD' && !symbol.includes('_UM') },
  repair: okxRepair,
  // The server ends a connection on which nothing was sent for 30 s, and answers each ping.
  silenceMsMax: 40_000,
  keepAlive: { everyMs: 15_000, frame: 'ping' },
  acknowledges: true,
  spelling: 'capitals',
  url: (base, _, [kind]) => base + CHANNELS[kind!]!.path,
  // One frame for all: the server answers for each symbol.
  subscribe: (symbols, kinds) => requests('subscribe', symbols, kinds),
  resubscribe: (symbols, kinds) => requests('subscribe', symbols, kinds),
  unsubscribe: (symbols, kinds) => requests('unsubscribe', symbols, kinds),
  frameOf: item => (item.startsWith('{"arg"') ? item : `{"arg":{"channel":"${TRADES}"},"data":[${item}]}`),
  decoder: () => {
    const funding: LastFunding = new Map()
    return (frame, out) => {
      if (!decodeUsualTicks(frame, out)) decodeAny(frame, out, funding)
    }
  },
}

function requests(op: string, symbols: readonly string[], kinds: readonly string[]): string[] {
  const args = kinds.flatMap(kind =>
    symbols.flatMap(symbol =>
      CHANNELS[kind]!.channels.filter(channel => channel !== FUNDING || symbol.endsWith('-SWAP')).map(channel => ({
        channel,
        instId: symbol,
      })),
    ),
  )
  return [JSON.stringify({ op, args })]
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink, funding: LastFunding = new Map()): void {
  if (frame.equals(PONG)) {
    out.control({ kind: 'heartbeat' })
    return
  }
  const message = readMessage(frame, out)
  if (!message) return

  const { event } = message
  const { channel, instId } = isObject(message.arg) ? message.arg : {}
  if (event !== undefined) decodeEvent(event, message, out)
  else if (channel === TRADES) decodeItems(message.data, frame, out, decodeTrade)
  else if (channel === QUOTES) decodeQuotes(instId, message.data, frame, out)
  else if (channel === MARKS || channel === FUNDING) decodeMarks(channel, message.data, frame, out, funding)
  // Data of any other channel, none of which is subscribed to.
  else if (typeof channel === 'string' && message.data !== undefined) out.ignore()
  else out.refuse('unknown_message', `channel ${show(channel)}`)
}

function decodeTrade(trade: JsonObject, out: Sink, raw: () => string | undefined): void {
  const fields = {
    symbol: trade.instId,
    price: trade.px,
    volume: trade.sz,
    tradeId: trade.tradeId,
    side: readSide(trade.side),
    time: timeOf(trade.ts),
  }
  emitTrade(out, fields, decimalFromText, raw, idFromText)
}

/** Only the frame names the symbol, so a refused quote keeps that part of it. */
function decodeQuotes(symbol: unknown, data: unknown, frame: Buffer, out: Sink): void {
  decodeItems(data, frame, out, (quote, out, raw) => {
    const [bidPrice, bidSize] = bestLevel(quote.bids)
    const [askPrice, askSize] = bestLevel(quote.asks)
    // Frames of before 2023 state no `seqId`.
    const sequence = quote.seqId === undefined ? 0 : readId(quote.seqId)
    const fields = { symbol, bidPrice, bidSize, askPrice, askSize, sequence, time: timeOf(quote.ts) }
    const named = () => `{"arg":${JSON.stringify({ channel: QUOTES, instId: symbol })},"data":[${raw() ?? ''}]}`
    emitQuote(out, fields, decimalFromText, named)
  })
}

/** A refused item keeps the part of the frame that names the channel. */
function decodeMarks(channel: string, data: unknown, frame: Buffer, out: Sink, funding: LastFunding): void {
  const decode = channel === MARKS ? decodeMark : decodeFunding
  decodeItems(data, frame, out, (item, out, raw) =>
    decode(item, funding, timeOf, out, () => `{"arg":${JSON.stringify({ channel })},"data":[${raw() ?? ''}]}`),
  )
}

/** ms since 1970 UTC, as text. */
function timeOf(text: unknown): { micros: number; nanos: number } | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? { micros: Number(text) * 1000, nanos: 0 } : undefined
}

/** Codes of errors about what was subscribed to: https://www.okx.com/docs-v5/en/#error-code-websocket-public. */
const SUBSCRIPTION_ERRORS = new Set(['60008', '60011', '60012', '60013', '60018', '60027', '60029'])
const TOO_FREQUENT = '60014'

function decodeEvent(event: unknown, { arg, code, msg }: JsonObject, out: Sink): void {
  const { channel, instId } = isObject(arg) ? arg : {}
  const kind = kindOf(channel)
  if (event === 'error') decodeError(code, msg, out)
  else if (event === 'notice') out.control({ kind: 'closing', detail: show(msg) })
  else if (event !== 'subscribe' && event !== 'unsubscribe') out.refuse('unknown_message', `event ${show(event)}`)
  else if (kind === undefined) out.ignore()
  else if (typeof instId !== 'string') out.refuse('malformed_frame', `an answer for instrument ${show(instId)}`)
  else out.control({ kind: event === 'subscribe' ? 'subscribed' : 'ended', symbols: [instId], channel: kind })
}

const kindOf = (channel: unknown): string | undefined =>
  Object.keys(CHANNELS).find(kind => CHANNELS[kind]!.channels.includes(String(channel)))

function decodeError(code: unknown, msg: unknown, out: Sink): void {
  // Whole: what it complains of may stand at its end.
  const detail = `${typeof msg === 'string' ? msg : show(msg)} (code ${show(code)})`
  // Channel and instrument stand only in the text: "…channel:trades-all,instId:BTC-XXX doesn't exist…".
  const symbol = /instId:([^\s,]+)/.exec(String(msg))?.[1]
  const kind = kindOf(/channel:([^\s,]+)/.exec(String(msg))?.[1])
  const about = { ...(symbol !== undefined && { symbols: [symbol] }), ...(kind && { channel: kind }) }
  if (code === TOO_FREQUENT) out.control({ kind: 'rate_limited', detail })
  else if (symbol !== undefined || SUBSCRIPTION_ERRORS.has(String(code)))
    out.control({ kind: 'rejected', detail, ...about })
  else out.control({ kind: 'error', detail })
}
