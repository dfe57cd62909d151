/** Scores of models: those of the programs that trained them, and none of other features. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { describeModels } from '../../../src/commands/lab/models.ts'
import { schemaOf } from '../../../src/lab/features/schema.ts'
import { type Distribution, Drift, stabilityIndex } from '../../../src/lab/models/drift.ts'
import { LightGbm } from '../../../src/lab/models/lightgbm.ts'
import { readFacts, readModel } from '../../../src/lab/models/model.ts'
import { modelRows, newDrifts, notesOf } from '../../../src/lab/models/rows.ts'
import { parsePortfolio } from '../../../src/lab/portfolio/read.ts'
import type { RegisteredModel } from '../../../src/lab/stored/models.ts'
import { CLASSIFIER } from '../../../src/lab/strategies/classifier.ts'
import type { ReadFile } from '../../../src/lab/strategy.ts'
import { fetched, fetching } from '../../support/data/fetched.ts'
import { BTC, ETH, play, randomTicks, runOf } from '../../support/data/lab-market.ts'
import { MODEL_PARAMETERS, modelFile, modelText } from '../../support/data/lab-model.ts'
import { LONG } from '../../support/faults.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'

interface Made {
  name: string
  text: string
  values: string[][]
  scores: string[]
  probabilities: string[]
}

const TRAIN = fileURLToPath(new URL('../../../lab/train/', import.meta.url))
/** The versions of `lab/train/requirements.txt`. */
const PACKAGES = readFileSync(`${TRAIN}requirements.in`, 'utf8').trim().split('\n')
const SKIP = LONG ? await pythonMissing() : 'in the long run: FAULT_ROUNDS=long'
const ONNX_VERSION = '1.30.0'
const ONNX_SKIP = LONG ? false : 'in the long run: FAULT_ROUNDS=long'
const TEXT = { maxBuffer: 1e8, encoding: 'utf8' } as const
const FILE = new URL('made-models.json', import.meta.url)
const MADE: Made[] = JSON.parse(readFileSync(FILE, 'utf8'))
const doubleOf = (hex: string) => Buffer.from(hex, 'hex').readDoubleBE()
const hexOf = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes.toString('hex')
}

function compare({ text, values, scores, probabilities }: Made): void {
  const model = new LightGbm(text)
  for (const [at, row] of values.entries()) {
    const score = model.score(Float64Array.from(row, doubleOf))
    assert.equal(hexOf(score), scores[at], `row ${at}`)
    const probability = 1 / (1 + Math.exp(-model.steepness * score))
    const units = BigInt(`0x${hexOf(probability)}`) - BigInt(`0x${probabilities[at]}`)
    assert.ok(units >= -2n && units <= 2n, `row ${at}: ${units} units in the last place`)
  }
}

test("every score of a made model equals LightGBM's to the last bit", async t => {
  for (const made of MADE) await t.test(made.name, () => compare(made))
})

test("models that are trained now have LightGBM's scores", { skip: SKIP }, async () => {
  const { command, path } = await pythonWith(...PACKAGES)
  const script = fileURLToPath(new URL('made-models.py', import.meta.url))
  for (const seed of [2, 3, 4]) {
    const output = execFileSync(command, [script, String(seed), '50'], {
      ...TEXT,
      env: { ...process.env, PYTHONPATH: path },
    })
    for (const made of JSON.parse(output) as Made[]) compare(made)
  }
})

test('a model that cannot be played is refused with the reason', () => {
  const { text } = MADE[0]!
  for (const [changed, why] of [
    [text.replace(/objective=.*/, 'objective=regression'), /no binary classifier: objective regression/],
    [text.replace('num_cat=0', 'num_cat=1'), /categorical/],
    [text.replace('is_linear=0', 'is_linear=1'), /linear/],
    [text.replace(/left_child=\S+ /, 'left_child='), /incomplete/],
    [text.replace(/left_child=\S+/, 'left_child=0'), /incomplete/],
    [text.replace(/split_feature=\S+/, 'split_feature=99'), /incomplete/],
    [text.replace('num_class=1', 'num_class=3'), /several classes/],
    [text.split('\nTree=')[0]!, /no trees/],
  ] as const)
    assert.throws(() => new LightGbm(changed), { code: 'config_invalid', message: why })
})

test('a split of the known from the unknown, whose threshold is infinite', () => {
  const [header] = MADE[0]!.text.split('\nTree=')
  const split = 'split_feature=3\nthreshold=inf\ndecision_type=8\nleft_child=-1\nright_child=-2\nleaf_value=0.25 -0.5'
  const model = new LightGbm(`${header}\nTree=0\nnum_leaves=2\nnum_cat=0\n${split}\nis_linear=0\n`)
  const scores = [Number.POSITIVE_INFINITY, -1, Number.NaN].map(value => model.score(new Float64Array(9).fill(value)))
  assert.deepEqual(scores, [0.25, 0.25, -0.5])
})

test('a logistic regression is the sum of its standardised features; one that is not known is its mean', () => {
  const schema = schemaOf(1, 3, '1,2')
  const of = {
    means: Array(9).fill(1),
    scales: Array(9).fill(2),
    coefficients: [1, ...Array(8).fill(0.5)],
    intercept: 0.25,
  }
  const model = readModel(modelFile({ logistic: of }), schema)
  assert.equal(model.score(Float64Array.from([5, Number.NaN, 3, 1, 1, 1, 1, 1, 1])), 0.25 + 2 + 0.5)
  assert.equal(model.probability(0), 0.5)
})

test('a model of other features is refused, with both and what to do', () => {
  const file = modelFile()
  for (const schema of [schemaOf(2, 3, '1,2'), schemaOf(1, 4, '1,2'), schemaOf(1, 3, '1,3')])
    assert.throws(() => readModel(file, schema), {
      code: 'config_invalid',
      message: /every 1 s, window 3.*than the strategy computes/,
    })
  const text = modelText({ folds: [{}] })
  assert.throws(() => readModel({ ...file, text }, schemaOf(1, 3, '1,2')), {
    code: 'config_invalid',
    message: /no model/,
  })
})

test('the classifier trades what its model predicts, each prediction is a row, and its model is registered', () => {
  const file = modelFile()
  const run = runOf(CLASSIFIER.make({ ...CLASSIFIER.parameters, ...MODEL_PARAMETERS }, { model: file }), {
    instruments: [BTC, ETH],
  })
  play(run.engine, randomTicks(3, 2_000), 50)
  const predictions = run.rows.lab_predictions!
  assert.ok(predictions.length > 300)
  assert.ok(predictions.every(({ model }) => model === createHash('sha256').update(file.text).digest('hex')))
  const bought = new Set(
    run.rows
      .lab_fills!.filter(({ side }) => side === 'buy')
      .map(({ at, symbol }) => `${String(at).slice(0, 19)} ${symbol}`),
  )
  assert.ok(bought.size > 0)
  const sure = predictions.filter(({ probability }) => Number(probability) > 0.5)
  assert.ok(sure.length < predictions.length && sure.length > 0)
  const [row] = modelRows('r', portfolioOf(file), 1e15)
  assert.deepEqual([row!.sha256, row!.kind, row!.features_run], [file.sha256, 'lightgbm', 'features-run'])
  assert.deepEqual([row!.path, row!.stage, row!.label_micros], ['model.json', 'paper', 6_000_000])
})

test('in shadow a model predicts the same and sends no orders; another stage is refused', () => {
  const playedIn = (stage: string) => {
    const strategy = CLASSIFIER.make({ ...CLASSIFIER.parameters, ...MODEL_PARAMETERS, stage }, { model: modelFile() })
    const run = runOf(strategy, { instruments: [BTC, ETH] })
    play(run.engine, randomTicks(3, 1_000), 50)
    return run.rows
  }
  const [shadow, paper] = [playedIn('shadow'), playedIn('paper')]
  assert.ok(paper.lab_orders!.length > 0 && shadow.lab_orders === undefined)
  assert.ok(shadow.lab_predictions!.every(({ stage, price }) => stage === 'shadow' && Number(price) > 0))
  assert.deepEqual(
    shadow.lab_predictions!.map(row => ({ ...row, stage: 'paper' })),
    paper.lab_predictions,
  )
  assert.throws(() => playedIn('live'), {
    code: 'config_invalid',
    message: /stage live: a model is in stage shadow or/,
  })
})

interface MadeOnnx {
  onnx: string
  values: number[][]
  probabilities: number[]
}
const ONNX: Record<'linear' | 'trees' | 'mapped', MadeOnnx> = JSON.parse(
  readFileSync(new URL('made-onnx.json', import.meta.url), 'utf8'),
)

test('an ONNX model is refused without its runtime, with the command that installs it, and one of other features', () => {
  const file = modelFile({ kind: 'onnx', onnx: ONNX.linear.onnx })
  assert.throws(() => readModel(file, schemaOf(1, 3, '1,2')), {
    code: 'config_invalid',
    message: /onnxruntime-node, which scores it, is not installed/,
    advice: /npm i --ignore-scripts onnxruntime-node/,
  })
  assert.throws(() => readModel(file, schemaOf(1, 4, '1,2')), { message: /trained with other features/ })
})

test('an ONNX model has the probabilities of its runtime in Python, plays, and is refused where it does not fit', {
  skip: ONNX_SKIP,
}, async t => {
  const name = `onnxruntime-node@${ONNX_VERSION}`
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix']
  const directory = await fetched(name.replace('@', '-'), into => fetching('npm', [...install, into, name]))
  const before = process.cwd()
  t.after(() => process.chdir(before))
  process.chdir(directory)
  const schema = schemaOf(1, 3, '1,2')
  for (const { onnx, values, probabilities } of [ONNX.linear, ONNX.trees]) {
    const model = readModel(modelFile({ kind: 'onnx', onnx }), schema)
    for (const [at, row] of values.entries()) {
      const probability = model.probability(model.score(Float64Array.from(row)))
      assert.ok(Math.abs(probability - probabilities[at]!) < 1e-6, `row ${at}: ${probability}`)
    }
  }
  const run = runOf(
    CLASSIFIER.make(
      { ...CLASSIFIER.parameters, ...MODEL_PARAMETERS },
      { model: modelFile({ kind: 'onnx', onnx: ONNX.trees.onnx }) },
    ),
    { instruments: [BTC, ETH] },
  )
  play(run.engine, randomTicks(3, 1_000), 50)
  assert.ok(run.rows.lab_predictions!.length > 100 && run.rows.lab_fills!.length > 0)
  for (const [changed, why] of [
    [{ onnx: ONNX.mapped.onnx }, /cannot be played: /],
    [{ onnx: Buffer.from('no model').toString('base64') }, /cannot be played: /],
  ] as const)
    assert.throws(() => readModel(modelFile({ kind: 'onnx', ...changed }), schema), {
      code: 'config_invalid',
      message: why,
    })
  const wide = schemaOf(1, 3, '1,2,3')
  const features = { schema: wide.hash, names: wide.names, every_seconds: 1, window: 3 }
  assert.throws(() => readModel(modelFile({ kind: 'onnx', onnx: ONNX.linear.onnx, features }), wide), {
    message: /cannot be played: .*invalid dimensions/,
  })
})

/** Deciles of a column of the first `rows` samples, as training takes them. */
function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const edges = [...new Set(Array.from({ length: 9 }, (_, at) => sorted[Math.floor((sorted.length * (at + 1)) / 10)]!))]
  const shares = Array(edges.length + 1).fill(0)
  for (const value of sorted) shares[edges.filter(edge => value > edge).length] += 1 / values.length
  return { edges, shares, unknown: 1 - sorted.length / values.length }
}

test('the stability index is that of a calculation by hand', () => {
  const trained = { edges: [0, 1], shares: [0.5, 0.3, 0.1], unknown: 0.1 }
  assert.equal(stabilityIndex(trained, Int32Array.from([500, 300, 100, 100])), 0)
  const index = stabilityIndex(trained, Int32Array.from([200, 400, 400, 0]))
  const term = (played: number, of: number) => (played - of) * Math.log(played / of)
  assert.ok(Math.abs(index - (term(0.2, 0.5) + term(0.4, 0.3) + term(0.4, 0.1) + term(0.0001, 0.1))) < 1e-12)
})

test('each window of drift is counted from 0; what is not known has a bin of its own', () => {
  const even = { edges: [0], shares: [0.5, 0.5], unknown: 0 }
  const drift = new Drift({ distributions: [even, even], names: ['a', 'probability'], seconds: 600, bound: 0.25 })
  const reports: string[] = []
  const window = (from: number, rows: number, value: (row: number) => number) => {
    for (let row = 0; row < rows; row++)
      drift.add((from + row) * 1_000_000, Float64Array.of(value(row)), row % 2 ? 1 : -1, (name, index) =>
        reports.push(`${from} ${name} ${index > 3}`),
      )
  }
  const asTrained = (row: number) => (row % 2 ? -1 : 1)
  window(0, 600, () => -1)
  window(600, 600, asTrained)
  window(1200, 600, row => (row % 2 ? Number.NaN : 1))
  window(1800, 300, asTrained)
  window(2400, 300, asTrained)
  assert.deepEqual(reports, ['600 a true', '1800 a true'], 'at the row after each of the first and third windows')
})

test('features that drift are rows of lab_limits after each window, the same however the ticks are cut; without distributions there are none', () => {
  const driftsOf = (file: ReadFile, columns: number, parameters: Record<string, number> = {}) => {
    const strategy = CLASSIFIER.make(
      { ...CLASSIFIER.parameters, ...MODEL_PARAMETERS, stage: 'shadow', drift_seconds: 600, ...parameters },
      { model: file },
    )
    const run = runOf(strategy, { instruments: [BTC, ETH], keepsFeatures: true })
    play(run.engine, randomTicks(3, 10_000), columns)
    return run.rows
  }
  const rows = driftsOf(modelFile(), 50)
  assert.equal(rows.lab_limits, undefined)
  const features = schemaOf(1, 3, '1,2').names.map((_, at) =>
    distributionOf(rows.lab_features!.map(({ values }) => Number((values as unknown[])[at]))),
  )
  const probability = distributionOf(rows.lab_predictions!.map(row => Number(row.probability)))
  const trained = (changed: Partial<Distribution>) =>
    modelFile({ distributions: { features: features.with(2, { ...features[2]!, ...changed }), probability } })
  assert.equal(driftsOf(trained({}), 50).lab_limits, undefined, 'played as it was trained')
  const moved = trained({ edges: features[2]!.edges.map(edge => edge + 1) })
  const drifts = driftsOf(moved, 50).lab_limits!
  assert.equal(driftsOf(moved, 50, { drift: 0 }).lab_limits, undefined)
  assert.deepEqual(driftsOf(moved, 1).lab_limits, drifts)
  assert.deepEqual(
    new Set(drifts.map(row => `${row.limit_name} ${row.bound} ${row.action}`)),
    new Set(['drift flow_1 0.25 reported']),
  )
  const times = drifts.map(({ at }) => Date.parse(`${at}Z`))
  assert.ok(times.length >= 2 && times.every((time, at) => at === 0 || time - times[at - 1]! === 600_000), times.join())
  assert.deepEqual(notesOf(portfolioOf(moved)), [])
  assert.match(
    notesOf(portfolioOf(modelFile())).join(),
    /^s: drift is not checked: model.json does not state the distr/,
  )
  assert.throws(() => driftsOf(modelFile({ distributions: { features: [], probability } }), 50), {
    code: 'config_invalid',
    message: /no distribution of each feature/,
  })
})

test('a drift is stated once, and again when it is found in a later window', () => {
  const seen = new Map<string, number>()
  const lines = (breaches: Record<string, number>) =>
    newDrifts([{ owner: { run: 'r', strategy: 'ml' }, breaches: { drawdown: 1, ...breaches } }], seen)
  assert.deepEqual(lines({}), [])
  assert.match(lines({ 'drift flow': 1, 'drift spread_bps': 1 }).join(), /^warning: ml: flow, spread_bps of its model/)
  assert.deepEqual(lines({ 'drift flow': 1, 'drift spread_bps': 1 }), [])
  assert.match(lines({ 'drift flow': 1, 'drift spread_bps': 2 }).join(), /^warning: ml: spread_bps of its model/)
})

test('a line of each model states what is known of it', () => {
  const model: RegisteredModel = {
    ...{ sha256: 'ab'.repeat(32), file: 'model.json', kind: 'onnx', schema: 'cd'.repeat(32), dataset: '', run: 'r' },
    ...{ trainedFromMicros: Date.UTC(2026, 9, 1) * 1000, trainedUntilMicros: Date.UTC(2026, 9, 7, 1) * 1000 },
    ...{ stage: 'shadow', runs: 2, shadow: 12_345, paper: 0, lastMicros: Date.UTC(2026, 10, 27, 12, 30) * 1000 },
    ...{ foldAuc: null, liveAuc: 0.5312, livePredictions: 9_000 },
  }
  const unplayed = { ...model, file: '', runs: 0, shadow: 0, lastMicros: null, foldAuc: 0.52, liveAuc: null }
  const [, ...lines] = describeModels([model, unplayed]).map(line => line.split(/ {2,}/).join('|'))
  const common = '2026-10-01 00:00|2026-10-07 01:00|cdcdcdcdcdcd|shadow'
  assert.deepEqual(lines, [
    `abababababab|onnx|model.json|${common}|2|12,345|0|2026-11-27 12:30|–|0.531`,
    `abababababab|onnx|–|${common}|0|0|0|–|0.520|–`,
  ])
  assert.match(describeModels([]).join(), /No run was played with a model/)
})

const portfolioOf = (model: ReadFile) => ({
  strategies: [{ entry: ENTRY, kind: CLASSIFIER, parameters: {}, files: { model } }],
})

const [ENTRY] = parsePortfolio(
  'name: a\ncurrency: USDT\nstrategies:\n  - { name: s, kind: classifier, symbols: ["test:BTC"], capital: 1 }\n',
  'a.yaml',
).strategies as [never]

/** Rows as `tickhouse lab features` writes them, one a second: a price that follows `flow` a little, and noise. */
const WRITE_FEATURES = `
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
random = np.random.default_rng(5)
n, names = 6000, sys.argv[2].split(",")
values = {name: random.normal(size=n) for name in names}
values["quote_imbalance"][random.random(n) < 0.1] = np.nan
price = 100 * np.exp(np.cumsum(0.0002 * (0.4 * np.roll(values["flow"], 1) + random.normal(size=n))))
columns = {"at": np.arange(n) * 1_000_000 + 1_764_000_000_000_000, "instrument": ["test:BTC"] * n, "price": price, "whole": [True] * n,
  **values, "run": ["features-run"] * n, "schema": [sys.argv[3]] * n, "dataset": [""] * n, "every_seconds": [1] * n, "window": [3] * n}
pq.write_table(pa.table(columns), sys.argv[1])
`

const SMOOTHED = `
import numpy as np
def smoothed(at, price, horizon):
    later = np.convolve(price, np.ones(30) / 30)[29:]
    return np.log(np.append(later[6:], [np.nan] * 6)[: len(price)] / price)
def ranked(at, price, horizon):
    change = np.append(np.log(price[6:] / price[:-6]), [np.nan] * 6)
    return change - np.nanquantile(change, 0.6)
`

test('training finds what is there, purges its folds, and refuses labels that reach too far', {
  skip: SKIP,
}, async t => {
  const { command, path } = await pythonWith(...PACKAGES)
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-train-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const env = { ...process.env, PYTHONPATH: `${path}:${TRAIN}` }
  const python = (...args: string[]) => execFileSync(command, args, { ...TEXT, env, cwd: directory, stdio: 'pipe' })
  const schema = schemaOf(1, 3, '1,2')
  python('-c', WRITE_FEATURES, 'features.parquet', schema.names.join(','), schema.hash)
  writeFileSync(join(directory, 'target.py'), SMOOTHED)
  for (const kind of ['lightgbm', 'logistic']) {
    python('-m', 'tickhouse_train', 'features.parquet', '--out', 'model.json', '--kind', kind)
    const text = readFileSync(join(directory, 'model.json'), 'utf8')
    const model = readModel({ path: 'model.json', text, sha256: '' }, schema)
    assert.ok(model.facts.folds.every(({ auc, purged }) => auc > 0.52 && purged === 12))
    assert.equal(model.facts.label.reach_micros, 6_000_000)
    assert.ok(Math.max(...model.facts.permuted_auc) < 0.52)
    const { features, probability } = model.facts.distributions!
    const sums = [...features, probability!].map(({ shares, unknown }) =>
      shares.reduce((sum, share) => sum + share, unknown),
    )
    assert.ok(sums.every(sum => Math.abs(sum - 1) < 1e-9) && features.every(({ edges }) => edges.length === 9))
    assert.ok(Math.abs(features[schema.names.indexOf('quote_imbalance')]!.unknown - 0.1) < 0.02)
    assert.ok(
      features.every(({ shares, unknown }) => shares.every(share => Math.abs(share - (1 - unknown) / 10) < 0.001)),
    )
    const at = schema.names.indexOf('flow')
    const scores = [-2, 2].map(flow =>
      model.score(Float64Array.from(schema.names, (_, name) => (name === at ? flow : 0))),
    )
    assert.ok(scores[0]! < 0 && scores[1]! > 0, 'it learned the flow')
  }
  writeFileSync(join(directory, 'own.onnx'), Buffer.from(ONNX.linear.onnx, 'base64'))
  python('-m', 'tickhouse_train', 'features.parquet', '--out', 'onnx.json', '--onnx', 'own.onnx')
  const facts = readFacts({ path: 'onnx.json', text: readFileSync(join(directory, 'onnx.json'), 'utf8'), sha256: '' })
  assert.deepEqual([facts.kind, facts.onnx, facts.features.schema], ['onnx', ONNX.linear.onnx, schema.hash])
  assert.deepEqual([facts.folds.length, facts.distributions?.features.length], [0, schema.names.length])
  for (const name of ['smoothed', 'ranked'])
    assert.throws(
      () => python('-m', 'tickhouse_train', 'features.parquet', '--out', 'x.json', '--label', `target.py:${name}`),
      ({ stderr }: { stderr: string }) =>
        /a label depends on prices \d+ s after its row, its horizon is 6 s/.test(stderr),
      name,
    )
})
