/**
 * Binance futures, USD-M and COIN-M (whose quantities are contracts):
 * https://developers.binance.com/docs/derivatives. Two venues, since symbols and hosts differ; the frames are the same.
 *
 * - `aggTrade`: fills of one price and one side within 100 ms as one trade. Its id `a` rises by one; `f` and `l` are the
 *   ids of the first and the last trade that it joins. The raw stream `trade` is in no document any more. Trades of the
 *   insurance fund and of auto-deleveraging are in no stream.
 * - `bookTicker`: every change of the best bid and ask, with the time of the matching engine and the book's update id.
 * - `markPrice@1s`: mark price, index price, estimated settle price and funding rate, each second. Of a contract that
 *   expires, `r` is empty and `T` 0.
 * - `forceOrder`: liquidations, of a symbol only the last one of each second.
 *
 * Since 2026 bookTicker has a server of its own, and events have fields that we do not read: `st` (1 USD-M, 2 COIN-M),
 * `ps` (the pair), `nq` (the quantity without orders for retail price improvement), `ap` (a moving average of the mark
 * price).
 */

import { decodeAnswer, readEvent, takerSide } from '../binance/fields.ts'
import { binanceInstruments } from '../binance/instruments.ts'
import { streamList, streamSubscription } from '../binance/streams.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { emitLiquidation, emitMark } from '../read-derivative.ts'
import { emitQuote } from '../read-quote.ts'
import { emitTrade, readId, readMs, show } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { binanceFuturesRepair } from './repair.ts'
import { decodeUsualTicks } from './usual-ticks.ts'

/** The stream of each kind. */
const STREAMS = { trades: 'aggTrade', quotes: 'bookTicker', marks: 'markPrice@1s', liquidations: 'forceOrder' }

/** What differs between the two markets. */
interface Market extends Pick<Venue, 'name' | 'ws' | 'rest' | 'defaultSymbols' | 'contracts'> {
  /** Path of its REST API. */
  path: string
}

function marketOf({ path, ...market }: Market): Venue {
  return {
    ...market,
    ids: 'aggregate',
    // Marks would make the address of the trades too long.
    kinds: [['trades'], ['quotes'], ['marks', 'liquidations']],
    limits: {
      // 1,024 streams are allowed, but the address that names them must stay shorter than common limits on a request's head.
      symbolsPerConnection: 80,
      // 10 are allowed, and answers to pings count among them.
      framesPerSecond: 5,
      connectsPerFiveMinutes: 300,
      connectionAgeMsMax: 24 * 60 * 60 * 1000,
    },
    // The server pings every 3 minutes.
    silenceMsMax: 200_000,
    // A request is answered as a whole, and a stream that does not exist is accepted too.
    acknowledges: false,
    spelling: 'capitals',
    instruments: binanceInstruments(`${path}/exchangeInfo`),
    repair: binanceFuturesRepair(path),
    url: (base, symbols, kinds) =>
      `${base}/${kinds.includes('quotes') ? 'public' : 'market'}/stream?streams=${streamList(STREAMS, symbols, kinds)}`,
    ...streamSubscription(STREAMS),
    decoder: () => decode,
  }
}

export const binanceUsdm: Venue = marketOf({
  name: 'binanceusdm',
  ws: 'wss://fstream.binance.com',
  rest: 'https://fapi.binance.com',
  path: '/fapi/v1',
  defaultSymbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'DOGEUSDT'],
})

export const binanceCoinm: Venue = marketOf({
  name: 'binancecoinm',
  ws: 'wss://dstream.binance.com',
  rest: 'https://dapi.binance.com',
  path: '/dapi/v1',
  contracts: { volumes: 'contracts', isInverse: () => true },
  defaultSymbols: ['BTCUSD_PERP', 'ETHUSD_PERP', 'SOLUSD_PERP', 'XRPUSD_PERP', 'DOGEUSD_PERP'],
})

/** Kinds of event that are known and not recorded. */
const NOT_RECORDED = new Set([
  'trade',
  'indexPriceUpdate',
  'depthUpdate',
  'kline',
  'continuous_kline',
  'indexPrice_kline',
  'markPrice_kline',
  '24hrTicker',
  '24hrMiniTicker',
  'compositeIndex',
  'contractInfo',
  'assetIndexUpdate',
])

/** Decodes one frame: the usual aggregate and quote byte by byte, anything else with JSON.parse. */
function decode(frame: Buffer, out: Sink): void {
  if (!decodeUsualTicks(frame, out)) decodeAny(frame, out)
}

/** Decodes any frame, at the speed of JSON.parse. Exported so that a test can compare the fast way with it. */
export function decodeAny(frame: Buffer, out: Sink): void {
  const data = readEvent(frame, out)
  if (!data) return
  if (data.e === 'aggTrade') decodeTrade(data, out)
  else if (data.e === 'bookTicker') decodeQuote(data, out)
  else if (data.e === 'markPriceUpdate') decodeMark(data, out)
  else if (data.e === 'forceOrder') decodeLiquidation(data, out)
  else if (typeof data.e === 'string' && NOT_RECORDED.has(data.e)) out.ignore()
  else decodeAnswer(data, out)
}

function decodeTrade(trade: JsonObject, out: Sink): void {
  const fields = {
    symbol: trade.s,
    price: trade.p,
    volume: trade.q,
    tradeId: trade.a,
    joined: { first: trade.f, last: trade.l },
    side: takerSide(trade.m),
    time: readMs(trade.T),
  }
  emitTrade(out, fields, decimalFromText)
}

/** `T` is the time of the matching engine, `E` the later one of the event. */
function decodeQuote(quote: JsonObject, out: Sink): void {
  const fields = {
    symbol: quote.s,
    bidPrice: quote.b,
    bidSize: quote.B,
    askPrice: quote.a,
    askSize: quote.A,
    sequence: readId(quote.u),
    time: readMs(quote.T),
  }
  emitQuote(out, fields, decimalFromText)
}

function decodeMark(mark: JsonObject, out: Sink): void {
  emitMark(out, {
    symbol: mark.s,
    markPrice: mark.p,
    indexPrice: mark.i,
    settlePrice: mark.P,
    fundingRate: mark.r,
    nextFunding: mark.T === 0 ? null : readMs(mark.T),
    time: readMs(mark.E),
  })
}

/** `T` is the time of the order's trade, `z` what of it was filled so far, `l` the last of that. */
function decodeLiquidation({ o: order }: JsonObject, out: Sink): void {
  if (!isObject(order)) {
    out.refuse('malformed_frame', `order ${show(order)}`)
    return
  }
  emitLiquidation(out, {
    symbol: order.s,
    side: order.S === 'BUY' || order.S === 'SELL' ? takerSide(order.S === 'SELL') : undefined,
    price: order.p,
    size: order.q,
    averagePrice: order.ap,
    filledSize: order.z,
    orderType: order.o,
    timeInForce: order.f,
    status: order.X,
    time: readMs(order.T),
  })
}
