/** Rows of table `lab_runs`: what a run was made of, and what came out. */
import { VERSION } from '../../version.ts'
import type { ReadPortfolio } from '../portfolio/read.ts'
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
  const { portfolio, text, strategies } = facts.portfolio
  return strategies.map(({ entry, kind, parameters }, at) => {
    const { lastMark, equity, fills, fillsHash } = recorded[at]!
    return {
      run: facts.run,
      strategy: entry.name,
      portfolio: portfolio.name,
      kind: kind.name,
      parameters: JSON.stringify(parameters),
      symbols: entry.symbols,
      mode: facts.mode,
      state: facts.state,
      program: VERSION,
      seed: portfolio.seed,
      file: text,
      dataset: facts.dataset,
      from: timeText(facts.fromMicros),
      until: timeText(facts.untilMicros),
      ticks: facts.ticks,
      currency: portfolio.currency,
      capital: String(entry.capital),
      equity: lastMark ? moneyText(lastMark.equity) : String(entry.capital),
      fees: moneyText(lastMark?.fees ?? 0n),
      fills,
      ...momentsOf(equity),
      marks: equity.length,
      unproved: facts.unproved,
      fills_hash: fillsHash,
      began_at: timeText(facts.beganAtMs * 1000).slice(0, -3),
      written_at: timeText(nowMicros),
    }
  })
}

/** Of the returns between marks: what a count of trials needs later. 0 where there are too few. */
function momentsOf(equity: readonly number[]): { sharpe: number; skew: number; kurtosis: number } {
  const returns = equity.slice(1).map((value, at) => value / equity[at]! - 1)
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
  const moment = (power: number) => returns.reduce((sum, value) => sum + (value - mean) ** power, 0) / returns.length
  const variance = moment(2)
  if (returns.length < 2 || !(variance > 0)) return { sharpe: 0, skew: 0, kurtosis: 0 }
  return {
    sharpe: mean / Math.sqrt((variance * returns.length) / (returns.length - 1)),
    skew: moment(3) / variance ** 1.5,
    kurtosis: moment(4) / variance ** 2,
  }
}
