/** The statistics of a strategy's run, by mark and by longer periods. */
import { hash, Random } from '../../simulator/random.ts'
import { type Summary, summary } from '../statistics/summary.ts'
import type { Outcome } from './outcome.ts'
import { type Periods, periodsOf } from './periods.ts'
import { type Family, familyTrials } from './trials.ts'

/** Statistics of periods of one length. */
export interface Evaluation {
  /** `minute`, `10 s` */
  period: string
  seconds: number
  statistics: Summary
  resamples: number
}

const HOUR = 3_600
const DAY = 86_400
/** Fewer periods are not evaluated. */
const PERIODS_MIN = 3
const RESAMPLES_MAX = 1_000
const RESAMPLES_MIN = 100
/** Returns drawn by all resamples together: about 3 s. */
const DRAWS_MAX = 20_000_000

/** By mark first; then by hour and by day where there are enough. The same outcome gives the same numbers. */
export function evaluate(outcome: Outcome, startMicros: number, markSeconds: number, family: Family): Evaluation[] {
  const longer = [HOUR, DAY].filter(seconds => seconds > markSeconds)
  return [markSeconds, ...longer].flatMap((seconds, at) => {
    const periods = periodsOf(outcome, startMicros, seconds)
    if (at > 0 && periods.returns.length < PERIODS_MIN) return []
    return evaluatePeriods(outcome, periods, seconds, family)
  })
}

function evaluatePeriods(outcome: Outcome, periods: Periods, seconds: number, family: Family): Evaluation {
  const { length } = periods.returns
  const resamples = Math.max(RESAMPLES_MIN, Math.min(RESAMPLES_MAX, Math.floor(DRAWS_MAX / Math.max(1, length))))
  const random = new Random(hash(outcome.fillsHash), 'bootstrap')
  const statistics = summary({
    ...periods,
    closedTrades: outcome.closedTrades,
    trials: familyTrials(family, periods.periodsPerYear),
    bootstrap: { resamples, uniform: () => random.uniform() },
  })
  return { period: periodName(seconds), seconds, statistics, resamples }
}

function periodName(seconds: number): string {
  const names = new Map([
    [1, 'second'],
    [60, 'minute'],
    [HOUR, 'hour'],
    [DAY, 'day'],
  ])
  return names.get(seconds) ?? (seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`)
}
