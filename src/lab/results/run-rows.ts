/** Rows of table `lab_runs`: what a run was made of, and what came out. */
import { VERSION } from '../../version.ts'
import type { ReadPortfolio, ReadStrategy } from '../portfolio/read.ts'
import { kurtosis, skew } from '../statistics/moments.ts'
import { periodSharpe } from '../statistics/performance.ts'
import type { Stated } from './outcome.ts'
import { periodsOf } from './periods.ts'
import type { Recorded } from './recorded.ts'
import { moneyText, type Row, timeText } from './rows.ts'

export interface RunFacts {
  run: string
  mode: 'run' | 'live'
  /** `running` until it ends. */
  state: 'running' | 'ended' | 'stopped'
  portfolio: ReadPortfolio
  dataset: string
  fromMicros: number
  untilMicros: number
  ticks: number
  /** Share of hours that are not proved; -1 if not known. */
  unproved: number
  beganAtMs: number
}

/** A row for each strategy. `nowMicros` is later than that of every earlier row of the run. */
export function runRows(facts: RunFacts, recorded: readonly Recorded[], nowMicros: number): Row[] {
  const { portfolio, text, file, strategies } = facts.portfolio
  return strategies.map((strategy, at) => {
    const { entry } = strategy
    const { lastMark, series, fills, fillsHash } = recorded[at]!
    const stated = statedOf(strategy)
    const { returns } = periodsOf({ capital: entry.capital, series }, facts.fromMicros, portfolio.mark_seconds)
    return {
      run: facts.run,
      portfolio: portfolio.name,
      ...stated,
      mode: facts.mode,
      state: facts.state,
      program: VERSION,
      seed: portfolio.seed,
      yaml: text,
      yaml_path: file,
      dataset: facts.dataset,
      from: timeText(facts.fromMicros),
      until: timeText(facts.untilMicros),
      ticks: facts.ticks,
      currency: portfolio.currency,
      equity: lastMark ? moneyText(lastMark.equity) : String(entry.capital),
      fees: moneyText(lastMark?.fees ?? 0n),
      fills,
      // JSON has no NaN: null, for which the store takes the columns' default.
      ...{ sharpe: periodSharpe(returns), skew: skew(returns), kurtosis: kurtosis(returns) },
      marks: series.equity.length,
      mark_seconds: portfolio.mark_seconds,
      unproved: facts.unproved,
      fills_hash: fillsHash,
      began_at: timeText(facts.beganAtMs * 1000).slice(0, -3),
      written_at: timeText(nowMicros),
    }
  })
}

/** What the portfolio states of a strategy. */
export function statedOf({ entry, kind, parameters }: ReadStrategy): Stated {
  const { name: strategy, symbols, capital } = entry
  return { strategy, kind: kind.name, parameters: JSON.stringify(parameters), symbols, capital }
}
