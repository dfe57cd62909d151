/**
 * The shapes of these statistics. Returns are a Float64Array of simple returns (`value / previous value - 1`) of equal
 * periods; an equity series has the values at the ends of the periods, one more than there are returns. Where a
 * statistic is not defined it is NaN, which JSON writes as null; nothing here is ever infinite.
 */

/** How many periods a year has where a market never closes; for other markets state the number of the instrument's sessions. */
export const PERIODS_PER_YEAR = { minutes: 365 * 24 * 60, hours: 365 * 24, days: 365, exchangeDays: 252 } as const

/** The returns of an equity series: one fewer than it has values. NaN after a value of 0 or below. */
export function returnsOf(equity: Float64Array): Float64Array {
  const returns = new Float64Array(Math.max(0, equity.length - 1))
  for (let index = 0; index < returns.length; index++) {
    const before = equity[index]!
    returns[index] = before > 0 ? equity[index + 1]! / before - 1 : Number.NaN
  }
  return returns
}

/** The equity series of these returns, from 1: one more value than there are returns. */
export function equityOf(returns: Float64Array): Float64Array {
  const equity = new Float64Array(returns.length + 1)
  equity[0] = 1
  for (let index = 0; index < returns.length; index++) equity[index + 1] = equity[index]! * (1 + returns[index]!)
  return equity
}

/** The value, or NaN in place of an infinite one: a division by 0, or beyond the range of doubles. */
export const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN)

/** Throws a RangeError unless both series have one length. */
export function sameLength(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) throw new RangeError(`series of ${a.length} and of ${b.length} periods`)
}
