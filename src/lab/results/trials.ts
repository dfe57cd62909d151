/** How often a family of strategies was tried: the more trials, the better the best of them is by luck alone. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { type Trials, trialsOf } from '../statistics/luck.ts'
import { periodSharpe } from '../statistics/performance.ts'
import type { Outcome } from './outcome.ts'
import { periodsOf, YEAR_SECONDS } from './periods.ts'

/** One trial: runs that are equal in all but the Sharpe ratio are one. */
export interface Trial {
  parameters: string
  symbols: readonly string[]
  fromMicros: number
  untilMicros: number
  fillsHash: string
  /** Of the returns between marks, annual; NaN where it is not defined. */
  sharpe: number
}

/** A distinct trial by what makes it one. */
export type Family = Map<string, Trial>

/**
 * All runs of a kind of strategy on any of these symbols that have ended, whatever their parameters, limits or fees;
 * runs with the same fills of the same parameters and time are one trial. Throws errors of the store.
 */
export async function readTrials(runQuery: RunQuery, kind: string, symbols: readonly string[]): Promise<Family> {
  const onAny = symbols.map(symbol => `has(symbols, ${literal(symbol)})`).join(' OR ')
  const answer = await runQuery(
    `SELECT parameters, symbols, toString(toUnixTimestamp64Micro(from)) AS began, toString(toUnixTimestamp64Micro(until)) AS ended,
       fills_hash, if(isFinite(sharpe), toString(sharpe * sqrt(${YEAR_SECONDS} / mark_seconds)), '') AS annual
     FROM lab_runs FINAL
     WHERE kind = ${literal(kind)} AND state != 'running' AND (${onAny})`,
    'JSONEachRow',
  )
  const family: Family = new Map()
  for (const line of new TextDecoder().decode(answer).split('\n').filter(Boolean)) {
    const row = JSON.parse(line) as Record<'parameters' | 'began' | 'ended' | 'fills_hash' | 'annual', string> & {
      symbols: string[]
    }
    addTrial(family, {
      ...{ parameters: row.parameters, symbols: row.symbols, fillsHash: row.fills_hash },
      ...{ fromMicros: Number(row.began), untilMicros: Number(row.ended) },
      sharpe: row.annual === '' ? Number.NaN : Number(row.annual),
    })
  }
  return family
}

/** Adds a trial, unless it is there. */
export function addTrial(family: Family, trial: Trial): void {
  const { parameters, symbols, fromMicros, untilMicros, fillsHash } = trial
  const key = JSON.stringify([parameters, symbols.toSorted(), fromMicros, untilMicros, fillsHash])
  if (!family.has(key)) family.set(key, trial)
}

/** A run of a strategy as a trial. */
export function trialOf(outcome: Outcome, fromMicros: number, untilMicros: number, markSeconds: number): Trial {
  const { parameters, symbols, fillsHash } = outcome
  const { returns, periodsPerYear } = periodsOf(outcome, fromMicros, markSeconds)
  const sharpe = periodSharpe(returns) * Math.sqrt(periodsPerYear)
  return { parameters, symbols, fromMicros, untilMicros, fillsHash, sharpe }
}

/** Of the family, for ratios of one period. */
export function familyTrials(family: Family, periodsPerYear: number): Trials {
  return trialsOf([...family.values()].map(({ sharpe }) => sharpe / Math.sqrt(periodsPerYear)))
}
