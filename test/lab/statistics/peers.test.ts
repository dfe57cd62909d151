/** Every statistic equals that of other people's code, on seeded series: empyrical, arch, jsharpe, statsmodels, scipy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { alpha, beta, informationRatio } from '../../../src/lab/statistics/benchmark.ts'
import { returnBands } from '../../../src/lab/statistics/bootstrap.ts'
import { maxDrawdown } from '../../../src/lab/statistics/drawdown.ts'
import * as luck from '../../../src/lab/statistics/luck.ts'
import { kurtosis, skew } from '../../../src/lab/statistics/moments.ts'
import { normalCdf, normalQuantile } from '../../../src/lab/statistics/normal.ts'
import * as performance from '../../../src/lab/statistics/performance.ts'
import { loSharpe, sharpeStandardError, usualLags } from '../../../src/lab/statistics/sharpe-error.ts'
import { bootstrapVariance, superiorAbility } from '../../../src/lab/statistics/superior.ts'
import { Random } from '../../../src/simulator/random.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'
import { KINDS, type Kind, madeReturns } from './made-returns.ts'

const run = promisify(execFile)
/** The second set without what it names as needed and does not use here: a database, and a library that needs a compiler. */
const INSTALLED = [
  ['arch==8.0.0', 'numpy==2.4.6', 'pandas==3.1.1', 'scipy==1.17.1', 'statsmodels==0.15.0'],
  ['--no-deps', 'empyrical-reloaded==0.7.1', 'jsharpe==0.6.3', 'mpmath==1.3.0', 'bottleneck==1.5.0', 'pytz==2025.2'],
]
const LIMIT_MS = 600_000
const RELATIVE = 1e-10
const CONFIDENCE = 0.95
const YEARS = [252, 365, 365 * 24, 365 * 24 * 60]

type Numbers = Record<string, number | null>
interface Answer {
  series: (Numbers & { lo?: Numbers })[]
  families: { plain: number[]; studentised: number[]; variances: number[]; places: number[][] }[]
  bands: { sharpe: number[]; totalReturn: number[]; places: number[][] }[]
  normal: { cdf: number[]; quantile: number[]; scipyCdf: number[]; scipyQuantile: number[] }
}

const series = Array.from({ length: 100 }, (_, seed) => {
  const kinds = Object.keys(KINDS) as Kind[]
  const kind = kinds[seed % kinds.length]!
  // Ten series of each kind: of one period, of two, and longer ones.
  const length = [1, 2, 3, 10, 30, 100, 252, 365, 700, 1500][Math.floor(seed / kinds.length)]!
  return {
    kind,
    returns: madeReturns(kind, length, seed),
    other: madeReturns('fat tailed', length, seed + 1_000),
    periodsPerYear: YEARS[seed % YEARS.length]!,
    lags: usualLags(length),
    trials: { count: [1, 2, 10, 1_000][seed % 4]!, variance: 0.001 * ((seed % 5) + 1) },
  }
})
const families = Array.from({ length: 8 }, (_, seed) => {
  const length = [40, 100, 252, 365][seed % 4]!
  const benchmark = madeReturns('normal', length, seed)
  const strategies = Array.from({ length: seed + 1 }, (_, at) => {
    const noise = madeReturns(at % 2 ? 'fat tailed' : 'autocorrelated', length, 100 * seed + at)
    // The later the poorer, the first of some families good: every kind of recentring is met.
    return noise.map((each, index) => each + benchmark[index]! + (seed % 3 === 0 ? 0.0015 : 0.0002) - at * 0.0008)
  })
  return { benchmark, strategies, block: [6, 10, 15, 2][seed % 4]!, reps: 300, seed }
})
const bands = [0, 1, 2].map(seed => ({
  ...{ returns: madeReturns('fat tailed', 200, seed), block: 14, reps: 300, seed, periodsPerYear: 365 },
}))
const random = new Random(7, 'normal')
const normal = {
  z: Array.from({ length: 1_000 }, (_, at) => (at % 2 ? 74 : 4) * (random.uniform() - 0.5)),
  p: Array.from(
    { length: 1_000 },
    (_, at) => [10 ** (-300 * random.uniform()), random.uniform(), 0.5 - 10 ** (-1 - 9 * random.uniform())].at(at % 3)!,
  ),
}

/** Null: not defined. */
const OF_CONSTANT = {
  ...{ volatility: 0, beta: 0, sharpe: null, skew: null, kurtosis: null, sharpeStandardError: null, loValue: null },
  ...{ loError: null, probabilisticSharpe: null, deflatedSharpe: null, minimumTrackRecord: null },
}

const skip = (await pythonMissing()) ?? false

describe('beside peers', { skip }, () => {
  let answer: Answer
  let missing: string | undefined
  before(
    async () => {
      const paths: string[] = []
      for (const packages of INSTALLED) {
        const installed = await pythonWith(...packages).catch((error: Error) => error)
        if (installed instanceof Error) missing ??= `pip cannot install ${packages.join(' ')}`
        else paths.push(installed.path)
      }
      if (!missing) answer = await asked(paths.join(path.delimiter))
    },
    { timeout: LIMIT_MS },
  )

  /** A test of the answer, skipped by name where a package is missing; in CI a missing one is an error. */
  function compared(title: string, compare: () => void): void {
    test(title, context => {
      if (missing && process.env.CI === undefined) return context.skip(missing)
      compare()
    })
  }

  compared(
    'return, risk, ratios and their errors equal empyrical, jsharpe, scipy and statsmodels on 100 series',
    () => {
      let count = 0
      for (const [at, one] of series.entries()) {
        const { lo, ...theirs } = answer.series[at]!
        const ours = statisticsOf(one)
        for (const [name, value] of Object.entries({ ...theirs, loValue: lo?.value, loError: lo?.standardError })) {
          if (value === undefined) continue
          // The peers' deviation of a constant series is rounding noise, and so is what they derive from it.
          const isNoise = one.kind === 'constant' && one.returns.length > 1 && name in OF_CONSTANT
          equal(
            ours[name]!,
            isNoise ? OF_CONSTANT[name as keyof typeof OF_CONSTANT] : value,
            `${name} of series ${at}, ${one.kind}, ${one.returns.length} periods`,
          )
          count++
        }
      }
      assert.ok(count > 1_500, String(count))
    },
  )

  compared("p-values of the SPA test equal arch's on the same resamples, and Hansen's where divided", () => {
    const seen = new Set<number>()
    for (const [at, { benchmark, strategies, block }] of families.entries()) {
      const { plain, studentised, variances, places } = answer.families[at]!
      const resamples = places.map(each => Int32Array.from(each))
      for (const [expected, isStudentised] of [
        [plain, false],
        [studentised, true],
      ] as const) {
        const found = superiorAbility(strategies, benchmark, resamples, { block, studentised: isStudentised })
        const { lower, consistent, upper } = found
        for (const [kind, value] of [lower, consistent, upper].entries()) {
          equal(value, expected[kind]!, `family ${at}, ${isStudentised}, ${kind}`)
          seen.add(value)
        }
      }
      for (const [strategy, variance] of variances.entries()) {
        const differences = strategies[strategy]!.map((each, index) => each - benchmark[index]!)
        equal(bootstrapVariance(differences, block), variance, `variance of family ${at}`)
      }
    }
    assert.ok(seen.size > 15, String([...seen]))
  })

  compared("bands equal arch's percentile intervals on the same resamples", () => {
    for (const [at, { returns, periodsPerYear }] of bands.entries()) {
      const { sharpe, totalReturn, places } = answer.bands[at]!
      const found = returnBands(
        returns,
        periodsPerYear,
        places.map(each => Int32Array.from(each)),
        0.95,
      )
      equal(found.sharpe.low, sharpe[0]!, 'low Sharpe')
      equal(found.sharpe.high, sharpe[1]!, 'high Sharpe')
      equal(found.totalReturn.low, totalReturn[0]!, 'low return')
      equal(found.totalReturn.high, totalReturn[1]!, 'high return')
    }
  })

  compared(
    "the normal distribution equals mpmath's to 2e-15 in both tails, and scipy's as far as that is exact",
    () => {
      const { cdf, quantile, scipyCdf, scipyQuantile } = answer.normal
      for (const [at, z] of normal.z.entries()) {
        equal(normalCdf(z), cdf[at]!, `cdf ${z}`, 2e-15)
        equal(normalCdf(z), scipyCdf[at]!, `scipy's cdf ${z}`, 1e-12)
      }
      for (const [at, p] of normal.p.entries()) {
        equal(normalQuantile(p), quantile[at]!, `quantile ${p}`, 2e-15)
        equal(normalQuantile(p), scipyQuantile[at]!, `scipy's quantile ${p}`, 2e-15)
      }
    },
  )
})

function statisticsOf({ returns, other, periodsPerYear, trials }: (typeof series)[number]): Record<string, number> {
  const lo = loSharpe(returns, periodsPerYear)
  return {
    totalReturn: performance.totalReturn(returns),
    cagr: performance.cagr(returns, periodsPerYear),
    volatility: performance.volatility(returns, periodsPerYear),
    downsideDeviation: performance.downsideDeviation(returns, periodsPerYear),
    sharpe: performance.sharpe(returns, periodsPerYear),
    sortino: performance.sortino(returns, periodsPerYear),
    calmar: performance.calmar(returns, periodsPerYear),
    depth: maxDrawdown(returns).depth,
    skew: skew(returns),
    kurtosis: kurtosis(returns),
    sharpeStandardError: sharpeStandardError(returns, periodsPerYear),
    probabilisticSharpe: luck.probabilisticSharpe(returns),
    deflatedSharpe: luck.deflatedSharpe(returns, trials),
    expectedBestSharpe: luck.expectedBestSharpe(trials),
    minimumTrackRecord: luck.minimumTrackRecord(returns, 0, CONFIDENCE),
    loValue: lo.value,
    loError: lo.standardError,
    beta: beta(returns, other),
    // empyrical compounds the alpha of a period over a year; ours is multiplied.
    compoundedAlpha: (1 + alpha(returns, other, periodsPerYear) / periodsPerYear) ** periodsPerYear - 1,
    informationRatio: informationRatio(returns, other, periodsPerYear),
  }
}

/** Equal within a relative distance. NaN here is null, or infinite, there. */
function equal(ours: number, theirs: number | null, what: string, relative = RELATIVE): void {
  if (theirs === null) {
    assert.ok(!Number.isFinite(ours), `${what}: ${ours}, theirs is not finite`)
    return
  }
  const distance = Math.abs(ours - theirs)
  assert.ok(distance <= relative * Math.max(Math.abs(ours), Math.abs(theirs)), `${what}: ${ours}, theirs ${theirs}`)
}

async function asked(pythonPath: string): Promise<Answer> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'peers-'))
  try {
    const file = path.join(directory, 'asked.json')
    const question = {
      series: series.map(({ kind: _, periodsPerYear: q, returns, other, ...rest }) => ({
        ...{ ...rest, q, confidence: CONFIDENCE, returns: [...returns], other: [...other] },
      })),
      families: families.map(({ benchmark, strategies, ...rest }) => ({
        ...{ ...rest, benchmark: [...benchmark], strategies: strategies.map(each => [...each]) },
      })),
      bands: bands.map(({ periodsPerYear: q, returns, ...rest }) => ({ ...rest, q, returns: [...returns] })),
      normal,
    }
    fs.writeFileSync(file, JSON.stringify(question))
    const program = path.join(import.meta.dirname, 'peers.py')
    const options = { env: { ...process.env, PYTHONPATH: pythonPath }, maxBuffer: 2 ** 28, timeout: LIMIT_MS }
    const { stdout } = await run('python3', [program, file], options)
    return JSON.parse(stdout) as Answer
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
