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

/** Arithmetic mean. The first value is subtracted first, so that the deviations of a constant series are exactly 0. */
export function mean(series: Float64Array): number {
  const first = series[0] ?? Number.NaN
  return first + sumOf(series.length, index => series[index]! - first) / series.length
}

/** Central moment `Σ (x - mean)^power / n`: the population's, not corrected for bias. */
export function centralMoment(series: Float64Array, power: number): number {
  const centre = mean(series)
  return sumOf(series.length, index => (series[index]! - centre) ** power) / series.length
}

/** Sample standard deviation, with n - 1. NaN for fewer than 2 values, exactly 0 for a constant series. */
export function standardDeviation(series: Float64Array): number {
  const n = series.length
  return n < 2 ? Number.NaN : Math.sqrt((centralMoment(series, 2) * n) / (n - 1))
}

/** Skew `m3 / m2^1.5` of the population's moments (`scipy.stats.skew`). NaN for a constant series. */
export function skew(series: Float64Array): number {
  return centralMoment(series, 3) / centralMoment(series, 2) ** 1.5
}

/** Kurtosis `m4 / m2²` of the population's moments, 3 for a normal one (`scipy.stats.kurtosis(fisher=False)`). NaN for a constant series. */
export function kurtosis(series: Float64Array): number {
  return centralMoment(series, 4) / centralMoment(series, 2) ** 2
}

/** Sample covariance of two series of one length, with n - 1. NaN for fewer than 2 values. */
export function covariance(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const n = a.length
  return n < 2 ? Number.NaN : sumOf(n, index => (a[index]! - meanA) * (b[index]! - meanB)) / (n - 1)
}
