/** Leaks that are planted are found, each by its check; strategies without one are not accused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaOf } from '../../../src/lab/features/schema.ts'
import { findLeaks, type LeakOptions } from '../../../src/lab/leaks/check.ts'
import { checkModel } from '../../../src/lab/leaks/model-checks.ts'
import { playOnce } from '../../../src/lab/leaks/play.ts'
import { readFacts } from '../../../src/lab/models/model.ts'
import { readPortfolioText } from '../../../src/lab/portfolio/read.ts'
import type { Context, ReadFile, Strategy } from '../../../src/lab/strategy.ts'
import { randomTicks, type Tick } from '../../support/data/lab-market.ts'
import { MODEL_PARAMETERS, modelFile } from '../../support/data/lab-model.ts'
import { MemorySource } from '../../support/data/lab-source.ts'

const SOURCE = new MemorySource(randomTicks(21, 3_000))
const HEAD = 'name: a\ncurrency: USDT\nmark_seconds: 60\n'

interface Setting {
  kind?: string
  parameters?: Record<string, unknown>
  head?: string
  make?: () => Strategy
  model?: ReadFile
  source?: MemorySource
  trainingRows?: LeakOptions['trainingRows']
}

async function optionsOf({
  kind = 'buy-and-hold',
  parameters = {},
  head = 'order_latency_ms: 20',
  make,
  model,
  source = SOURCE,
  trainingRows,
}: Setting) {
  const entry = { name: 's', kind, symbols: ['test:BTC', 'test:ETH'], capital: 100_000, parameters }
  const portfolio = await readPortfolioText(`${HEAD}${head}\nstrategies: [${JSON.stringify(entry)}]\n`, 'a.yaml')
  const [read] = portfolio.strategies
  const strategy = {
    ...read!,
    ...(make ? { kind: { name: 'own', description: 'own', parameters: {}, make } } : {}),
    files: model ? { model } : {},
  }
  return { source, portfolio, strategy, cuts: 2, seed: 3, trainingRows }
}

const findingsOf = async (setting: Setting) => await findLeaks(await optionsOf(setting))
const leaksOf = async (setting: Setting) =>
  (await findingsOf(setting)).filter(({ state }) => state === 'leak').map(({ check }) => check)

/** Each 5 s long or short of BTC by a sign. */
function bySign(sign: (context: Context) => number): Strategy {
  return {
    timerSeconds: 5,
    onTimer(_time, context) {
      const [instrument] = context.instruments
      const target = Math.sign(sign(context))
      if (target === 0 || Math.sign(context.position(instrument!)) === target) return
      context.order({
        instrument: instrument!,
        direction: target as 1 | -1,
        quantity: Math.abs(context.position(instrument!)) + 0.1,
      })
    },
  }
}

const { tape: _, ...PLAYED } = SOURCE
const priceAfter = (timeMicros: number) =>
  SOURCE.tape.find(each => each.timeMicros > timeMicros)?.price ?? SOURCE.tape.at(-1)!.price
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const around = (timeMicros: number, before: number, after: number) =>
  meanOf(
    SOURCE.tape
      .filter(each => each.timeMicros > timeMicros - before * 1e6 && each.timeMicros <= timeMicros + after * 1e6)
      .map(({ price }) => price),
  )
const quantile = (share: number) =>
  SOURCE.tape.map(({ price }) => price).sort((a, b) => a - b)[Math.floor(SOURCE.tape.length * share)]!
const markOf = (context: Context) => context.mark(context.instruments[0]!)

let runs = 0
let lastRun: number[] = []

/** What an earlier run saw, kept beside the strategy. */
function remembering(): Strategy {
  const [known, seen] = [lastRun, [] as number[]]
  lastRun = seen
  return bySign(context => {
    seen.push(markOf(context))
    return (known[seen.length + 3] ?? 0) - markOf(context) || 1
  })
}

const features = schemaOf(1, 1, '1')

const PLANTED: Record<string, [string, Setting]> = {
  'reads the next price': [
    'poison',
    { make: () => bySign(context => priceAfter(context.nowMicros + 4e6) - markOf(context)) },
  ],
  'smooths by later prices': [
    'poison',
    { make: () => bySign(context => around(context.nowMicros, 30, 30) - around(context.nowMicros, 60, 0)) },
  ],
  'takes thresholds of the whole sample': [
    'poison',
    { make: () => bySign(context => (markOf(context) < quantile(0.5) ? 1 : -1)) },
  ],
  'knows when the tape ends': [
    'cut',
    {
      make: () =>
        bySign(({ nowMicros }) =>
          nowMicros - PLAYED.firstMicros < (SOURCE.tape.at(-1)!.timeMicros - PLAYED.firstMicros) * 0.4 ? 1 : -1,
        ),
    },
  ],
  'scales features by the whole sample': [
    'poison',
    {
      make: () => ({
        timerSeconds: 5,
        features,
        onTimer: (_time, context) =>
          context.sampled(
            context.instruments[0]!,
            Float64Array.of(markOf(context) / Math.max(...SOURCE.tape.map(({ price }) => price))),
          ),
      }),
    },
  ],
  'remembers an earlier run': ['again', { make: remembering }],
  'uses chance of its own': ['again', { make: () => bySign(() => Math.random() - 0.5) }],
  'reads a clock': ['again', { make: () => bySign(() => (Math.floor(performance.now() * 1e4) % 2) - 0.5) }],
  'depends on how often it was made': [
    'again',
    { make: () => (runs++ % 2 === 0 ? bySign(() => 1) : bySign(() => -1)) },
  ],
  'depends on where the run begins': [
    'start',
    {
      make: () => {
        let first = Number.NaN
        return bySign(context => {
          if (Number.isNaN(first)) first = context.nowMicros
          return (context.nowMicros - first) % 600e6 < 300e6 ? 1 : -1
        })
      },
    },
  ],
  'is filled at the price that it saw': [
    'fills',
    {
      kind: 'trend',
      parameters: { bar_seconds: 5, fast: 2, slow: 4, money: 200 },
      head: 'fills: { slippage_ticks: 0 }\norder_latency_ms: 0',
      source: new MemorySource(
        randomTicks(21, 4_000).filter((tick): tick is Tick & { price: number } => 'price' in tick),
      ),
    },
  ],
}

test('a planted leak of a strategy is found', async t => {
  for (const [name, [check, setting]] of Object.entries(PLANTED))
    await t.test(`that ${name}`, async () => {
      const found = await leaksOf(setting)
      assert.ok(found.includes(check), `found: ${found.join(', ') || 'nothing'}`)
    })
})

const FOLD = { train: [0, 80e6], test: [100e6, 200e6], rows: [80, 100], purged: 20, fitted_on: [0, 80e6], auc: 0.6 }
const PLANTED_MODELS: Record<string, [string, Record<string, unknown>]> = {
  'smoothed by later rows': ['label', { label: { horizon: 6, reach_micros: 12_000_000 }, embargo: 0 }],
  'labels overlap the test': ['purge', { folds: [{ ...FOLD, train: [0, 97e6], fitted_on: [0, 97e6] }] }],
  'the embargo is not kept': ['purge', { folds: [FOLD], embargo: 20 }],
  'trained after its test': ['purge', { folds: [{ ...FOLD, train: [0, 300e6] }] }],
  'a scaler of the whole sample': ['fitted', { folds: [{ ...FOLD, fitted_on: [0, 200e6] }] }],
  'shuffled labels have an edge': ['shuffled', { permuted_auc: [0.55, 0.56, 0.54, 0.57, 0.55] }],
  'played on its own training': [
    'in-sample',
    {
      trained: {
        from: PLAYED.firstMicros - 1e9,
        until: PLAYED.firstMicros + 1e6,
        rows: 9,
        instruments: [],
        run: 'r',
        dataset: '',
      },
    },
  ],
}

test('a planted leak of a model is found, and no other', () => {
  const played = { fromMicros: SOURCE.firstMicros, untilMicros: SOURCE.endMicros }
  for (const [name, [check, changed]] of Object.entries(PLANTED_MODELS)) {
    const findings = checkModel(readFacts(modelFile(changed)), played)
    assert.deepEqual(
      findings.filter(({ state }) => state === 'leak').map(each => each.check),
      [check],
      name,
    )
  }
})

test('of a model whose file states no folds, purging and fitting are not known', () => {
  const played = { fromMicros: SOURCE.firstMicros, untilMicros: SOURCE.endMicros }
  const findings = checkModel(readFacts(modelFile({ folds: [], permuted_auc: [] })), played)
  assert.deepEqual(
    findings.map(({ check, state }) => `${check} ${state}`),
    ['label ok', 'purge unknown', 'fitted unknown', 'shuffled unknown', 'in-sample ok'],
  )
})

test('planted: features in play that are not those of training; equal ones are not accused', async () => {
  const setting: Setting = { kind: 'classifier', parameters: { ...MODEL_PARAMETERS, model: '' }, model: modelFile() }
  const { samples } = await playOnce(await optionsOf(setting))
  assert.deepEqual(await leaksOf({ ...setting, trainingRows: samples }), [])
  const skewed = samples.map((row, at) =>
    at === 500 ? { ...row, values: row.values.map(value => value * (1 + 2 ** -52)) } : row,
  )
  assert.deepEqual(await leaksOf({ ...setting, trainingRows: skewed }), ['parity'])
})

const CLEAN: [string, Record<string, unknown>[]][] = [
  ['buy-and-hold', [{}, { share: 0.5 }]],
  [
    'trend',
    [
      [2, 4],
      [3, 10],
      [5, 8],
    ].flatMap(([fast, slow]) => [true, false].map(short => ({ bar_seconds: 5, fast, slow, short, money: 3_000 }))),
  ],
  [
    'vwap-reversion',
    [4, 6, 10].flatMap(bars =>
      [1, 3].map(entry_bps => ({ bar_seconds: 5, bars, entry_bps, exit_bps: 0, money: 3_000 })),
    ),
  ],
  [
    'order-flow',
    [0.2, 0.4].flatMap(entry =>
      [3, 5].map(periods => ({ every_seconds: 2, periods, entry, exit: 0.05, money: 3_000 })),
    ),
  ],
]

test('settings that are clean are not accused', async t => {
  for (const [kind, settings] of CLEAN)
    await t.test(`${settings.length} of ${kind}`, async () => {
      for (const parameters of settings)
        assert.deepEqual(await leaksOf({ kind, parameters }), [], JSON.stringify(parameters))
    })
})

test('clean: a classifier with and without a model is not accused', async () => {
  const parameters = { ...MODEL_PARAMETERS, model: '' }
  for (const setting of [
    { parameters },
    { parameters, model: modelFile() },
    { parameters: { ...parameters, short: true }, model: modelFile() },
  ]) {
    const findings = await findingsOf({ kind: 'classifier', ...setting })
    assert.deepEqual(
      findings.filter(({ state }) => state !== 'ok'),
      [],
    )
  }
})
