/**
 * Whether a Sharpe ratio is more than luck. Every ratio here is that of one period (`periodSharpe`), not annual: a
 * variance of annual ratios is divided by periodsPerYear first.
 */
import { standardDeviation } from './moments.ts'
import { normalCdf, normalQuantile } from './normal.ts'
import { periodSharpe } from './performance.ts'
import { finite } from './series.ts'
import { mertensFactor } from './sharpe-error.ts'

const EULER_MASCHERONI = 0.5772156649015329

/** How many strategies or settings were tried, and the variance (n - 1) of their Sharpe ratios of one period. */
export interface Trials {
  count: number
  variance: number
}

/** The trials with these Sharpe ratios of one period; NaN ones (no trades) count, but have no part in the variance. */
export function trialsOf(ratios: readonly number[]): Trials {
  const known = Float64Array.from(ratios).filter(ratio => !Number.isNaN(ratio))
  return { count: ratios.length, variance: known.length < 2 ? 0 : standardDeviation(known) ** 2 }
}

/**
 * Probabilistic Sharpe ratio (Bailey and López de Prado 2012): the probability that the true ratio of one period is
 * above `benchmark`, `Φ((SR - benchmark) √(n - 1) / √mertensFactor)`. NaN for fewer than 3 returns, for constant ones,
 * and where the factor is not positive.
 */
export function probabilisticSharpe(returns: Float64Array, benchmark = 0): number {
  if (returns.length < 3) return Number.NaN
  const distance = (periodSharpe(returns) - benchmark) * Math.sqrt(returns.length - 1)
  const factor = mertensFactor(returns)
  return factor > 0 ? normalCdf(distance / Math.sqrt(factor)) : Number.NaN
}

/**
 * The Sharpe ratio of one period to expect from the best of `count` trials without an edge:
 * `√variance ((1 - γ) Φ⁻¹(1 - 1 / count) + γ Φ⁻¹(1 - 1 / (count e)))` (Bailey and López de Prado 2014). 0 for one trial.
 * Throws a RangeError for fewer than 1.
 */
export function expectedBestSharpe({ count, variance }: Trials): number {
  if (!(count >= 1)) throw new RangeError(`${count} trials: the strategy itself is one`)
  if (count === 1) return 0
  // Φ⁻¹(1 - p) = -Φ⁻¹(p), which does not round p away.
  const best =
    (1 - EULER_MASCHERONI) * normalQuantile(1 / count) + EULER_MASCHERONI * normalQuantile(1 / (count * Math.E))
  return -Math.sqrt(variance) * best
}

/**
 * Deflated Sharpe ratio (Bailey and López de Prado 2014): the probability that the true ratio is above what the best of
 * the trials would reach by luck. NaN where `probabilisticSharpe` is.
 */
export function deflatedSharpe(returns: Float64Array, trials: Trials): number {
  return probabilisticSharpe(returns, expectedBestSharpe(trials))
}

/**
 * Minimum track record length (Bailey and López de Prado 2012): the periods needed until a ratio like this one is above
 * `benchmark` with this confidence, `1 + mertensFactor (Φ⁻¹(confidence) / (SR - benchmark))²`. NaN where the ratio is
 * not above the benchmark: no length suffices.
 */
export function minimumTrackRecord(returns: Float64Array, benchmark = 0, confidence = 0.95): number {
  const above = periodSharpe(returns) - benchmark
  if (!(above > 0)) return Number.NaN
  return finite(1 + mertensFactor(returns) * (normalQuantile(confidence) / above) ** 2)
}
