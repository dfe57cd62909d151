/** The stationary bootstrap, and the bands of statistics that it gives. */
import { periodSharpe, totalReturn } from './performance.ts'

/** A band: the statistic's quantiles over the resamples. NaN where no resample has the statistic. */
export interface Band {
  low: number
  high: number
}

/** Mean length of the bootstrap's blocks where none is stated: `⌊√n⌋`, at least 1. */
export function usualBlock(length: number): number {
  return Math.max(1, Math.floor(Math.sqrt(length)))
}

/**
 * Resamples of the stationary bootstrap (Politis and Romano 1994): places in a series of `length` periods, in blocks
 * that go on with probability `1 - 1 / block` each and wrap at the end. `uniform` gives numbers in [0, 1): a seeded one
 * makes the results repeatable. One array is yielded again and again: a caller that keeps a resample copies it. The memory
 * is that of one resample.
 */
export function* stationaryResamples(
  length: number,
  count: number,
  uniform: () => number,
  block: number = usualBlock(length),
): Generator<Int32Array> {
  if (!(block >= 1)) throw new RangeError(`blocks of ${block} periods`)
  const places = new Int32Array(length)
  for (let resample = 0; resample < count; resample++) {
    let place = 0
    for (let index = 0; index < length; index++) {
      // The order of the draws is part of the result: whether a block begins, then where.
      const begins = index === 0 || uniform() < 1 / block
      place = begins ? Math.floor(uniform() * length) : (place + 1) % length
      places[index] = place
    }
    yield places
  }
}

/**
 * Bands of the Sharpe ratio and of the total return over resamples of the returns, by the percentile method, with
 * linear interpolation (`numpy.percentile`). `confidence` 0.95 leaves 2.5 % on each side.
 */
export function returnBands(
  returns: Float64Array,
  periodsPerYear: number,
  resamples: Iterable<Int32Array>,
  confidence = 0.95,
): { sharpe: Band; totalReturn: Band } {
  const ratios: number[] = []
  const totals: number[] = []
  const sample = new Float64Array(returns.length)
  for (const places of resamples) {
    for (let index = 0; index < sample.length; index++) sample[index] = returns[places[index]!]!
    ratios.push(periodSharpe(sample) * Math.sqrt(periodsPerYear))
    totals.push(totalReturn(sample))
  }
  return { sharpe: bandOf(ratios, confidence), totalReturn: bandOf(totals, confidence) }
}

function bandOf(values: readonly number[], confidence: number): Band {
  const sorted = Float64Array.from(values.filter(value => !Number.isNaN(value))).sort()
  return { low: quantile(sorted, (1 - confidence) / 2), high: quantile(sorted, (1 + confidence) / 2) }
}

/** The quantile of sorted values, between two of them by a line. NaN without values. */
function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  return below + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] ?? below) - below)
}
