/** The recorded Binance sessions and another program's counts of them: TRUTH.json, to the last digit. */
import assert from 'node:assert/strict'
import type { Store } from '../../../src/store/store.ts'
import { binanceTruth } from '../data/recorded-data.ts'

export const SESSIONS = ['btcusdt', 'ethusdt'] as const
export const SESSION_FILES = SESSIONS.map(symbol => `../shared/data/binance-spot/${symbol}_20240808.gz`)
/** Sources of a recorder of these sessions. */
export const SESSION_SOURCES = 'binance:BTCUSDT,ETHUSDT'

/** The last trade id of each symbol. */
export function sessionLastIds(): Map<string, number> {
  return new Map(SESSIONS.map(name => [name.toUpperCase(), binanceTruth(name).trade_oracle.last_id]))
}

/** Trades of all sessions. */
export function sessionTrades(): number {
  return SESSIONS.reduce((sum, name) => sum + binanceTruth(name).trade_oracle.count, 0)
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
  FROM trades WHERE venue = 'binance' AND symbol = {symbol:String}`

const withoutZeros = (decimal: string): string => decimal.replace(/\.?0+$/, '')

/** Fails unless table `trades` contains the sessions' trades, each once. */
export async function assertSessionTrades(store: Store): Promise<void> {
  for (const session of SESSIONS) {
    const truth = binanceTruth(session).trade_oracle
    const [found] = await store.rows<Sums>(SUMS, { symbol: session.toUpperCase() })
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
