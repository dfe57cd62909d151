/** How uncertain a Sharpe ratio is, and what autocorrelated returns do to it. */
import { autocovariance, deviationOf, deviationsOf, momentsOf, sumOf } from './moments.ts'
import { periodSharpe } from './performance.ts'
import { finite } from './series.ts'

/** A Sharpe ratio, annual, with its standard error. */
export interface CorrectedSharpe {
  value: number
  standardError: number
  /** How many autocorrelations were taken into account. */
  lags: number
}

/** The factor by which skew and kurtosis widen the error of a period's Sharpe ratio: `1 - skew SR + (kurtosis - 1) / 4 SR²`. */
export function mertensFactor(returns: Float64Array): number {
  const moments = momentsOf(returns)
  const { second, third, fourth } = moments
  const ratio = moments.mean / deviationOf(moments, returns.length)
  return finite(1 - (third / second ** 1.5) * ratio + ((fourth / second ** 2 - 1) / 4) * ratio ** 2)
}

/**
 * Standard error of the annual Sharpe ratio of independent returns: `√(mertensFactor / (n - 1)) √periodsPerYear`
 * (Mertens 2002; Lo 2002 for normal returns, where the factor is `1 + SR² / 2`). NaN where the ratio is.
 */
export function sharpeStandardError(returns: Float64Array, periodsPerYear: number): number {
  return finite(Math.sqrt((mertensFactor(returns) / (returns.length - 1)) * periodsPerYear))
}

/** Newey and West's (1994) usual number of lags, `⌊4 (n / 100)^(2/9)⌋`, below n. */
export function usualLags(n: number): number {
  return Math.max(0, Math.min(n - 1, Math.floor(4 * (n / 100) ** (2 / 9))))
}

/**
 * Lo's (2002) annual Sharpe ratio of autocorrelated returns, `SR · q / √(q + 2 Σ (q - k) ρ_k)` over the lags
 * 1 ≤ k ≤ `lags`, with q = periodsPerYear. Lo sums q - 1 lags; later ones than `lags` are taken as 0, since a sample's
 * own autocorrelations are noise there. Its standard error is that of the period's ratio by GMM, with Newey and West's
 * long-run variance of `z - SR (z² - 1) / 2` over as many lags (z: standardised returns), scaled alike; without lags it
 * is Mertens'. NaN where the ratio is, and where the sum makes the variance of a year negative.
 */
export function loSharpe(
  returns: Float64Array,
  periodsPerYear: number,
  lags: number = usualLags(returns.length),
): CorrectedSharpe {
  const used = Math.max(0, Math.min(lags, Math.ceil(periodsPerYear) - 1, returns.length - 1))
  const deviations = deviationsOf(returns)
  const variance = autocovariance(deviations, 0)
  const autocorrelation = (lag: number) => autocovariance(deviations, lag) / variance
  const sum = sumOf(used, index => (periodsPerYear - index - 1) * autocorrelation(index + 1))
  const scale = periodsPerYear / Math.sqrt(periodsPerYear + 2 * sum)
  const ratio = periodSharpe(returns)
  const squaredError = longRunVariance(influences(returns, ratio), used) / (returns.length - 1)
  return { value: finite(ratio * scale), standardError: finite(Math.sqrt(squaredError) * scale), lags: used }
}

/** What each return contributes to the error of the ratio of one period: `z - SR (z² - 1) / 2`. */
export function influences(returns: Float64Array, ratio: number): Float64Array {
  const { mean, second } = momentsOf(returns)
  const deviation = Math.sqrt(second)
  return returns.map(each => {
    const z = (each - mean) / deviation
    return z - (ratio / 2) * (z * z - 1)
  })
}

/** Newey and West's (1987) long-run variance, with Bartlett's weights `1 - k / (lags + 1)`: never negative. */
export function longRunVariance(series: Float64Array, lags: number): number {
  const deviations = deviationsOf(series)
  const later = sumOf(lags, index => (1 - (index + 1) / (lags + 1)) * autocovariance(deviations, index + 1))
  return autocovariance(deviations, 0) + 2 * later
}
