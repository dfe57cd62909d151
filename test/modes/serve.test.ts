/**
 * The page of a process that stores nothing: what it knows of those who do comes from the log and from the tables they
 * share.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Messages } from '../../src/serve/page/protocol.ts'
import type { HealthAnswer } from '../../src/status/health.ts'
import { within } from '../support/judges/within.ts'
import { TestInstance, type TestProcess, WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { openTestServer } from '../support/servers/clickhouse-server.ts'

type StageStatuses = Messages['stations']

/** Waits until a stage on the process's page is in the wanted state. */
async function shown(part: TestProcess, wanted: (stations: StageStatuses) => boolean): Promise<StageStatuses> {
  let found: StageStatuses | undefined
  await part.until(stations => {
    if (wanted(stations)) found = stations
    return found !== undefined
  })
  return found!
}

async function healthOf(part: TestProcess): Promise<HealthAnswer> {
  return (await (await fetch(`${await part.url()}/health`)).json()) as HealthAnswer
}

test('a page beside an ingest shows the market, the stages and lag, and reports when no process stores', {
  timeout: 600_000,
}, async t => {
  const store = (await openTestServer(t)).freshStore()
  const instance = new TestInstance(t, { STORE: store, SOURCES: 'simulator:BTCUSDT,ETHUSDT?rate=500' })
  const recorder = instance.run('record')
  let ingest = instance.run('ingest')
  await ingest.waitFor('serving')
  const page = instance.run('serve')

  // A busy machine is behind for a moment now and then, so each of them is waited for.
  const well = await shown(
    page,
    ({ sources, ingest, store, log }) =>
      [sources, log, ingest, store].every(({ state }) => state === 'ok') &&
      ingest.stored > 0 &&
      ingest.ticksPerSecond > 0 &&
      (ingest.insertMs?.p50 ?? 0) > 0 &&
      (ingest.batchAgeMs?.p50 ?? 0) > 0 &&
      (store.freshnessMs ?? 0) > 0 &&
      store.audit !== null &&
      log.partitions.length > 0,
  )
  assert.equal(well.store.audit!.passed, true)
  assert.ok(well.log.partitions.every(({ stored, next }) => stored <= next))
  await within(WAIT_MS_MAX, async () => {
    const { process, state, following } = await healthOf(page)
    return `${process} ${state} ${following.length}` === 'serve ok 1' ? undefined : `${process} ${state}`
  })

  const answer = await fetch(`${await page.url()}/api/quarantine/reingest`, { method: 'POST' })
  assert.equal(answer.status, 503)
  assert.match(await answer.text(), /this process is read-only/)

  await ingest.end('SIGKILL')
  const alone = await shown(
    page,
    ({ ingest }) => ingest.state === 'trouble' && ingest.lagMs > 5_000 && ingest.lagTicks > 0,
  )
  assert.match(alone.ingest.advice, /start tickhouse ingest/)
  assert.equal((await healthOf(page)).state, 'trouble')
  // What it needs itself is well.
  await within(WAIT_MS_MAX, async () => {
    const ready = await fetch(`${await page.url()}/ready`)
    return ready.status === 200 ? undefined : ready.text()
  })

  ingest = instance.run('ingest')
  await shown(page, ({ ingest }) => ingest.state === 'ok' && ingest.lagMs < 5_000)
  await recorder.end('SIGTERM')
  await page.drained()
  await ingest.end('SIGTERM')
  const rested = await shown(page, ({ ingest }) => ingest.state === 'idle')
  assert.ok(rested.log.partitions.every(({ stored, next, lagMs }) => stored === next && lagMs === 0))
  assert.deepEqual(await page.end('SIGTERM'), { code: 0, signal: null })
})

test('lines, open gaps and the archive of other processes are on its page', { timeout: 600_000 }, async t => {
  const store = (await openTestServer(t)).freshStore()
  const instance = new TestInstance(t, {
    STORE: store,
    SOURCES: 'simulator:BTCUSDT?rate=200',
    METRICS_LISTEN: '127.0.0.1:0',
  })
  instance.run('record')
  const ingest = instance.run('ingest')
  await ingest.waitFor('ingest_started')
  const archiver = instance.run('archive')
  await archiver.waitFor('archive_opened')
  const page = instance.run('serve')
  await shown(page, ({ archive }) => archive.verified !== null && archive.state === 'ok')
  const told = await linesOf(page, ['ingest_started', 'archive_opened', 'connection_opened'])
  assert.equal(new Set(told.map(({ id }) => id)).size, told.length)
  const once = told.filter(({ event }) => event === 'archive_opened')
  assert.equal(once.length, 1, 'a line is shown once, however often the tables are queried')
  await archiver.end('SIGKILL')
  const missed = await shown(page, ({ archive }) => archive.state === 'trouble')
  assert.match(missed.archive.advice, /last reported \d+ s ago/)
})

/** Opens the page's stream until each of these events was among its lines. */
async function linesOf(page: TestProcess, events: readonly string[]): Promise<Messages['lines']> {
  let lines: Messages['lines'] = []
  await within(WAIT_MS_MAX, async () => {
    const stop = new AbortController()
    const answer = await fetch(`${await page.url()}/api/live`, { signal: stop.signal })
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    const { value } = await reader.read()
    stop.abort()
    const [, hello] = /^event: hello\ndata: (.*)$/m.exec(value ?? '') ?? []
    lines = hello ? (JSON.parse(hello) as Messages['hello']).lines : []
    const missing = events.filter(event => !lines.some(line => line.event === event))
    return missing.length === 0 ? undefined : `no line of ${missing.join(', ')}`
  })
  return lines
}
