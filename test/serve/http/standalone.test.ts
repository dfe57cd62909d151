import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthAnswer } from '../../../src/status/health.ts'
import { within } from '../../support/judges/within.ts'
import { TestInstance, WAIT_MS_MAX } from '../../support/processes/tickhouse.ts'

test('a recorder on its own serves health and metrics, and its events and metrics reach the tables', async t => {
  const instance = new TestInstance(t)
  const recorder = instance.run('record', { SOURCES: 'simulator:BTCUSDT?rate=200', METRICS_LISTEN: '127.0.0.1:0' })
  const { url } = await recorder.waitFor('serving_figures')
  await recorder.waitFor('connection_opened')
  await within(WAIT_MS_MAX, async () => {
    const { state, stations } = (await (await fetch(`${url}/health`)).json()) as HealthAnswer
    assert.deepEqual(Object.keys(stations), ['sources', 'log'])
    return state === 'ok' ? undefined : JSON.stringify(stations)
  })
  // Ready once every subscription is answered.
  await within(WAIT_MS_MAX, async () => ((await fetch(`${url}/ready`)).ok ? undefined : 'not ready'))
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^tickhouse_source_connected\{.*\} 1$/m)

  const storing = instance.run('ingest')
  await storing.until(({ ingest, sources }) => ingest.stored > 0 && sources.connections.length > 0)
  // What the recorder says of itself passes the log, some seconds after it was so.
  await within(WAIT_MS_MAX, async () => {
    const body = `SELECT (SELECT count() FROM events WHERE process = 'record' AND event = 'connection_opened') AS events,
      (SELECT count() FROM metrics WHERE process = 'record' AND name = 'process_memory_bytes') AS metrics FORMAT TSV`
    const answer = await (await fetch(`${await storing.url()}/api/query`, { method: 'POST', body })).text()
    return /^[1-9]\d*\t[1-9]/.test(answer) ? undefined : answer
  })
  await storing.end('SIGTERM')
  await recorder.end('SIGTERM')
  const store = await instance.store()
  t.after(() => store.close())
  const told = await store.rows<{ process: string; event: string }>(
    "SELECT process, event FROM events WHERE event IN ('connection_opened', 'store_opened') ORDER BY event",
  )
  assert.deepEqual(told, [
    { process: 'record', event: 'connection_opened' },
    { process: 'ingest', event: 'store_opened' },
  ])
  const [figures] = await store.rows(
    "SELECT uniqExact(process) AS processes FROM metrics WHERE name = 'process_memory_bytes'",
  )
  assert.deepEqual(figures, { processes: 2 })
})

test('with diagnostics off ticks are stored but no metrics, and /metrics has them', async t => {
  const silent = new TestInstance(t)
  const running = silent.run('start', { SOURCES: 'simulator:BTCUSDT?rate=200', DIAGNOSTICS: 'off' })
  await running.until(({ ingest }) => ingest.stored > 0)
  const url = await running.url()
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^tickhouse_ingest_stored_ticks_total \d/m)
  await running.end('SIGTERM')
  const store = await silent.store()
  t.after(() => store.close())
  const [rows] = await store.rows(
    `SELECT (SELECT count() FROM trades) > 0 AS stored,
            toUInt32((SELECT count() FROM metrics) + (SELECT count() FROM events) + (SELECT count() FROM uptime)) AS told`,
  )
  assert.deepEqual(rows, { stored: 1, told: 0 })
})

test('an address for metrics beyond this machine requires a token, with advice', async t => {
  const recorder = new TestInstance(t).run('record', { SOURCES: 'simulator:BTCUSDT', METRICS_LISTEN: '0.0.0.0:0' })
  assert.equal((await recorder.exited).code, 2)
  assert.match(
    recorder.output,
    /TICKHOUSE_METRICS_LISTEN 0\.0\.0\.0:0 is open to other machines: TICKHOUSE_TOKEN must be set/,
  )
})
