/** `tickhouse lab run` over a recorded market: beside the running instance, over its stopped store, and over its archive. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readPortfolio } from '../../../src/lab/portfolio/read.ts'
import { RowWriter } from '../../../src/lab/results/row-writer.ts'
import { backtest } from '../../../src/lab/run/backtest.ts'
import type { RegisteredModel } from '../../../src/lab/stored/models.ts'
import type { Store } from '../../../src/store/store.ts'
import { modelText } from '../../support/data/lab-model.ts'
import { KnownMarket } from '../../support/data/market.ts'
import { moveToArchive } from '../../support/data/move-to-archive.ts'
import { LONG } from '../../support/faults.ts'
import { within } from '../../support/judges/within.ts'
import { TestInstance, type TestProcess, WAIT_MS_MAX } from '../../support/processes/tickhouse.ts'

const PORTFOLIO = `
name: demo
currency: USDT
mark_seconds: 1
order_latency_ms: [5, 50]
fees: { simulator: { maker: 0.0002, taker: 0.0005 } }
strategies:
  - { name: hold, kind: buy-and-hold, symbols: [simulator:BTCUSDT], capital: 100000 }
  - name: flow
    kind: order-flow
    symbols: [simulator:BTCUSDT, simulator:ETHUSDT]
    capital: 50000
    parameters: { every_seconds: 1, periods: 2, entry: 0.1, exit: 0.05, money: 2000 }
  - { name: mine, kind: ./mine.ts, symbols: [simulator:ETHUSDT], capital: 1000, parameters: { quantity: 0.1 } }
  - { name: ml, kind: classifier, symbols: [simulator:BTCUSDT, simulator:ETHUSDT], capital: 1000, parameters: { every_seconds: 1, window: 3, horizons: '1,2', model: model.json, stage: shadow } }
`

const OWN_STRATEGY = `
export default {
  name: 'every-hundredth',
  description: 'buys and sells by turns at every hundredth quote',
  parameters: { quantity: 1 },
  make({ quantity }) {
    let quotes = 0
    return {
      onQuote(quote, context) {
        if (++quotes % 100 !== 0) return
        const direction = context.position(quote.instrument) > 0 ? -1 : 1
        context.order({ instrument: quote.instrument, direction, quantity })
      },
    }
  },
}
`

/** The report in what a command printed. */
const reportOf = ({ output }: TestProcess) =>
  output
    .slice(output.indexOf('run 2'))
    .replace(/\nHTML: [\s\S]*/, '')
    .trim()

const hashesOf = ({ output }: Pick<TestProcess, 'output'>) =>
  [...output.matchAll(/SHA-256 of its fills: (\w{64})/g)].map(([, hash]) => hash)

const execute = promisify(execFile)

/** What `lab run` prints on the newest Node 22, which is installed for it. */
async function onNode22(directory: string, listen: string, flags: readonly string[]): Promise<{ output: string }> {
  await execute('npm', ['install', '--no-audit', '--no-fund', '--prefix', join(directory, 'node22'), 'node@22'])
  const node = join(directory, 'node22/node_modules/.bin/node')
  assert.match((await execute(node, ['--version'])).stdout, /^v22\./)
  const cli = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
  const env = { PATH: process.env.PATH, TICKHOUSE_LISTEN: listen }
  const { stdout } = await execute(node, [cli, 'lab', 'run', ...flags], { cwd: directory, env })
  return { output: stdout }
}

/** SHA-256 of the fills of each strategy over an open store. `until`: UTC, as a flag of `lab run`. */
async function hashesOver(store: Store, file: string, until: string): Promise<string[]> {
  const { recorded } = await backtest({
    run: 'r',
    portfolio: await readPortfolio(file),
    runQuery: (query, format) => store.untrusted(query, format),
    untilNanos: BigInt(Date.parse(`${until}Z`)) * 1_000_000n,
    writer: new RowWriter(async () => {}),
    onProgress: () => {},
    signal: new AbortController().signal,
  })
  return recorded.map(({ fillsHash }) => fillsHash)
}

test('the same fills beside the running instance, in four processes together, over its stopped store and over its archive, in tables from which the same report is made', async t => {
  await using market = await KnownMarket.start({ symbols: ['BTCUSDT', 'ETHUSDT'], seed: 11, ratePerSecond: 400 })
  const instance = new TestInstance(t, { ...market.settings, SIMULATOR_REST: market.exchange.restUrl })
  const directory = join(instance.directory, 'strategies')
  mkdirSync(directory)
  const file = join(directory, 'portfolio.yaml')
  writeFileSync(file, PORTFOLIO)
  writeFileSync(join(directory, 'mine.ts'), OWN_STRATEGY)
  writeFileSync(join(directory, 'model.json'), modelText())
  const start = instance.run('start')
  const url = await start.url()
  await start.waitFor('connection_opened')
  market.run()
  const ask = async <T>(sql: string) => {
    const response = await fetch(`${url}/api/query?format=JSON`, { method: 'POST', body: sql })
    return ((await response.json()) as { data: T[] }).data
  }
  await within(WAIT_MS_MAX, async () => {
    const [row] = await ask<{ enough: number }>(
      'SELECT dateDiff(second, min(received_at), max(received_at)) > 20 AS enough FROM quotes',
    )
    return row?.enough ? undefined : 'less than 20 s of quotes'
  })
  const [{ until } = { until: '' }] = await ask<{ until: string }>(
    "SELECT formatDateTime(max(received_at) - 2, '%FT%T') AS until FROM quotes",
  )
  // Trades and quotes of one batch are inserted one after the other: what comes later shows that all before is there.
  await within(WAIT_MS_MAX, async () => {
    const [row] = await ask<{ later: number }>(
      `SELECT least((SELECT max(received_at) FROM trades), (SELECT max(received_at) FROM quotes))
         > toDateTime('${until}', 'UTC') + 4 AS later`,
    )
    return row?.later ? undefined : `not all before ${until} is stored`
  })
  const LISTEN = url.slice('http://'.length)
  const beside = instance.run('lab', { LISTEN }, ['run', file, '--to', until])
  assert.equal((await beside.exited).code, 0, beside.recentOutput())
  const runs = await ask<Record<string, string | number>>('SELECT * FROM lab_runs FINAL ORDER BY strategy')
  assert.deepEqual(
    runs.map(({ strategy, state, kind }) => [strategy, state, kind]),
    [
      ['flow', 'ended', 'order-flow'],
      ['hold', 'ended', 'buy-and-hold'],
      ['mine', 'ended', 'every-hundredth'],
      ['ml', 'ended', 'classifier'],
    ],
  )
  assert.ok(runs.every(({ strategy, fills }) => strategy === 'ml' || Number(fills) > 0))
  assert.deepEqual(new Set(runs.map(row => row.fills_hash)), new Set(hashesOf(beside)))
  assert.match(beside.output, /hold \(buy-and-hold\): (not )?distinguishable from luck/)
  assert.equal([...beside.output.matchAll(/by second \(\d+\): Sharpe .* deflated .* of 1 trial\b/g)].length, 4)
  assert.match(beside.output, /its annual numbers are extrapolated/)
  const [sums] = await ask<Record<string, number>>(`SELECT
    (SELECT max(abs(s)) FROM (SELECT sum(amount) AS s FROM lab_ledger GROUP BY run, strategy, entry)) AS unbalanced,
    (SELECT count() FROM lab_fills) AS fills, (SELECT sum(fills) FROM lab_runs FINAL) AS stated,
    (SELECT sum(filled) FROM lab_orders) = (SELECT sum(quantity) FROM lab_fills) AS agree,
    (SELECT count() FROM lab_equity) AS marks`)
  assert.equal(Number(sums!.unbalanced), 0)
  assert.equal(Number(sums!.fills), Number(sums!.stated))
  assert.equal(Number(sums!.agree), 1)
  assert.ok(Number(sums!.marks) > 30)
  const name = String(runs[0]!.run)
  const page = join(instance.directory, 'report.html')
  const reported = instance.run('lab', { LISTEN }, ['report', 'last', '--html', page])
  assert.equal((await reported.exited).code, 0, reported.recentOutput())
  assert.equal(reportOf(reported), reportOf(beside))
  assert.match(readFileSync(page, 'utf8'), new RegExp(`<code>${name}</code>`))
  const verified = instance.run('lab', { LISTEN }, ['verify', 'last'])
  assert.equal((await verified.exited).code, 0, verified.recentOutput())
  assert.match(
    verified.output,
    /the run \S+ equals its replay/,
    'its model and its own strategy are found in their directory',
  )
  assert.match(verified.output, /lab_predictions: [1-9]\d* rows equal/)
  const registered = instance.run('lab', { LISTEN }, ['models', '--json'])
  assert.equal((await registered.exited).code, 0, registered.recentOutput())
  const models = JSON.parse(registered.output.slice(registered.output.indexOf('[{'))) as RegisteredModel[]
  const { aucOf, ...expected } = registration(
    await ask<Predicted>('SELECT symbol, toUnixTimestamp(at) AS second, score, price, stage FROM lab_predictions'),
  )
  assert.equal(models.length, 1)
  const { shadow, paper, livePredictions, liveAuc, foldAuc, file: named, run: newest, stage } = models[0]!
  assert.deepEqual({ shadow, paper, livePredictions }, expected)
  assert.ok(shadow > 20 && livePredictions > 10, registered.output)
  assert.ok(Math.abs(liveAuc! - aucOf()) < 1e-9 && Math.abs(foldAuc! - 0.53) < 1e-9)
  assert.deepEqual([named, newest, stage], ['model.json', name, 'shadow'])
  assert.match(beside.output, /ml is in shadow: its model predicts, and no order is sent/)
  const listed = instance.run('lab', { LISTEN }, ['status'])
  assert.equal((await listed.exited).code, 0, listed.recentOutput())
  assert.match(listed.output, new RegExp(`${name} +demo +ended +flow .* %, hold .* %, mine .* %, ml .* %`))
  const parquet = join(instance.directory, 'features.parquet')
  const features = instance.run('lab', { LISTEN }, ['features', file, '--to', until, '--out', parquet])
  assert.equal((await features.exited).code, 0, features.recentOutput())
  const [made] = await ask<Record<string, number | string>>(`SELECT count() AS rows, uniq(symbol) AS symbols,
    countIf(length(values) = 9) AS whole, countIf(isNaN(values[1])) AS unknown, any(run) AS run FROM lab_features`)
  assert.ok(Number(made!.rows) > 0, features.output)
  assert.deepEqual([made!.symbols, made!.whole, made!.unknown].map(Number), [2, Number(made!.rows), 0])
  assert.equal(readFileSync(parquet).subarray(0, 4).toString(), 'PAR1')
  const trained = { from: 0, until: 1e9, rows: 1, instruments: [], run: String(made!.run), dataset: '' }
  const changed = JSON.parse(readFileSync(join(directory, 'model.json'), 'utf8')) as object
  writeFileSync(join(directory, 'model.json'), JSON.stringify({ ...changed, trained }))
  const leaks = instance.run('lab', { LISTEN }, ['leaks', file, '--to', until, '--strategy', 'ml', '--cuts', '1'])
  assert.equal((await leaks.exited).code, 0, leaks.recentOutput())
  assert.match(leaks.output, new RegExp(`ok +parity +${made!.rows} rows of features equal those of training`))
  assert.match(leaks.output, /ok +poison +\d+ decisions before 1 moments are the same[\s\S]*no leak found/)
  const unsaved = [file, '--to', until, '--no-save']
  const together = Array.from({ length: 4 }, () => instance.run('lab', { LISTEN }, ['run', ...unsaved]))
  for (const each of together) {
    assert.equal((await each.exited).code, 0, each.recentOutput())
    assert.deepEqual(hashesOf(each), hashesOf(beside), 'in each of four processes')
  }
  if (LONG) {
    const other = await onNode22(instance.directory, LISTEN, unsaved)
    assert.deepEqual(hashesOf(other), hashesOf(beside), 'on Node 22')
  }
  market.pause()
  await start.drained()
  assert.deepEqual(await start.end('SIGTERM'), { code: 0, signal: null })

  const over = instance.run('lab', {}, ['run', file, '--to', until])
  assert.equal((await over.exited).code, 0, over.recentOutput())
  assert.deepEqual(hashesOf(over), hashesOf(beside))
  assert.equal(hashesOf(over).length, 4)

  const store = await instance.store()
  await moveToArchive(instance, store)
  assert.deepEqual(await hashesOver(store, file, until), hashesOf(beside), 'over the archive')
  await store.close()
})

interface Predicted {
  symbol: string
  second: number
  score: number
  price: number
  stage: string
}

/** What the registry has of these predictions of one run. AUC: pairs that are ordered rightly, of all of a rise and none. */
function registration(rows: readonly Predicted[]) {
  const later = new Map(rows.map(({ symbol, second, price }) => [`${symbol} ${second}`, price]))
  const known = rows.flatMap(({ symbol, second, score, price }) => {
    const after = later.get(`${symbol} ${Number(second) + 6}`)
    return after === undefined ? [] : [{ score, rose: Math.log(after / price) > 0.00001 }]
  })
  const aucOf = () => {
    const [rises, falls] = [known.filter(({ rose }) => rose), known.filter(({ rose }) => !rose)]
    const wins = rises.flatMap(a => falls.map(b => (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0)))
    return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length
  }
  const shadow = rows.filter(({ stage }) => stage === 'shadow').length
  return { shadow, paper: rows.length - shadow, livePredictions: known.length, aucOf }
}

test('each mistake in a portfolio is named, with what is right', async t => {
  const instance = new TestInstance(t)
  const file = join(instance.directory, 'portfolio.yaml')
  const refused = async (text: string) => {
    writeFileSync(file, text)
    const run = instance.run('lab', {}, ['run', file])
    assert.notEqual((await run.exited).code, 0)
    assert.doesNotMatch(run.output, /\n +at /, 'no stack trace')
    return run.output.replace(/\s+/g, ' ')
  }
  const strategy = (fields: string) =>
    `name: a\ncurrency: USDT\nstrategies:\n  - { name: s, symbols: ["simulator:BTCUSDT"], capital: 10, ${fields} }\n`
  assert.match(await refused('name: [a'), /portfolio\.yaml: /)
  assert.match(await refused('name: A B\ncurrency: USDT\n'), /name: lower-case letters.*strategies: /)
  assert.match(await refused(strategy('kind: trned')), /there is no strategy trned: did you mean trend\?/)
  assert.match(
    await refused(strategy('kind: trend, parameters: { fats: 1 }')),
    /trend has no parameter fats.*fast, slow/,
  )
  assert.match(await refused(strategy('kind: trend, parameters: { fast: "1" }')), /parameter fast is a number/)
  assert.match(await refused(strategy('kind: ./none.ts')), /cannot load \.\/none\.ts/)
  assert.match(await refused(strategy('kind: trend, on: false')), /no strategy is on/)
  const strategies = (name: string) =>
    `, { name: ${name}, kind: classifier, symbols: ["simulator:BTCUSDT"], capital: 10 }`
  const one = strategy('kind: trend').replace('  - {', '  [{').trimEnd()
  writeFileSync(file, `${one}${strategies('ml')}${strategies('other')}]\n`)
  const features = instance.run('lab', {}, ['features', file, '--strategy', 's'])
  assert.equal((await features.exited).code, 2)
  // There is no store: so it is said before ticks are played.
  assert.match(features.output.replace(/\s+/g, ' '), /no strategy s computes features.*These do: ml, other/)
})
