/** Sums, means and central moments of a series. Every one is NaN for an empty series. */

/** Sum of `term(index)` for 0 ≤ index < length, with Neumaier's compensation: a year of minutes loses no digit. */
export function sumOf(length: number, term: (index: number) => number): number {
  let sum = 0
  let lost = 0
  for (let index = 0; index < length; index++) {
    const value = term(index)
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}

/** Mean and central moments `Σ (x - mean)^k / n` of the population: not corrected for bias. */
export interface Moments {
  mean: number
  second: number
  third: number
  fourth: number
}

/** Arithmetic mean, corrected by that of the deviations: of a constant series exactly its value, so that they are 0. */
export function mean(series: Float64Array): number {
  const rough = sumFrom(series, 0) / series.length
  return rough + sumFrom(series, rough) / series.length
}

function sumFrom(series: Float64Array, origin: number): number {
  let sum = 0
  for (let index = 0; index < series.length; index++) sum += series[index]! - origin
  return sum
}

/** The moments, all in one pass after those of the mean: resamples of a year of minutes need that. */
export function momentsOf(series: Float64Array): Moments {
  const centre = mean(series)
  const n = series.length
  let [second, third, fourth] = [0, 0, 0]
  for (let index = 0; index < n; index++) {
    const deviation = series[index]! - centre
    const square = deviation * deviation
    second += square
    third += square * deviation
    fourth += square * square
  }
  return { mean: centre, second: second / n, third: third / n, fourth: fourth / n }
}

/** Sample standard deviation, with n - 1. NaN for fewer than 2 values, exactly 0 for a constant series. */
export function standardDeviation(series: Float64Array): number {
  return deviationOf(momentsOf(series), series.length)
}

/** The sample standard deviation of n values with these moments. */
export function deviationOf({ second }: Moments, n: number): number {
  return n < 2 ? Number.NaN : Math.sqrt((second * n) / (n - 1))
}

/** Skew `m3 / m2^1.5` of the population's moments (`scipy.stats.skew`). NaN for a constant series. */
export function skew(series: Float64Array): number {
  const { second, third } = momentsOf(series)
  return third / second ** 1.5
}

/** Kurtosis `m4 / m2²` of the population's moments, 3 for a normal one (`scipy.stats.kurtosis(fisher=False)`). NaN for a constant series. */
export function kurtosis(series: Float64Array): number {
  const { second, fourth } = momentsOf(series)
  return fourth / second ** 2
}

/** Deviations from the mean. */
export function deviationsOf(series: Float64Array): Float64Array {
  const centre = mean(series)
  return series.map(value => value - centre)
}

/** Autocovariance at a lag of a series with these deviations, divided by n at every lag. */
export function autocovariance(deviations: Float64Array, lag: number): number {
  let sum = 0
  for (let index = lag; index < deviations.length; index++) sum += deviations[index]! * deviations[index - lag]!
  return sum / deviations.length
}

/** Sample covariance of two series of one length, with n - 1. NaN for fewer than 2 values. */
export function covariance(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const n = a.length
  return n < 2 ? Number.NaN : sumOf(n, index => (a[index]! - meanA) * (b[index]! - meanB)) / (n - 1)
}
