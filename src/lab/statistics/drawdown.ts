/** Losses from a peak of the equity, which begins at 1. */
import { sumOf } from './moments.ts'
import { equityOf } from './series.ts'

/** Places are counted in periods from the start: 0 before the first return, i after i returns. */
export interface Drawdown {
  /** Share of the peak that was lost: 0.25 is 25 %. 0 without a drawdown. */
  depth: number
  /** Place of the peak before the deepest loss; NaN without a drawdown, as are trough and recovery. */
  peak: number
  trough: number
  /** The first place at or above that peak again; NaN if there is none. */
  recovery: number
  /** Most periods from a peak until its value was reached again, or until the end; of any drawdown. */
  longestPeriods: number
}

/** The deepest drawdown, the first of equal ones, and the length of the longest. All NaN if a return is NaN. */
export function maxDrawdown(returns: Float64Array): Drawdown {
  const equity = equityOf(returns)
  const deepest: Drawdown = { depth: 0, peak: Number.NaN, trough: Number.NaN, recovery: Number.NaN, longestPeriods: 0 }
  let peak = 0
  for (const [place, value] of equity.entries()) {
    const { depth, trough, recovery } = deepest
    if (Number.isNaN(value)) {
      return {
        depth: Number.NaN,
        peak: Number.NaN,
        trough: Number.NaN,
        recovery: Number.NaN,
        longestPeriods: Number.NaN,
      }
    }
    const lost = 1 - value / equity[peak]!
    if (lost > depth) Object.assign(deepest, { depth: lost, peak, trough: place, recovery: Number.NaN })
    else if (place > trough && Number.isNaN(recovery) && value >= equity[deepest.peak]!) deepest.recovery = place
    // A peak that is only reached again ends the drawdown as well: the next one begins there.
    if (value >= equity[peak]!) {
      if (place > peak + 1) deepest.longestPeriods = Math.max(deepest.longestPeriods, place - peak)
      peak = place
    }
  }
  if (peak < equity.length - 1) {
    deepest.longestPeriods = Math.max(deepest.longestPeriods, equity.length - 1 - peak)
  }
  return deepest
}

/** Ulcer index (Martin 1987): root of the mean squared drawdown over the n periods, a fraction. NaN without returns. */
export function ulcerIndex(returns: Float64Array): number {
  const equity = equityOf(returns)
  let peak = 1
  const squares = sumOf(returns.length, index => {
    const value = equity[index + 1]!
    peak = Math.max(peak, value)
    return (1 - value / peak) ** 2
  })
  return Math.sqrt(squares / returns.length)
}
