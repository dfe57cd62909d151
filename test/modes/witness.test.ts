/** The exchange drops the last trades of its symbols and trades no more: real processes against the simulated exchange. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KnownMarket } from '../support/data/market.ts'
import { assertTrades, compareTrades, gapsOf } from '../support/judges/oracle.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']

async function recording(t: Parameters<Parameters<typeof test>[0] & {}>[0], settings: Record<string, string> = {}) {
  const market = await KnownMarket.start({ symbols: SYMBOLS, seed: 21, ratePerSecond: 300 })
  t.after(() => market[Symbol.asyncDispose]())
  const instance = new TestInstance(t, {
    ...market.settings,
    SIMULATOR_REST: market.exchange.restUrl,
    ...settings,
  })
  const recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  market.run()
  await sleep(1_500)
  // The last trades are made and not sent.
  market.exchange.control('drop', { trades: 1_000_000 })
  await sleep(700)
  market.pause()
  return { market, instance, recorder, storing }
}

test('the last trades of a symbol are dropped, then silence: a gap within seconds, repaired by REST', async t => {
  const { market, instance, recorder, storing } = await recording(t)
  const startedMs = performance.now()
  await recorder.waitFor('trades_missed')
  await storing.waitFor('gap_found')
  assert.ok(performance.now() - startedMs < 60_000, 'five seconds, two until the next bar, and a busy machine')
  const url = await storing.url()
  await within(WAIT_MS_MAX, async () => {
    const query = `SELECT symbol, toUInt64(max(trade_id)) AS last FROM trades GROUP BY symbol FORMAT JSONEachRow`
    const answer = await fetch(`${url}/api/query`, { method: 'POST', body: query })
    const rows = (await answer.text())
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { symbol: string; last: string })
    const last = new Map(rows.map(row => [row.symbol, Number(row.last)]))
    return [...market.lastIds()].every(([symbol, id]) => last.get(symbol) === id) ? undefined : JSON.stringify(rows)
  })
  await recorder.end('SIGTERM')
  await storing.drained()
  await storing.end('SIGTERM')
  const store = await instance.store()
  try {
    assertTrades(await compareTrades(store, 'simulator', market.trades()))
    assert.deepEqual(await gapsOf(store, 'simulator', 'open'), [])
    assert.ok((await gapsOf(store, 'simulator', 'repaired')).length > 0)
  } finally {
    await store.close()
  }
})
