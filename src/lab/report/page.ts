/** A run's report as one HTML file: without scripts, and without fonts or images from other servers. */
import { tiersOf } from '../portfolio/fees.ts'
import type { Portfolio } from '../portfolio/shape.ts'
import type { Evaluation } from '../results/evaluate.ts'
import { endOf } from '../results/outcome.ts'
import type { Report, StrategyReport } from '../results/report.ts'
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
  verificationLines,
  whole,
} from '../results/texts.ts'
import { equityChart } from './chart.ts'
import { escaped, part, table } from './elements.ts'
import { STYLE } from './style.ts'

/** The whole document. */
export function reportPage(report: Report): string {
  const { run, portfolio, fromMicros, untilMicros, ticks, state, program, strategies } = report
  const cautious = cautions(report).map(line => `<li>${escaped(line)}</li>`)
  const [proved = '', ...unproved] = completenessLines(report)
  const completeness = `<p>${escaped(proved)}</p>${unproved.length > 0 ? `<ul>${unproved.map(line => `<li>${escaped(line.trim())}</li>`).join('')}</ul>` : ''}`
  const verified = verificationLines(report)
    .map(line => `<p>${escaped(line)}</p>`)
    .join('')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(`${portfolio.name}: ${run}`)}</title><style>${STYLE}</style></head><body>
<header><div class="title"><h1>${escaped(portfolio.name)}</h1><code>${escaped(run)}</code></div>
<p>${clock(fromMicros)} to ${clock(untilMicros)} UTC (${duration(1, (untilMicros - fromMicros) / 1e6)}), ${whole(ticks)} ticks, ${escaped(state)}. tickhouse ${escaped(program)}.</p>
<p class="paper">${PAPER}</p></header>
${cautious.length > 0 ? `<ul class="cautions">${cautious.join('')}</ul>` : ''}
<div class="part wide">${overview(report)}</div>
${strategies.map(each => strategySection(each, report)).join('\n')}
<section><h2>How this was made</h2><div class="columns"><div>${part('Completeness of the data', completeness)}${part('Replay', verified)}${part('How orders were filled', rulesTable(portfolio))}</div>
<div>${part('Fees', feesTable(portfolio))}</div></div>${part('SHA-256 of the fills', hashes(strategies))}</section>
<footer>${PAPER} Past results on recorded data are not a promise of later ones. – is not defined.</footer>
</body></html>
`
}

function overview({ strategies, portfolio }: Report): string {
  const head = ['strategy', 'result', portfolio.currency, 'Sharpe', 'deflated', 'trials', 'drawdown', 'conclusion']
  const rows = strategies.map(({ outcome, evaluations: [{ statistics }] }) => [
    outcome.strategy,
    percent(endOf(outcome) / outcome.capital - 1),
    money(endOf(outcome) - outcome.capital, outcome.capital),
    withError(statistics.sharpe, statistics.sharpeStandardError),
    probability(statistics.deflatedSharpe),
    whole(statistics.trials),
    percent(statistics.drawdown.depth),
    statistics.conclusion,
  ])
  return table('numbers', head, rows).replace('class="numbers"', 'class="numbers overview"')
}

function strategySection({ outcome, evaluations }: StrategyReport, { fromMicros, portfolio }: Report): string {
  const { strategy, kind, symbols, parameters, capital, fees, fills, makerFills, largeFills } = outcome
  const [{ statistics }] = evaluations
  const isLuck = statistics.conclusion.startsWith('not')
  const stated = Object.entries(JSON.parse(parameters) as Record<string, unknown>)
  const account = [
    ['capital', `${money(capital, capital)} ${portfolio.currency}`],
    ['equity at the end', `${money(endOf(outcome), capital)} ${portfolio.currency}`],
    ['fees paid', `${money(fees, capital)} ${portfolio.currency}`],
    ['fills, of them as maker', `${whole(fills)}, ${whole(makerFills)}`],
    ['of orders too large for the market', whole(largeFills)],
    ['round trips', whole(statistics.closedTrades)],
    ['hit rate, profit factor', `${percent(statistics.hitRate)}, ${ratio(statistics.profitFactor)}`],
    ['share of costs in gross profit', percent(statistics.costShare)],
  ]
  const counts = (each: Readonly<Record<string, number>>) => sortedEntries(each).map(([name, n]) => [name, whole(n)])
  const held = outcome.positions.map(({ name, quantity: units, paid }) => [name, quantity(units), money(paid, capital)])
  const orders = counts(outcome.orders)
  const limits = counts(outcome.breaches)
  return `<section class="strategy"><div class="title"><h2>${escaped(strategy)} <span class="soft">${escaped(kind)}</span></h2>
<span class="conclusion ${isLuck ? 'luck' : 'edge'}">${statistics.conclusion}</span></div>
<p class="soft">${escaped(symbols.join(', '))}${stated.length > 0 ? ` · ${escaped(stated.map(([key, value]) => `${key} ${String(value)}`).join(', '))}` : ''}</p>
${equityChart(outcome, fromMicros)}
<div class="columns"><div>${part('Statistics', statisticsTable(evaluations))}</div><div>${part('Account', table('pairs', [], account))}
${part('Positions at the end', held.length > 0 ? table('numbers', ['instrument', 'quantity', 'paid'], held) : '<p>none</p>')}
${part('Orders', orders.length > 0 ? table('pairs', [], orders) : '<p>none</p>')}
${part('Limits reached', limits.length > 0 ? table('pairs', [], limits) : '<p>none</p>')}</div></div></section>`
}

/** A row for each statistic, a column for each length of periods. */
function statisticsTable(evaluations: readonly Evaluation[]): string {
  const row = (title: string, text: (evaluation: Evaluation) => string) => [title, ...evaluations.map(text)]
  const of = (title: string, text: (statistics: Evaluation['statistics']) => string) =>
    row(title, ({ statistics }) => text(statistics))
  return table(
    'numbers',
    ['annual where it applies', ...evaluations.map(periodTitle)],
    [
      of('return', each => percent(each.totalReturn)),
      of('95 % band', ({ bands }) => `${percent(bands.totalReturn.low)} to ${percent(bands.totalReturn.high)}`),
      of('volatility', each => percent(each.volatility)),
      of('Sharpe ratio', each => withError(each.sharpe, each.sharpeStandardError)),
      of('95 % band', ({ bands }) => `${ratio(bands.sharpe.low)} to ${ratio(bands.sharpe.high)}`),
      of("with Lo's correction", ({ loSharpe }) => withError(loSharpe.value, loSharpe.standardError)),
      of('probabilistic Sharpe ratio', each => probability(each.probabilisticSharpe)),
      of('deflated Sharpe ratio', each => probability(each.deflatedSharpe)),
      of('trials counted', each => whole(each.trials)),
      row('track record needed', ({ statistics, seconds }) => duration(statistics.minimumTrackRecord, seconds)),
      of('Sortino ratio', each => ratio(each.sortino)),
      of('skew, kurtosis', each => `${ratio(each.skew)}, ${ratio(each.kurtosis)}`),
      of('deepest drawdown', ({ drawdown }) => percent(drawdown.depth)),
      row('longest drawdown', ({ statistics, seconds }) => duration(statistics.drawdown.longestPeriods, seconds)),
      of('beta to its instruments', each => ratio(each.beta)),
      of('alpha', each => percent(each.alpha)),
      of('information ratio', each => ratio(each.informationRatio)),
      of('exposure', each => percent(each.exposure)),
      of('turnover, times', each => whole(each.turnover)),
    ],
  )
}

const withError = (value: number, error: number) =>
  Number.isFinite(value) ? `${ratio(value)} ± ${ratio(error)}` : ratio(value)

/** Fees have more decimals than other shares. */
const feeText = (share: number) =>
  `${(share * 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 })} %`

function feesTable({ fees }: Portfolio): string {
  const rows = Object.keys(fees).flatMap(venue => {
    const { tiers } = tiersOf(fees, venue)
    return tiers.map(({ from, maker, taker }) => {
      const name = tiers.length === 1 ? venue : `${venue}, from ${whole(from)} in 30 days`
      return [name, feeText(maker), feeText(taker)]
    })
  })
  return table('numbers', ['venue', 'maker', 'taker'], rows.length > 0 ? rows : [['not stated', '0.10 %', '0.10 %']])
}

function rulesTable({ fills, order_latency_ms: latency, clock: time, seed, ...portfolio }: Portfolio): string {
  const { rest, limits, consumes, slippage_ticks: slippage, participation } = fills
  return table(
    'list',
    [],
    [
      [
        'market orders',
        `the size shown; the rest ${rest === 'one_tick' ? 'immediately, one tick worse' : 'from the next quotes'}`,
      ],
      [
        'resting orders',
        limits === 'through'
          ? 'by a trade or quote beyond their price'
          : 'by a trade at their price, in full: no queue',
      ],
      ['one quote', consumes ? 'its size is shared by two own orders' : 'its size is there for each order'],
      ['without quotes', `trades stand for them, a taker's price is worse by ticks: ${slippage}`],
      ['large orders', `marked above ${percent(participation)} of the minute's volume`],
      ['way to the venue', Array.isArray(latency) ? `${latency.join(' to ')} ms` : `${latency} ms`],
      ['order of events', time === 'venue' ? "by the venue's time" : 'by the time of receipt'],
      ['seed, marks', `${seed}, every ${portfolio.mark_seconds} s`],
    ],
  )
}

function hashes(strategies: readonly StrategyReport[]): string {
  return strategies
    .map(({ outcome }) => `<p>${escaped(outcome.strategy)} <code>${escaped(outcome.fillsHash)}</code></p>`)
    .join('')
}
