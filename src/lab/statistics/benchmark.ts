/** A strategy beside a benchmark, its instrument bought once for example: two series of returns of the same periods. A RangeError for two lengths. */
import { covariance, mean } from './moments.ts'
import { periodSharpe } from './performance.ts'
import { finite, sameLength } from './series.ts'

/** Beta `cov(r, b) / var(b)`. NaN for fewer than 2 periods and a constant benchmark. */
export function beta(returns: Float64Array, benchmark: Float64Array): number {
  sameLength(returns, benchmark)
  return finite(covariance(returns, benchmark) / covariance(benchmark, benchmark))
}

/** Annual alpha (Jensen 1968), `(mean(r) - beta mean(b)) periodsPerYear`: not compounded, a fraction. NaN where beta is. */
export function alpha(returns: Float64Array, benchmark: Float64Array, periodsPerYear: number): number {
  return (mean(returns) - beta(returns, benchmark) * mean(benchmark)) * periodsPerYear
}

/** Annual information ratio: the Sharpe ratio of the differences r - b. NaN where they are constant. */
export function informationRatio(returns: Float64Array, benchmark: Float64Array, periodsPerYear: number): number {
  sameLength(returns, benchmark)
  return periodSharpe(returns.map((each, index) => each - benchmark[index]!)) * Math.sqrt(periodsPerYear)
}
