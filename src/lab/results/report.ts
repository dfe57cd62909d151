/** All that a report states of a run: the terminal's text and the HTML file are made of it. */
import type { RunQuery } from '../../replay/range.ts'
import type { Portfolio } from '../portfolio/shape.ts'
import type { Completeness } from '../stored/proved.ts'
import type { Verification } from '../stored/verifications.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import type { Outcome } from './outcome.ts'
import { addTrial, readTrials, trialOf } from './trials.ts'

export interface ReportFacts {
  run: string
  /** As its file stated it. */
  portfolio: Portfolio
  state: string
  /** Version of tickhouse. */
  program: string
  fromMicros: number
  untilMicros: number
  ticks: number
  completeness: Completeness
  /** The pinned dataset, with its checkpoint; empty for all that was stored. */
  dataset: string
  /** The newest; undefined if it was never played again. */
  verification?: Verification | undefined
  /** False: nothing was written, and the run is no trial of later ones. */
  isSaved: boolean
}

export interface StrategyReport {
  outcome: Outcome
  /** By mark first. */
  evaluations: readonly [Evaluation, ...Evaluation[]]
}

export interface Report extends ReportFacts {
  strategies: readonly StrategyReport[]
}

/** Evaluates each strategy among the trials that are stored now, itself one of them. Throws errors of the store. */
export async function makeReport(
  runQuery: RunQuery,
  facts: ReportFacts,
  outcomes: readonly Outcome[],
): Promise<Report> {
  const { fromMicros, untilMicros, portfolio } = facts
  const strategies: StrategyReport[] = []
  for (const outcome of outcomes) {
    const { kind, symbols } = outcome
    const family = await readTrials(runQuery, kind, symbols)
    // Others of the same run, also of one that is not saved, were tried with it.
    for (const other of outcomes)
      if (other.kind === kind && other.symbols.some(symbol => symbols.includes(symbol)))
        addTrial(family, trialOf(other, fromMicros, untilMicros, portfolio.mark_seconds))
    const evaluations = evaluate(outcome, fromMicros, portfolio.mark_seconds, family)
    strategies.push({ outcome, evaluations: evaluations as [Evaluation, ...Evaluation[]] })
  }
  return { ...facts, strategies }
}
