/** A run in words, for the terminal. */
import type { Evaluation } from './evaluate.ts'
import { endOf } from './outcome.ts'
import type { Report, StrategyReport } from './report.ts'
import {
  cautions,
  clock,
  completenessLines,
  duration,
  money,
  PAPER,
  percent,
  periodTitle,
  probability,
  quantity,
  ratio,
  sortedEntries,
  times,
  verificationLines,
  whole,
} from './texts.ts'

/** Lines. */
export function describeReport(report: Report): string[] {
  const { run, portfolio, ticks, fromMicros, untilMicros } = report
  return [
    `run ${run}`,
    `${whole(ticks)} ticks, ${clock(fromMicros)} to ${clock(untilMicros)} UTC. ${PAPER}`,
    '',
    ...report.strategies.flatMap(strategy => [...describeStrategy(strategy, portfolio.currency), '']),
    ...completenessLines(report),
    ...verificationLines(report),
    ...cautions(report),
  ]
}

function describeStrategy({ outcome, evaluations }: StrategyReport, currency: string): string[] {
  const { strategy, kind, capital, fees, fills, makerFills, largeFills, orders, breaches, positions } = outcome
  const end = endOf(outcome)
  const [{ statistics, seconds }] = evaluations
  const { drawdown, turnover, exposure, beta, alpha, hitRate, costShare, closedTrades } = statistics
  const lines = [
    `${strategy} (${kind}): ${statistics.conclusion}`,
    `  ${money(capital, capital)} → ${money(end, capital)} ${currency} (${percent(end / capital - 1)}), fees ${money(fees, capital)}`,
    ...evaluations.flatMap(describeEvaluation),
    `  drawdown ${percent(drawdown.depth)}, the longest ${duration(drawdown.longestPeriods, seconds)}; exposure ${percent(exposure)} of the time; turnover ${whole(turnover)} times a year`,
    `  beta to holding ${ratio(beta)}, alpha ${percent(alpha)} a year`,
    `  ${whole(fills)} fills (${whole(makerFills)} as maker), ${whole(closedTrades)} round trips, hit rate ${percent(hitRate)}, costs ${percent(costShare)} of their gross profit`,
  ]
  const ended = sortedEntries(orders).map(([state, count]) => `${whole(count)} ${state}`)
  if (ended.length > 0) lines.push(`  orders: ${ended.join(', ')}`)
  const reached = sortedEntries(breaches).map(([limit, count]) => `${limit} ${times(count)}`)
  if (reached.length > 0) lines.push(`  limits reached: ${reached.join(', ')}`)
  const held = positions.map(({ name, quantity: units }) => `${quantity(units)} ${name}`)
  if (held.length > 0) lines.push(`  held at the end: ${held.join(', ')}`)
  if (largeFills > 0)
    lines.push(`  ${whole(largeFills)} fills are of orders too large for the market: their prices are too good`)
  lines.push(`  SHA-256 of its fills: ${outcome.fillsHash}`)
  return lines
}

function describeEvaluation(evaluation: Evaluation): string[] {
  const { sharpe, sharpeStandardError, loSharpe, probabilisticSharpe, deflatedSharpe, trials, bands } =
    evaluation.statistics
  return [
    `  ${periodTitle(evaluation)}: Sharpe ${ratio(sharpe)} ± ${ratio(sharpeStandardError)}, Lo ${ratio(loSharpe.value)} ± ${ratio(loSharpe.standardError)}, PSR ${probability(probabilisticSharpe)}, deflated ${probability(deflatedSharpe)} of ${whole(trials)} ${trials === 1 ? 'trial' : 'trials'}`,
    `    95 % bands: Sharpe ${ratio(bands.sharpe.low)} to ${ratio(bands.sharpe.high)}, return ${percent(bands.totalReturn.low)} to ${percent(bands.totalReturn.high)}`,
  ]
}
