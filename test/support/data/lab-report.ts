/** A seeded run of a strategy with a given setting, as its report needs it. */
import { parsePortfolio, type ReadPortfolio } from '../../../src/lab/portfolio/read.ts'
import type { Outcome } from '../../../src/lab/results/outcome.ts'
import { Recorded } from '../../../src/lab/results/recorded.ts'
import type { ReportFacts } from '../../../src/lab/results/report.ts'
import { statedOf } from '../../../src/lab/results/run-rows.ts'
import { STRATEGIES } from '../../../src/lab/strategies/index.ts'
import { Random } from '../../../src/simulator/random.ts'
import { LAB_START_MICROS } from './lab-market.ts'

const HOURS = 12

/** A portfolio with one strategy of kind `trend`. */
export function labPortfolio(fast: number, name = 'fast'): ReadPortfolio {
  const text = `name: demo\ncurrency: USDT\nfees: { default: { maker: 0, taker: 0.001 } }\nstrategies:
  - { name: ${name}, kind: trend, symbols: ["test:BTC"], capital: 100000, parameters: { fast: ${fast} } }\n`
  const portfolio = parsePortfolio(text, 'portfolio.yaml')
  const kind = STRATEGIES.find(each => each.name === 'trend')!
  const strategies = portfolio.strategies.map(entry => ({
    ...{ entry, kind },
    parameters: { ...kind.parameters, ...entry.parameters },
    files: {},
  }))
  return { portfolio, strategies, text, file: '/lab/portfolio.yaml' }
}

/** Twelve hours of minute marks: a random walk that rises a little, of another seed for each setting; flat for 0. */
export function labRecorded(run: string, fast: number): Recorded {
  const recorded = new Recorded({ run, strategy: 'fast' }, () => {})
  const random = new Random(fast)
  let [equity, holding] = [100_000, 1]
  for (let minute = 1; minute <= HOURS * 60; minute++) {
    if (fast > 0) equity *= 1 + 0.0005 * random.normal() + 0.00003
    holding *= 1 + 0.0005 * random.normal()
    recorded.mark({
      timeMicros: LAB_START_MICROS + minute * 60e6,
      ...{ equity: BigInt(Math.round(equity * 1e8)), cash: 0n, gross: BigInt(fast) * 10n ** 12n, fees: 0n },
      ...{ traded: BigInt(minute * fast) * 10n ** 8n, holding },
    })
  }
  return recorded
}

export function labOutcome({ strategies }: ReadPortfolio, recorded: Recorded): Outcome {
  return recorded.outcome(statedOf(strategies[0]!))
}

export function labFacts(run: string, { portfolio }: ReadPortfolio): ReportFacts {
  return {
    ...{ run, portfolio, state: 'ended', program: '0.1.0', ticks: 1_000, isSaved: true },
    ...{ fromMicros: LAB_START_MICROS, untilMicros: LAB_START_MICROS + HOURS * 3_600e6 },
    dataset: '',
    completeness: { hours: 0, proved: 0, unproved: [] },
  }
}
