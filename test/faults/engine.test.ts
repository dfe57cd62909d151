/** The embedded engine itself fails, by a fatal signal of its own or by a statement that it cannot end. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { HealthAnswer } from '../../src/status/health.ts'
import { KnownMarket } from '../support/data/market.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, assertTrades, checkPositions, compareTrades } from '../support/judges/oracle.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'

/**
 * Views with statements that clients may read but not write themselves. Not constant: that would be computed at
 * creation.
 */
const nested = `repeat('{"a":', n) || '1' || repeat('}', n)`
const VIEWS = [
  `CREATE VIEW crash AS SELECT JSONMergePatch(${nested}, ${nested}) FROM (SELECT number + 200000 AS n FROM numbers(1))`,
  `CREATE VIEW endless AS SELECT arrayLevenshteinDistance(range(n), range(n)) FROM (SELECT number + 1000000 AS n FROM numbers(1))`,
]

async function started(t: TestContext) {
  const market = await KnownMarket.start({ symbols: ['BTCUSDT', 'ETHUSDT'], seed: 7, ratePerSecond: 500 })
  t.after(() => market.exchange.close())
  // The page listens at the same address after a restart.
  const instance = new TestInstance(t, { ...market.settings, LISTEN: `127.0.0.1:${await freePort()}` })
  const store = await instance.store()
  for (const query of VIEWS) await store.command(query)
  await store.close()
  const whole = instance.run('start')
  await whole.waitFor('connection_opened')
  await whole.waitFor('ingest_started', { partition: 0 })
  return { market, instance, whole }
}

/** Compares every trade of the market with the store, after all processes have ended. */
async function judge(instance: TestInstance, market: KnownMarket): Promise<void> {
  const store = await instance.store()
  const log = await instance.log()
  try {
    assertPositions(await checkPositions(store, log))
    assertTrades(await compareTrades(store, 'simulator', market.trades()))
  } finally {
    await store.close()
    await log.close()
  }
}

function ask(whole: TestProcess, query: string, parameters: Record<string, string> = {}): Promise<Response> {
  return fetch(`${whole.logged('serving').at(-1)!.url}/?${new URLSearchParams({ query, ...parameters })}`)
}

test('a crash of the engine ends its process; it is restarted, and every tick is stored once', async t => {
  const { market, instance, whole } = await started(t)
  await using watch = new LogWatch(await instance.log())
  market.run()
  await watch.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 500])), whole)
  await ask(whole, 'SELECT * FROM crash').then(
    response => assert.fail(`answered: ${response.status}`),
    () => {},
  )
  const { why } = await whole.waitFor('engine_failed')
  assert.match(String(why), /fatal error/)
  const { how } = await whole.waitFor('child_ended', { child: 'ingest' })
  assert.match(String(how), /^SIGKILL: the embedded engine met a fatal error/)
  await whole.waitFor('ingest_started', { partition: 0 }, 2)
  market.pause()
  await watch.until(market.lastIds(), whole)
  await whole.drained()
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
  assert.equal(whole.logged('child_started', { child: 'record' }).length, 1)
  await judge(instance, market)
})

test('a query that the engine cannot cancel is abandoned and its process restarted, and every tick is stored', async t => {
  const { market, instance, whole } = await started(t)
  await using watch = new LogWatch(await instance.log())
  market.run()
  const givenUp = await ask(whole, 'SELECT * FROM endless', { max_execution_time: '1' })
  assert.match(await givenUp.text(), /^Code: 159\. .*abandoned/)
  await whole.waitFor('query_overran')
  const health = (await (await fetch(`${whole.logged('serving').at(-1)!.url}/health`)).json()) as HealthAnswer
  assert.match(health.stations.store!.advice, /exceeded its time limit/)
  assert.equal(await (await ask(whole, 'SELECT 1')).text(), '1\n')
  const { how } = await whole.waitFor('child_ended', { child: 'ingest' })
  const [, seconds] = /^SIGKILL: a query has run for (\d+) s/.exec(String(how)) ?? assert.fail(String(how))
  assert.ok(Number(seconds) >= 31, `after ${seconds} s`)
  await whole.waitFor('ingest_started', { partition: 0 }, 2)
  market.pause()
  await watch.until(market.lastIds(), whole)
  await whole.drained()
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
  assert.equal(whole.logged('child_started', { child: 'record' }).length, 1)
  await judge(instance, market)
})
