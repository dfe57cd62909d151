/** What a strategy traded and what that cost. Amounts are in the account's currency. */
import { mean, sumOf } from './moments.ts'
import { finite, sameLength } from './series.ts'

/** A position from its opening to its closing: its profit after costs, and the costs (fees, funding) that were paid. */
export interface ClosedTrade {
  profit: number
  costs: number
}

/**
 * Annual turnover: the value of all fills, per period, over the mean of the equity at the periods' ends, times
 * periodsPerYear. 2 means that the equity was bought and sold once a year. NaN without periods or equity. A RangeError
 * for two lengths.
 */
export function turnover(traded: Float64Array, equity: Float64Array, periodsPerYear: number): number {
  sameLength(traded, equity)
  const perPeriod = sumOf(traded.length, index => Math.abs(traded[index]!)) / traded.length
  return finite((perPeriod / mean(equity)) * periodsPerYear)
}

/** Hit rate: the share of closed trades with a profit after costs; one of exactly 0 is no hit. NaN without trades. */
export function hitRate(trades: readonly ClosedTrade[]): number {
  return finite(trades.filter(({ profit }) => profit > 0).length / trades.length)
}

/** Profit factor: profits over losses of closed trades, both after costs. NaN without a loss. */
export function profitFactor(trades: readonly ClosedTrade[]): number {
  const sum = (sign: number) => sumOf(trades.length, index => Math.max(0, sign * trades[index]!.profit))
  return finite(sum(1) / sum(-1))
}

/** Share of costs in gross profit, `Σ costs / Σ (profit + costs)`; above 1 they consumed all of it. NaN without a gross profit. */
export function costShare(trades: readonly ClosedTrade[]): number {
  const costs = sumOf(trades.length, index => trades[index]!.costs)
  const gross = costs + sumOf(trades.length, index => trades[index]!.profit)
  return gross > 0 ? costs / gross : Number.NaN
}

/** Exposure: the share of periods with a position, long or short. `positions` has one per period. NaN without periods. */
export function exposure(positions: Float64Array): number {
  return finite(sumOf(positions.length, index => (positions[index] === 0 ? 0 : 1)) / positions.length)
}
