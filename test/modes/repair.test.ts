/** Missing trades are requested from the venue, and every gap closes: real processes against the simulated exchange. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { KnownMarket } from '../support/data/market.ts'
import { assertPositions, assertTrades, checkPositions, compareTrades, gapsOf } from '../support/judges/oracle.ts'
import { until, WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']

test('drops, cuts and a silent connection: every trade of the exchange is stored once, and every gap is repaired', async t => {
  const market = await KnownMarket.start({ symbols: SYMBOLS, seed: 11, ratePerSecond: 400 })
  t.after(() => market[Symbol.asyncDispose]())
  const instance = new TestInstance(t, { ...market.settings, SIMULATOR_REST: market.exchange.restUrl })
  const recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  const before = market.lastIds()
  market.run()
  // What came before the first recorded trade of a symbol is no gap.
  await until(() => [...market.lastIds()].every(([symbol, last]) => last > before.get(symbol)!))
  for (let round = 1; round <= 3; round++) {
    market.exchange.control('drop', { trades: 400 })
    await new Promise(resolve => setTimeout(resolve, 1_500))
    market.exchange.control('cut', {})
    await recorder.waitFor('connection_opened', {}, round + 1)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  market.exchange.control('rateLimit', { requests: 1, retryAfterSeconds: 2 })
  market.exchange.control('drop', { trades: 50 })
  await new Promise(resolve => setTimeout(resolve, 1_000))
  market.pause()
  const made = market.trades().length
  // No gap may be open before the last trades are stored.
  await within(WAIT_MS_MAX, async () => {
    const query = `SELECT toUInt32(countIf(state = 'open')) AS open, toUInt32(countIf(state = 'repaired')) AS repaired,
      (SELECT toUInt32(count()) FROM trades) AS trades FROM gaps FINAL`
    const answer = await fetch(`${await storing.url()}/api/query?format=JSONEachRow`, { method: 'POST', body: query })
    const counts = JSON.parse(await answer.text()) as { open: number; repaired: number; trades: number }
    const isWhole = counts.open === 0 && counts.repaired > 0 && counts.trades >= made
    return isWhole ? undefined : `${JSON.stringify(counts)} of ${made}`
  })
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  await storing.drained()
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  const store = await instance.store()
  const log = await instance.log()
  try {
    assertPositions(await checkPositions(store, log))
    assertTrades(await compareTrades(store, 'simulator', market.trades()))
    assert.deepEqual(await gapsOf(store, 'simulator', 'open'), [])
    const [{ repaired, refused }] = (await store.rows<{ repaired: number; refused: number }>(
      `SELECT toUInt32(countIf(origin = 'repair')) AS repaired, (SELECT toUInt32(count()) FROM quarantine) AS refused FROM trades`,
    )) as [{ repaired: number; refused: number }]
    assert.ok(repaired >= 1_200, `${repaired} repaired`)
    assert.equal(refused, 0)
  } finally {
    await store.close()
    await log.close()
  }
})

test('a person accepts a gap by name and reason: it passes the log, is no open gap any more, and stays so over a restart', async t => {
  const market = await KnownMarket.start({ symbols: SYMBOLS, seed: 12, ratePerSecond: 300 })
  t.after(() => market[Symbol.asyncDispose]())
  // Without a REST address nothing is requested.
  const instance = new TestInstance(t, market.settings)
  const recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  market.run()
  await new Promise(resolve => setTimeout(resolve, 1_000))
  market.exchange.control('drop', { trades: 100 })
  await storing.waitFor('gap_found', { symbol: 'BTCUSDT' })
  market.pause()
  await storing.drained()
  const listen = new URL(await storing.url()).host
  const command = async (...words: string[]) => {
    const ran = spawn(process.execPath, ['src/cli.ts', ...words, '--listen', listen], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = Promise.all([ran.stdout, ran.stderr].map(stream => stream.setEncoding('utf8').toArray()))
    const [code] = (await once(ran, 'close')) as [number]
    return { code, output: (await output).flat().join('') }
  }
  const [gap] = storing.logged('gap_found', { symbol: 'BTCUSDT' }) as [{ first: number; last: number; missing: number }]
  const ids = `${gap.first}-${gap.last}`
  const listed = await command('gaps')
  assert.match(listed.output, new RegExp(`simulator:BTCUSDT ${ids}  ${gap.missing} missing  open`))
  const accept = ['gaps', 'accept', 'simulator:BTCUSDT', ids, '--reason', 'exchange maintenance', '--by', 'Ada']
  assert.match((await command(...accept)).output, /accepted/)
  const again = await command(...accept)
  assert.notEqual(again.code, 0)
  assert.match(again.output, /no gap of simulator:BTCUSDT/)
  assert.doesNotMatch((await command('gaps')).output, new RegExp(`BTCUSDT ${ids} `))
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  const restarted = instance.run('ingest')
  await restarted.waitFor('ingest_started')
  assert.deepEqual(await restarted.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  const store = await instance.store()
  try {
    const rows = await store.rows(
      `SELECT toString(state) AS state, reason FROM gaps FINAL WHERE symbol = 'BTCUSDT' AND first_id = ${gap.first}`,
    )
    assert.deepEqual(rows, [{ state: 'accepted', reason: 'exchange maintenance' }])
    assert.deepEqual(await store.rows('SELECT outcome, accepted_by, toUInt64(first_id) AS first FROM repairs'), [
      { outcome: 'accepted', accepted_by: 'Ada', first: gap.first },
    ])
  } finally {
    await store.close()
  }
})
