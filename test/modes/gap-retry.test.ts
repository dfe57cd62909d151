/** `tickhouse gaps retry` between real processes, the simulated exchange and its REST side. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { REPAIRS } from '../../src/tick/kinds.ts'
import { RepairColumns } from '../../src/tick/repairs/repairs.ts'
import { KnownMarket } from '../support/data/market.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'

async function command(storing: TestProcess, ...words: string[]) {
  const listen = new URL(await storing.url()).host
  const ran = spawn(process.execPath, ['src/cli.ts', ...words, '--listen', listen], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = Promise.all([ran.stdout, ran.stderr].map(stream => stream.setEncoding('utf8').toArray()))
  const [code] = (await once(ran, 'close')) as [number]
  return { code, output: (await output).flat().join('') }
}

test('gaps that a venue refused by region are requested again at the word of a person, once, and over a restart of ingest', async t => {
  const market = await KnownMarket.start({ symbols: ['BTCUSDT', 'ETHUSDT'], seed: 13, ratePerSecond: 200 })
  t.after(() => market[Symbol.asyncDispose]())
  const instance = new TestInstance(t, market.settings)
  // Without a REST address nothing is requested.
  const first = instance.run('record')
  await first.waitFor('connection_opened')
  let storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  market.run()
  await new Promise(resolve => setTimeout(resolve, 1_000))
  market.exchange.control('drop', { trades: 60 })
  for (const symbol of ['BTCUSDT', 'ETHUSDT']) await storing.waitFor('gap_found', { symbol })
  await new Promise(resolve => setTimeout(resolve, 500))
  market.pause()
  await storing.drained()
  assert.deepEqual(await first.end('SIGTERM'), { code: 0, signal: null })

  // The row that a recorder writes after an hour of refusals.
  const log = await instance.log('write')
  for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
    const columns = new RepairColumns(1)
    const reason = symbol === 'BTCUSDT' ? 'HTTP 451: restricted location' : 'the answer has none of these ids'
    columns.add({
      ...{
        venue: 'simulator',
        symbol,
        outcome: 'unrepairable',
        run: 0,
        first: 0,
        last: Number.MAX_SAFE_INTEGER,
        reason,
      },
      ...{ acceptedBy: '', httpStatus: 451, bodySha256: '', receivedAtMicros: Date.now() * 1000 },
    })
    await log.append(0, [REPAIRS.encode(columns)])
  }
  await log.close()
  const states = async () => {
    const query =
      'SELECT symbol, toString(state) AS state, toUInt32(count()) AS gaps FROM gaps FINAL GROUP BY ALL ORDER BY ALL'
    const answer = await fetch(`${await storing.url()}/api/query?format=TSV`, { method: 'POST', body: query })
    return (await answer.text())
      .trim()
      .split('\n')
      .map(line => line.split('\t').slice(0, 2).join(' '))
      .join(', ')
  }
  const reach = (wanted: string) =>
    within(WAIT_MS_MAX, async () => {
      const now = await states()
      return now === wanted ? undefined : now
    })
  await reach('BTCUSDT unrepairable, ETHUSDT unrepairable')

  // Nobody executes it, and nothing is left of it for a recorder that starts later: as an acceptance.
  const alone = await command(storing, 'gaps', 'retry', '--all-refused')
  assert.notEqual(alone.code, 0)
  assert.match(alone.output, /no recorder has executed it/)

  const recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  assert.equal(await states(), 'BTCUSDT unrepairable, ETHUSDT unrepairable')
  assert.match((await command(storing, 'gaps', 'retry', 'simulator:SOL*')).output, /nothing is requested again/)
  assert.match((await command(storing, 'gaps', 'retry')).output, /--all-refused/)
  const retried = await command(storing, 'gaps', 'retry', '--all-refused')
  assert.match(retried.output, /gaps of any venue that refused are requested again/)
  assert.equal(await states(), 'BTCUSDT open, ETHUSDT unrepairable')
  assert.match((await command(storing, 'gaps', 'retry', '--all-refused')).output, /nothing is requested again/)
  // One that is open may be older than the reach.
  assert.match(
    (await command(storing, 'gaps', 'retry', 'simulator:BTC*')).output,
    /gaps of simulator:BTC\* are requested/,
  )

  // What was requested again stays so over a restart of ingest, and comes as soon as a recorder has an address.
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  assert.equal(await states(), 'BTCUSDT open, ETHUSDT unrepairable')
  const serving = instance.run('record', { SIMULATOR_REST: market.exchange.restUrl })
  await serving.waitFor('connection_opened')
  await reach('BTCUSDT repaired, ETHUSDT unrepairable')
  assert.match(
    (await command(storing, 'gaps', 'retry', 'simulator:ETH*')).output,
    /gaps of simulator:ETH\* are requested again/,
  )
  await reach('BTCUSDT repaired, ETHUSDT repaired')
  assert.match((await command(storing, 'gaps', 'retry', 'simulator')).output, /nothing is requested again/)
})
