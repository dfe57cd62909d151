/**
 * The simulated exchange's REST API: Binance's market data paths, responses and errors. Pure functions of the history.
 */

import { UNITS_PER_ONE, unitsText } from '../venues/binance/units.ts'
import type { History, PastTrade } from './history.ts'
import type { Top } from './market/books.ts'
import type { Instrument } from './market/instruments.ts'

export interface RestAnswer {
  status: number
  body: unknown
}

const LIMIT_DEFAULT = 500
const LIMIT_MAX = 1_000
const QUOTES = ['USDT', 'USDC', 'FDUSD', 'TUSD', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY']

/** Answers a GET of `/api/v3/…`. `histories` by symbol; `topOf` for their symbols; times in ms, or in µs with `micros`. */
export function answerRest(
  url: URL,
  histories: ReadonlyMap<string, History>,
  topOf: (symbol: string) => Top,
  nowMicros: number,
  micros: boolean,
): RestAnswer {
  const time = (timeMicros: number): number => (micros ? timeMicros : Math.floor(timeMicros / 1000))
  const trade = (past: PastTrade, instrument: Instrument): object => tradeBody(past, instrument, time(past.timeMicros))
  const aggregate = (past: PastTrade, instrument: Instrument): object =>
    aggregateBody(past, instrument, time(past.timeMicros))
  switch (url.pathname) {
    case '/api/v3/ping':
      return { status: 200, body: {} }
    case '/api/v3/time':
      return { status: 200, body: { serverTime: time(nowMicros) } }
    case '/api/v3/exchangeInfo':
      return { status: 200, body: exchangeInfo([...histories.values()], time(nowMicros)) }
    case '/api/v3/trades':
      return answerTrades(url.searchParams, histories, false, trade)
    case '/api/v3/historicalTrades':
      return answerTrades(url.searchParams, histories, true, trade)
    case '/api/v3/aggTrades':
      return answerTrades(url.searchParams, histories, true, aggregate)
    case '/api/v3/ticker/bookTicker':
      return answerBookTickers(url.searchParams.get('symbol'), histories, topOf)
    default:
      return { status: 404, body: { code: -1000, msg: `No such path: ${url.pathname}` } }
  }
}

/**
 * Trades of one symbol in order of id, from `fromId` on or the latest. An id older than the history is answered from
 * the oldest kept trade: the first id of the answer shows what is lost.
 */
function answerTrades(
  query: URLSearchParams,
  histories: ReadonlyMap<string, History>,
  byId: boolean,
  body: (trade: PastTrade, instrument: Instrument) => object,
): RestAnswer {
  const symbol = query.get('symbol')
  if (!symbol) return refusal(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
  const history = histories.get(symbol)
  if (!history) return refusal(-1121, 'Invalid symbol.')
  const fromIdText = byId ? query.get('fromId') : null
  if (fromIdText !== null && !/^\d{1,15}$/.test(fromIdText)) {
    return refusal(-1100, "Illegal characters found in parameter 'fromId'; legal range is '^[0-9]{1,20}$'.")
  }
  const limitText = query.get('limit') ?? String(LIMIT_DEFAULT)
  if (!/^[1-9]\d{0,8}$/.test(limitText)) return refusal(-1130, "Data sent for parameter 'limit' is not valid.")
  const limit = Math.min(LIMIT_MAX, Number(limitText))
  const trades = history.read(fromIdText === null ? undefined : Number(fromIdText), limit)
  return { status: 200, body: trades.map(trade => body(trade, history.instrument)) }
}

/** Best bid and ask of one symbol, or of all if none is named. */
function answerBookTickers(
  symbol: string | null,
  histories: ReadonlyMap<string, History>,
  topOf: (symbol: string) => Top,
): RestAnswer {
  const body = ({ instrument }: History): object => {
    const top = topOf(instrument.symbol)
    return {
      symbol: instrument.symbol,
      bidPrice: unitsText(top.bidTicks * instrument.tickUnits),
      bidQty: unitsText(top.bidSteps * instrument.stepUnits),
      askPrice: unitsText(top.askTicks * instrument.tickUnits),
      askQty: unitsText(top.askSteps * instrument.stepUnits),
    }
  }
  if (symbol === null) return { status: 200, body: [...histories.values()].map(body) }
  const history = histories.get(symbol)
  return history ? { status: 200, body: body(history) } : refusal(-1121, 'Invalid symbol.')
}

function refusal(code: number, msg: string): RestAnswer {
  return { status: 400, body: { code, msg } }
}

function tradeBody(trade: PastTrade, instrument: Instrument, time: number): object {
  const priceUnits = trade.priceTicks * instrument.tickUnits
  const volumeUnits = trade.volumeSteps * instrument.stepUnits
  const quoteUnits = (BigInt(priceUnits) * BigInt(volumeUnits)) / BigInt(UNITS_PER_ONE)
  return {
    id: trade.id,
    price: unitsText(priceUnits),
    qty: unitsText(volumeUnits),
    quoteQty: unitsText(Number(quoteUnits)),
    time,
    isBuyerMaker: trade.isSell,
    isBestMatch: true,
  }
}

/** An aggregate of exactly one trade, with its id: valid for Binance, and paging by either id agrees. */
function aggregateBody(trade: PastTrade, instrument: Instrument, time: number): object {
  return {
    a: trade.id,
    p: unitsText(trade.priceTicks * instrument.tickUnits),
    q: unitsText(trade.volumeSteps * instrument.stepUnits),
    f: trade.id,
    l: trade.id,
    T: time,
    m: trade.isSell,
    M: true,
  }
}

function exchangeInfo(histories: readonly History[], serverTime: number): object {
  return {
    timezone: 'UTC',
    serverTime,
    rateLimits: [],
    exchangeFilters: [],
    symbols: histories.map(({ instrument }) => symbolInfo(instrument)),
  }
}

function symbolInfo({ symbol, tickUnits, stepUnits }: Instrument): object {
  const quote = QUOTES.find(name => symbol.endsWith(name) && symbol.length > name.length) ?? ''
  const tick = unitsText(tickUnits)
  const step = unitsText(stepUnits)
  return {
    symbol,
    status: 'TRADING',
    baseAsset: symbol.slice(0, symbol.length - quote.length),
    baseAssetPrecision: 8,
    quoteAsset: quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    orderTypes: ['LIMIT', 'MARKET'],
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tick, maxPrice: unitsText(tickUnits * 10_000_000), tickSize: tick },
      { filterType: 'LOT_SIZE', minQty: step, maxQty: unitsText(stepUnits * 10_000_000), stepSize: step },
    ],
    permissions: ['SPOT'],
  }
}
