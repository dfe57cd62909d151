/** A run's marks as periods of equal length: minutes as they were marked, hours, days. */

import { returnsOf } from '../statistics/series.ts'
import type { RunResult } from '../statistics/summary.ts'
import type { Outcome } from './outcome.ts'

/** Marks are in the time of the calendar, also while a market is closed: a year has all its seconds. */
export const YEAR_SECONDS = 365 * 86_400

/** Per period, for `summary`. */
export type Periods = Required<Pick<RunResult, 'returns' | 'periodsPerYear' | 'traded' | 'positions'>> &
  Pick<RunResult, 'benchmark'>

/**
 * Periods that end at multiples of `seconds` (UTC). A beginning or an end of the run that is shorter than half a period
 * belongs to the period beside it, so that no return is left out and none is of a much shorter time.
 */
export function periodsOf(
  { capital, series }: Pick<Outcome, 'capital' | 'series'>,
  startMicros: number,
  seconds: number,
): Periods {
  const ends = endsOf(series.timeMicros, startMicros, seconds * 1_000_000)
  const at = (values: readonly number[], first: number) =>
    Float64Array.from({ length: ends.length + 1 }, (_, period) => (period === 0 ? first : values[ends[period - 1]!]!))
  const traded = at(series.traded, 0)
  const isHoldingKnown = series.holding.every(value => value > 0)
  return {
    returns: returnsOf(at(series.equity, capital)),
    periodsPerYear: YEAR_SECONDS / seconds,
    traded: traded.slice(1).map((value, period) => (value - traded[period]!) / capital),
    positions: at(series.gross, 0).slice(1),
    ...(isHoldingKnown ? { benchmark: returnsOf(at(series.holding, 1)) } : {}),
  }
}

/** The index of the last mark of each period. */
function endsOf(timesMicros: readonly number[], startMicros: number, periodMicros: number): number[] {
  const endMicros = timesMicros.at(-1)
  if (endMicros === undefined || endMicros <= startMicros) return []
  const ends: number[] = []
  let boundary = (Math.floor(startMicros / periodMicros) + 1) * periodMicros
  if (boundary - startMicros < periodMicros / 2) boundary += periodMicros
  for (const [mark, timeMicros] of timesMicros.entries()) {
    while (timeMicros > boundary) {
      const last = mark - 1
      if (last >= 0 && last !== ends.at(-1)) ends.push(last)
      boundary += periodMicros
    }
  }
  const last = timesMicros.length - 1
  const restMicros = endMicros - (boundary - periodMicros)
  if (restMicros < periodMicros / 2 && ends.length > 0) ends[ends.length - 1] = last
  else if (ends.at(-1) !== last) ends.push(last)
  return ends
}
