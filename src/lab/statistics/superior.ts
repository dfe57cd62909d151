/** Hansen's test of superior predictive ability: is the best of a family of strategies better than a benchmark? */
import { usualBlock } from './bootstrap.ts'
import { autocovariance, deviationsOf, mean } from './moments.ts'
import { sameLength } from './series.ts'

/** Below this a lag's weight cannot change a double. */
const WEIGHT_MIN = 1e-20

export interface SuperiorOptions {
  /** Mean length of the resamples' blocks, which the variance needs too. Default `⌊√n⌋`. */
  block?: number
  /** Divides each mean by its standard deviation, as Hansen advises. Without it the test is White's (2000), recentred. */
  studentised?: boolean
}

/** p-values of "no strategy is better than the benchmark": small ones reject it. lower ≤ consistent ≤ upper. */
export interface Superior {
  /** Strategies worse than the benchmark count as equal to it: too small. */
  lower: number
  /** Only those that are much worse do not count: the one to use. */
  consistent: number
  /** All count: White's reality check, too large where a family has poor strategies. */
  upper: number
}

/**
 * Hansen's (2005) SPA test over the returns of a family, `strategies`, against those of a benchmark, of the same n
 * periods. Its statistic is the largest mean of `r - b`, over its standard deviation; a p-value is the share of
 * resamples whose largest recentred mean exceeds it. As `arch` does, a family in which none is better keeps its
 * negative statistic. Costs n · (resamples · strategies + 80 · block) steps: use hours or days rather than minutes.
 * NaN without strategies, periods or resamples. A RangeError where lengths differ.
 */
export function superiorAbility(
  strategies: readonly Float64Array[],
  benchmark: Float64Array,
  resamples: Iterable<Int32Array>,
  { block = usualBlock(benchmark.length), studentised = true }: SuperiorOptions = {},
): Superior {
  const n = benchmark.length
  const family = strategies.map(returns => {
    sameLength(returns, benchmark)
    const differences = returns.map((each, index) => each - benchmark[index]!)
    const deviation = Math.sqrt(bootstrapVariance(differences, block))
    const better = mean(differences)
    const isPoor = better < -deviation * Math.sqrt((2 * Math.log(Math.log(n))) / n)
    return { differences, better, isPoor, unit: studentised ? deviation : 1 }
  })
  const observed = Math.max(...family.map(({ better, unit }) => over(better, unit)))
  const exceeding = [0, 0, 0]
  let count = 0
  for (const places of resamples) {
    sameLength(places, benchmark)
    const largest = [-Infinity, -Infinity, -Infinity]
    for (const { differences, better, isPoor, unit } of family) {
      const resampled = meanAt(differences, places)
      for (const [kind, centre] of [Math.max(better, 0), isPoor ? 0 : better, better].entries()) {
        largest[kind] = Math.max(largest[kind]!, over(resampled - centre, unit))
      }
    }
    for (const [kind, value] of largest.entries()) if (value > observed) exceeding[kind]!++
    count++
  }
  const [lower, consistent, upper] = exceeding.map(each =>
    family.length === 0 || n === 0 || Number.isNaN(observed) ? Number.NaN : each / count,
  )
  return { lower: lower!, consistent: consistent!, upper: upper! }
}

/** A constant difference has no deviation: it is 0, or beyond every other. */
const over = (value: number, unit: number) => (value === 0 ? 0 : value / unit)

/** The mean of a resample; exact for constant differences, as `mean` is. */
function meanAt(series: Float64Array, places: Int32Array): number {
  const first = series[0]!
  let sum = 0
  for (let index = 0; index < places.length; index++) sum += series[places[index]!]! - first
  return first + sum / places.length
}

/**
 * n times the variance that the stationary bootstrap gives a mean (Politis and Romano 1994): the autocovariances,
 * weighted by `(1 - k / n) (1 - p)^k + (k / n) (1 - p)^(n - k)`, with p = 1 / block.
 */
export function bootstrapVariance(series: Float64Array, block: number): number {
  const n = series.length
  const goesOn = 1 - 1 / block
  const deviations = deviationsOf(series)
  let variance = autocovariance(deviations, 0)
  for (let lag = 1; lag < n; lag++) {
    const weight = (1 - lag / n) * goesOn ** lag + (lag / n) * goesOn ** (n - lag)
    if (weight > WEIGHT_MIN) variance += 2 * weight * autocovariance(deviations, lag)
  }
  return Math.max(0, variance)
}
