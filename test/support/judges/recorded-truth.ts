/** The recorded Binance sessions and another program's counts of them: TRUTH.json, to the last digit. */
import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import { binanceTruth, type SessionTruth, sessionTruth } from '../data/recorded-data.ts'

export const SESSIONS = ['btcusdt', 'ethusdt'] as const
export const SESSION_FILES = SESSIONS.map(symbol => `../shared/data/binance-spot/${symbol}_20240808.gz`)
/** Sources of a recorder of these sessions. */
export const SESSION_SOURCES = 'binance:BTCUSDT,ETHUSDT'

/** A recorded session, as it is stored, and what another program counted in it. */
export interface Session {
  venue: string
  symbol: string
  truth: () => SessionTruth
}

const SPOT_SESSIONS: readonly Session[] = SESSIONS.map(name => ({
  ...{ venue: 'binance', symbol: name.toUpperCase(), truth: () => binanceTruth(name) },
}))

const futures = (venue: string, symbol: string, file: string) => ({
  ...{
    venue,
    symbol,
    file: `../shared/data/binance-futures/${file}`,
    truth: () => sessionTruth('binance-futures', file),
  },
})

/** Of the futures: trades in them are raw ones, of a stream that the venue does not document any more. */
export const FUTURES_SESSIONS = [
  futures('binanceusdm', 'BTCUSDT', 'btcusdt_20240808_first.gz'),
  futures('binancecoinm', 'ETHUSD_PERP', 'ethusd_perp_20240808.gz'),
]

/** The last trade id of each symbol. */
export function sessionLastIds(): Map<string, number> {
  return new Map(SESSIONS.map(name => [name.toUpperCase(), binanceTruth(name).trade_oracle.last_id]))
}

/** The last update id of the quotes of each symbol. */
export function sessionLastSequences(): Map<string, number> {
  return new Map(SESSIONS.map(name => [`quotes ${name.toUpperCase()}`, binanceTruth(name).quote_oracle.last_u]))
}

/** Trades of all sessions. */
export function sessionTrades(): number {
  return SESSIONS.reduce((sum, name) => sum + binanceTruth(name).trade_oracle.count, 0)
}

/** Quotes of all sessions. */
export function sessionQuotes(): number {
  return SESSIONS.reduce((sum, name) => sum + binanceTruth(name).quote_oracle.count, 0)
}

interface Sums {
  count: number
  first: number
  last: number
  ids: number
  buys: number
  sells: number
  high: number
  low: number
  quantity: string
  notional: string
  firstMs: number
  lastMs: number
}

/** Exact: the doubles' shortest texts are the venue's decimals again, and those are summed as decimals. */
const SUMS = `
  SELECT count() AS count, min(trade_id) AS first, max(trade_id) AS last, uniqExact(trade_id) AS ids,
    countIf(side = 'buy') AS buys, countIf(side = 'sell') AS sells, max(price) AS high, min(price) AS low,
    toString(sum(toDecimal256(toString(volume), 8))) AS quantity,
    toString(sum(toDecimal256(toString(price), 8) * toDecimal256(toString(volume), 8))) AS notional,
    toUnixTimestamp64Milli(argMin(timestamp, trade_id)) AS firstMs, toUnixTimestamp64Milli(argMax(timestamp, trade_id)) AS lastMs
  FROM trades WHERE venue = {venue:String} AND symbol = {symbol:String}`

const withoutZeros = (decimal: string): string => decimal.replace(/\.?0+$/, '')

/** Fails unless table `trades` contains the sessions' trades, each once. */
export async function assertSessionTrades(store: Store, sessions = SPOT_SESSIONS): Promise<void> {
  for (const { venue, symbol, truth: truthOf } of sessions) {
    const truth = truthOf().trade_oracle
    const [found] = await store.rows<Sums>(SUMS, { venue, symbol })
    const { quantity, notional, high, low, ...rest } = found!
    assert.deepEqual(rest, {
      count: truth.count,
      first: truth.first_id,
      last: truth.last_id,
      ids: truth.last_id - truth.first_id + 1,
      buys: truth['buys(taker)'],
      sells: truth.sells,
      firstMs: truth.first_T,
      lastMs: truth.last_T,
    })
    assert.deepEqual([high, low], [Number(truth.high), Number(truth.low)])
    assert.equal(withoutZeros(quantity), withoutZeros(truth.sum_qty))
    assert.equal(withoutZeros(notional), withoutZeros(truth.sum_notional))
  }
}

type QuoteSums = Record<
  'count' | 'first' | 'last' | 'sequences' | 'crossed' | 'sizeOnly' | 'price' | 'repeats',
  number
> &
  Record<'bid' | 'bidSize' | 'ask' | 'askSize' | 'bidNotional' | 'askNotional' | 'minSpread' | 'maxSpread', string> &
  Record<'firstQuote' | 'lastQuote', number[]>

const decimal = (column: string): string => `toDecimal256(toString(${column}), 8)`

/** Changes are counted in the order of the venue's update ids. */
const QUOTE_SUMS = `
  SELECT count() AS count, min(sequence) AS first, max(sequence) AS last, uniqExact(sequence) AS sequences,
    countIf(bid_price >= ask_price) AS crossed,
    toString(sum(${decimal('bid_price')})) AS bid, toString(sum(${decimal('bid_size')})) AS bidSize,
    toString(sum(${decimal('ask_price')})) AS ask, toString(sum(${decimal('ask_size')})) AS askSize,
    toString(sum(${decimal('bid_price')} * ${decimal('bid_size')})) AS bidNotional,
    toString(sum(${decimal('ask_price')} * ${decimal('ask_size')})) AS askNotional,
    toString(min(${decimal('ask_price')} - ${decimal('bid_price')})) AS minSpread,
    toString(max(${decimal('ask_price')} - ${decimal('bid_price')})) AS maxSpread,
    countIf(n > 1 AND samePrices AND NOT sameSizes) AS sizeOnly, countIf(n > 1 AND NOT samePrices) AS price,
    countIf(n > 1 AND samePrices AND sameSizes) AS repeats,
    argMin([bid_price, bid_size, ask_price, ask_size], sequence) AS firstQuote,
    argMax([bid_price, bid_size, ask_price, ask_size], sequence) AS lastQuote
  FROM (
    SELECT *, row_number() OVER w AS n,
      (lagInFrame(bid_price) OVER w, lagInFrame(ask_price) OVER w) = (bid_price, ask_price) AS samePrices,
      (lagInFrame(bid_size) OVER w, lagInFrame(ask_size) OVER w) = (bid_size, ask_size) AS sameSizes
    FROM quotes WHERE venue = {venue:String} AND symbol = {symbol:String}
    WINDOW w AS (ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  )`

/** Fails unless table `quotes` contains the sessions' quotes, each once, to the last digit. */
export async function assertSessionQuotes(store: Store, sessions = SPOT_SESSIONS): Promise<void> {
  for (const { venue, symbol, truth: truthOf } of sessions) {
    const truth = truthOf().quote_oracle
    const [found] = await store.rows<QuoteSums>(QUOTE_SUMS, { venue, symbol })
    const { bid, bidSize, ask, askSize, bidNotional, askNotional, minSpread, maxSpread, ...rest } = found!
    assert.deepEqual(rest, {
      count: truth.count,
      first: truth.first_u,
      last: truth.last_u,
      sequences: truth.count,
      crossed: truth.locked_or_crossed,
      sizeOnly: truth.size_only_changes,
      price: truth.price_changes,
      repeats: truth.exact_repeats,
      firstQuote: truth.first.map(Number),
      lastQuote: truth.last.map(Number),
    })
    assert.deepEqual(
      [bid, bidSize, ask, askSize, bidNotional, askNotional, minSpread, maxSpread].map(withoutZeros),
      [
        ...[truth.sum_bid, truth.sum_bid_size, truth.sum_ask, truth.sum_ask_size],
        ...[truth.sum_bid_notional, truth.sum_ask_notional, truth.min_spread, truth.max_spread],
      ].map(withoutZeros),
    )
  }
}
