/** What a user does with `tickhouse sources`, against a simulated exchange: the processes and the commands that a user runs. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startExchange } from '../../src/simulator/exchange.ts'
import type { InstrumentMatches, VenueChoice } from '../../src/sources/control/choices.ts'
import type { RecordedSources, SymbolStateRow } from '../../src/status/model.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const LISTED = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'BNBUSDT']

/** Runs a command on a running instance; its output, also of one that fails. */
async function command(process_: TestProcess, ...args: string[]): Promise<string> {
  const url = await process_.url()
  const env = { ...process.env, TICKHOUSE_LISTEN: url.replace('http://', '') }
  return promisify(execFile)(process.execPath, [CLI, ...args], { env }).then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
}

const query = (url: string, sql: string) =>
  fetch(`${url}/api/query`, { method: 'POST', body: sql }).then(each => each.text())

async function live(url: string, ...symbols: string[]): Promise<void> {
  await within(WAIT_MS_MAX, async () => {
    const rows = (await (await fetch(`${url}/api/symbols`)).json()) as SymbolStateRow[]
    const states = rows
      .filter(({ kind }) => kind === 'trades')
      .map(({ symbol, state, firstTickMs }) => `${symbol} ${state} ${firstTickMs !== null}`)
      .sort()
    const wanted = symbols.map(symbol => `${symbol} live true`).sort()
    return states.join() === wanted.join() ? undefined : states.join()
  })
}

test('sources are added and removed while running, without a gap in the others, and a restart records the same', {
  timeout: 600_000,
}, async t => {
  const exchange = await startExchange({ symbols: LISTED, ratePerSecond: 500, seed: 3 })
  t.after(() => exchange.close())
  const instance = new TestInstance(t, {
    SOURCES: 'simulator:BTCUSDT,ETHUSDT',
    SIMULATOR_WS: exchange.wsUrl,
    SIMULATOR_REST: exchange.restUrl,
  })
  let running = instance.run('start')
  let url = await running.url()
  await live(url, 'BTCUSDT', 'ETHUSDT')

  const get = async (target: string) => (await fetch(`${url}${target}`)).json()
  await within(WAIT_MS_MAX, async () => {
    const { count, instruments } = (await get('/api/instruments?venue=simulator&text=usdt')) as InstrumentMatches
    return count === LISTED.length && instruments.length === count ? undefined : `${count} listed`
  })
  assert.deepEqual(await get('/api/instruments?venue=kraken&text=btc'), {
    ...{ readMs: null, listed: 0, count: 0, instruments: [] },
  })
  const venues = (await get('/api/venues')) as VenueChoice[]
  const futures = venues.find(({ name }) => name === 'binanceusdm')
  assert.deepEqual(futures?.defaultKinds, ['trades', 'quotes'])
  assert.deepEqual(futures.kinds, ['trades', 'quotes', 'marks', 'liquidations'])
  assert.deepEqual(venues.find(({ name }) => name === 'alpaca')?.requires, [
    'TICKHOUSE_ALPACA_KEY',
    'TICKHOUSE_ALPACA_SECRET',
  ])

  assert.match(await command(running, 'sources', 'add', 'simulator:solusdt'), /^simulator:BTCUSDT,ETHUSDT,SOLUSDT\n/)
  await live(url, 'BTCUSDT', 'ETHUSDT', 'SOLUSDT')
  const refused = await command(running, 'sources', 'add', 'simulator:SOLUSDC')
  assert.match(refused, /simulator does not list SOLUSDC\. The nearest symbol is SOLUSDT/)
  assert.match(await command(running, 'sources', 'remove', 'simulator:XRPUSDT'), /simulator:XRPUSDT is not selected/)
  assert.match(await command(running, 'sources', 'remove', 'simulator:ETHUSDT'), /^simulator:BTCUSDT,SOLUSDT\n/)
  assert.match(
    await command(running, 'sources', 'add', 'simulator:*,-ETHUSDT,-BNBUSDT'),
    /simulator:BTCUSDT,SOLUSDT,\*,-ETHUSDT,-BNBUSDT\n/,
  )
  await live(url, 'BTCUSDT', 'SOLUSDT', 'XRPUSDT')
  const listed = await command(running, 'sources')
  assert.match(
    listed,
    /^simulator:BTCUSDT,SOLUSDT,\*,-ETHUSDT,-BNBUSDT\nchanged while running; configured: simulator:BTCUSDT,ETHUSDT\n$/,
  )
  const [{ selected, readOnly }] = (await get('/api/sources')) as [RecordedSources]
  assert.deepEqual(selected, [
    {
      ...{ venue: 'simulator', symbols: ['BTCUSDT', 'SOLUSDT'], patterns: ['*'], except: ['ETHUSDT', 'BNBUSDT'] },
      kinds: ['trades', 'quotes'],
    },
  ])
  assert.equal(readOnly, null)
  // A restart could not read two sources of the simulator.
  assert.match(await command(running, 'sources', 'add', 'simulator:BNBUSDT@trades'), /the simulator appears twice/)
  assert.match(await command(running, 'status', '--all'), /^simulator {2}XRPUSDT {2}trades {2}live/m)
  assert.equal(exchange.stats().connects, 1, 'all on one connection')

  // Another site's page must not change what is recorded.
  for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const body = JSON.stringify({ remove: 'simulator:BTCUSDT' })
    const response = await fetch(`${url}/api/sources`, {
      method: 'POST',
      body,
      headers: headers as Record<string, string>,
    })
    assert.equal(response.status, 403)
  }

  exchange.control('setRate', { ratePerSecond: 0 })
  await running.drained()
  const holes = `SELECT max(trade_id) - min(trade_id) + 1 - uniqExact(trade_id) FROM trades WHERE symbol = 'BTCUSDT' FORMAT TSV`
  assert.equal((await query(url, holes)).trim(), '0')
  assert.equal((await query(url, 'SELECT count() FROM quarantine FORMAT TSV')).trim(), '0')
  assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null })
  exchange.control('setRate', { ratePerSecond: 500 })

  running = instance.run('start')
  url = await running.url()
  assert.match(String((await running.waitFor('selection_changed_before')).sources), /^simulator:BTCUSDT,SOLUSDT,\*/)
  await live(url, 'BTCUSDT', 'SOLUSDT', 'XRPUSDT')
  assert.match(await command(running, 'sources', 'reset'), /^simulator:BTCUSDT,ETHUSDT\n$/)
  await live(url, 'BTCUSDT', 'ETHUSDT')
  await running.end('SIGTERM')

  // Another configuration is another selection.
  running = instance.run('start', { SOURCES: 'simulator:BNBUSDT' })
  await live(await running.url(), 'BNBUSDT')
  assert.deepEqual(running.logged('selection_changed_before'), [])
})
