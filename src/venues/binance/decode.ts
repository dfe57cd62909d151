/**
 * Binance spot, raw trades and the best bid and ask (`bookTicker`): https://github.com/binance/binance-spot-api-docs,
 * web-socket-streams.md and faqs/market_data_only.md. A quote has the book's update id, which rises, and no time. The
 * built-in simulator sends the same frames, so `binanceShaped` makes both venues.
 */

import type { DepthFeed } from '../book/depth.ts'
import { binanceCandles } from '../candles/binance.ts'
import type { Candles } from '../candles/candles.ts'
import { decimalFromText } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import { emitTrade, readId } from '../read-trade.ts'
import { type DayFile, type Limits, type Sink, type Venue, WITNESS } from '../venue.ts'
import { binanceDepth } from './depth.ts'
import { decodeAnswer, readEvent, takerSide, toMicros } from './fields.ts'
import { binanceInstruments } from './instruments.ts'
import { decodeKline, KLINE_STREAM } from './kline.ts'
import { binanceRepair } from './repair.ts'
import { streamList, streamSubscription } from './streams.ts'
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
  depth?: DepthFeed
  candles?: Candles
  dayFile?: DayFile
}

/** The stream of each kind. A bar of a minute names its first and last trade. */
export const STREAMS = { trades: 'trade', quotes: 'bookTicker', [WITNESS]: KLINE_STREAM }

/** A venue with Binance's combined streams: the URL contains the subscription to ticks. */
export function binanceShaped(shape: BinanceShape): Venue {
  return {
    ...shape,
    ids: 'dense',
    kinds: [shape.kinds],
    // A request is answered as a whole, and a stream that does not exist is accepted too.
    acknowledges: false,
    witness: true,
    spelling: 'capitals',
    instruments: binanceInstruments('/api/v3/exchangeInfo?showPermissionSets=false'),
    url: (base, symbols, kinds) => `${base}/stream?streams=${streamList(STREAMS, symbols, kinds)}&timeUnit=MICROSECOND`,
    ...streamSubscription(STREAMS),
    repair: binanceRepair,
    decoder: () => decode,
  }
}

export const binance: Venue = binanceShaped({
  name: 'binance',
  candles: binanceCandles,
  dayFile: {
    microsFrom: '2025-01-01',
    url: (symbol, day) => `https://data.binance.vision/data/spot/daily/trades/${symbol}/${symbol}-trades-${day}.zip`,
  },
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
  depth: binanceDepth,
})

/** Kinds of event that are known and not recorded: web-socket-streams.md. */
const NOT_RECORDED = new Set([
  'aggTrade',
  'avgPrice',
  'blockTrade',
  'referencePrice',
  'depthUpdate',
  '24hrTicker',
  '24hrMiniTicker',
  '1hTicker',
  '4hTicker',
  '1dTicker',
])

/** Decodes one frame: the usual trade byte by byte, anything else with JSON.parse. */
function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast path with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const data = readEvent(frame, out)
  if (!data) return
  if (data.e === 'trade') decodeTrade(data, out)
  else if (isQuote(data)) decodeQuote(data, out)
  else if (data.e === 'kline') decodeKline(data, out)
  else if (isNotRecorded(data)) out.ignore()
  else decodeAnswer(data, out)
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
      side: takerSide(trade.m),
      time: micros < 0 ? undefined : { micros, nanos: 0 },
    },
    decimalFromText,
  )
}
