/** What a strategy returned, and at which risk. Returns as fractions, annual values by `periodsPerYear`. */
import { maxDrawdown } from './drawdown.ts'
import { deviationOf, mean, momentsOf, standardDeviation, sumOf } from './moments.ts'
import { finite } from './series.ts'

/** Total return `Π (1 + r) - 1`, a fraction; 0 without returns. */
export function totalReturn(returns: Float64Array): number {
  let value = 1
  for (const each of returns) value *= 1 + each
  return finite(value - 1)
}

/**
 * Compound annual growth rate `(1 + total)^(periodsPerYear / n) - 1`, a fraction. NaN without returns, below a total of
 * -1 (debt), and beyond the range of doubles: few short periods are no year.
 */
export function cagr(returns: Float64Array, periodsPerYear: number): number {
  return finite((1 + totalReturn(returns)) ** (periodsPerYear / returns.length) - 1)
}

/** Annual volatility: standard deviation (n - 1) `√periodsPerYear`. NaN for fewer than 2 returns. */
export function volatility(returns: Float64Array, periodsPerYear: number): number {
  return standardDeviation(returns) * Math.sqrt(periodsPerYear)
}

/** Annual downside deviation `√(Σ min(r, 0)² / n) √periodsPerYear`, over all n returns (Sortino). NaN without returns. */
export function downsideDeviation(returns: Float64Array, periodsPerYear: number): number {
  const squares = sumOf(returns.length, index => Math.min(returns[index]!, 0) ** 2)
  return Math.sqrt((squares / returns.length) * periodsPerYear)
}

/**
 * Sharpe ratio of one period, `mean / standard deviation` (n - 1), in excess of 0. NaN for fewer than 2 returns and for
 * constant ones.
 */
export function periodSharpe(returns: Float64Array): number {
  const moments = momentsOf(returns)
  return finite(moments.mean / deviationOf(moments, returns.length))
}

/** Annual Sharpe ratio (Sharpe 1994): that of one period `√periodsPerYear`; assumes independent returns. */
export function sharpe(returns: Float64Array, periodsPerYear: number): number {
  return periodSharpe(returns) * Math.sqrt(periodsPerYear)
}

/** Annual Sortino ratio: `mean · periodsPerYear / downside deviation`. NaN for fewer than 2 returns and without a negative one. */
export function sortino(returns: Float64Array, periodsPerYear: number): number {
  if (returns.length < 2) return Number.NaN
  return finite((mean(returns) * periodsPerYear) / downsideDeviation(returns, periodsPerYear))
}

/** Calmar ratio: annual growth rate / depth of the deepest drawdown. NaN without a drawdown. */
export function calmar(returns: Float64Array, periodsPerYear: number): number {
  return finite(cagr(returns, periodsPerYear) / maxDrawdown(returns).depth)
}
