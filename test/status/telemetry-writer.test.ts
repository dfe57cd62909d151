import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { TickhouseError } from '../../src/errors.ts'
import {
  type TelemetrySource,
  TelemetryWriter,
  type TelemetryWriterOptions,
} from '../../src/status/telemetry-writer.ts'
import type { Store } from '../../src/store/store.ts'
import type { EventName } from '../../src/telemetry/events.ts'
import type { LogEntry } from '../../src/telemetry/journal.ts'
import { openTestStore, type TestStore } from '../support/data/storage.ts'

const STANDING = {
  recorded: true,
  stored: false,
  sources: 'ok',
  log: 'ok',
  ingest: 'trouble',
  store: 'ok',
  archive: 'off',
}

let house: TestStore
before(async () => {
  house = await openTestStore()
})
after(() => house.remove())
beforeEach(async () => {
  for (const table of ['metrics', 'events', 'uptime']) await house.store.command(`TRUNCATE TABLE ${table}`)
})

function line(id: number, atMs = Date.now()): LogEntry {
  const fields = { partition: 0, why: "it's \n full" }
  return { id, atMs, level: 'warn', station: 'ingest', event: 'gap_found', text: `line ${id}`, fields }
}

function speaker(lines: readonly LogEntry[], instance = 'one'): TelemetrySource {
  const measure = async () => [{ name: 'ingest_lag_ticks' as const, labels: { partition: '0' }, value: 3.5 }]
  return { process: 'ingest', instance, lines, measure }
}

function diagnosticsOf(
  telemetrySources: () => readonly TelemetrySource[],
  options: Partial<TelemetryWriterOptions> = {},
): { diagnostics: TelemetryWriter; told: EventName[] } {
  const told: EventName[] = []
  const diagnostics = new TelemetryWriter({
    store: house.store,
    clock: SYSTEM_CLOCK,
    emit: name => void told.push(name),
    instance: 'one',
    telemetrySources,
    uptimeSample: async () => STANDING,
    keepDays: 30,
    ...options,
  })
  return { diagnostics, told }
}

/** Runs its first round, which writes, and its last. */
async function runOnce(diagnostics: TelemetryWriter): Promise<void> {
  diagnostics.start()
  await diagnostics.stop()
}

const idsOf = async () =>
  (await house.store.rows<{ id: number }>('SELECT toUInt32(id) AS id FROM events ORDER BY id')).map(({ id }) => id)

test('metrics, events and uptime reach their tables as they were emitted', async () => {
  const { diagnostics, told } = diagnosticsOf(() => [speaker([line(1)])])
  await runOnce(diagnostics)
  const [figure] = await house.store.rows("SELECT process, name, labels['partition'] AS at, value FROM metrics")
  assert.deepEqual(figure, { process: 'ingest', name: 'ingest_lag_ticks', at: '0', value: 3.5 })
  const [event] = await house.store.rows(
    "SELECT level, station, event, message, fields['why'] AS why, abs(timestamp - now64(3)) < 60 AS fresh FROM logs",
  )
  assert.deepEqual(event, {
    level: 'warn',
    station: 'ingest',
    event: 'gap_found',
    message: 'line 1',
    why: "it's \n full",
    fresh: 1,
  })
  const [uptimeSample] = await house.store.rows(
    'SELECT recorded, stored, sources, log, ingest, store, archive FROM uptime',
  )
  assert.deepEqual(uptimeSample, STANDING)
  assert.deepEqual(told, [])
  assert.equal(diagnostics.dropped, 0)
})

test('a line is there once, also where another process has written the first of them', async () => {
  await runOnce(diagnosticsOf(() => [speaker([line(1), line(2)])]).diagnostics)
  await runOnce(diagnosticsOf(() => [speaker([line(2), line(3)])]).diagnostics)
  assert.deepEqual(await idsOf(), [1, 2, 3])
})

test('entries that their source dropped before they were read are counted', async () => {
  const lines = [line(1)]
  const { diagnostics } = diagnosticsOf(() => [speaker(lines)])
  diagnostics.start()
  await house.store.rows('SELECT 1')
  lines.splice(0, 1, line(5), line(6))
  await diagnostics.stop()
  assert.deepEqual((await idsOf()).slice(-2), [5, 6])
  assert.ok(diagnostics.dropped >= 3)
})

test('lines of two days are stored, each day as a part of its own', async () => {
  const lines = [line(1, Date.parse('2026-11-21T23:59:59.900Z')), line(2, Date.parse('2026-11-22T00:00:00.100Z'))]
  await runOnce(diagnosticsOf(() => [speaker(lines)], { keepDays: 100_000 }).diagnostics)
  assert.deepEqual(await idsOf(), [1, 2])
})

test('what is older than it may stay leaves the tables, the rest stays', async () => {
  const old = Date.now() - 3 * 86_400_000
  await runOnce(diagnosticsOf(() => [speaker([line(1, old), line(2)])]).diagnostics)
  await runOnce(diagnosticsOf(() => [], { keepDays: 1 }).diagnostics)
  assert.deepEqual(await idsOf(), [2])
})

test('more than a year of availability stays, whatever else may stay', async () => {
  for (const daysAgo of [500, 100]) {
    const at = new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)
    await house.store.insertRows('uptime', [{ at, instance: 'one', every_ms: 10_000, ...STANDING }])
  }
  await runOnce(diagnosticsOf(() => [], { keepDays: 1, uptimeSample: async () => null }).diagnostics)
  const [stays] = await house.store.rows("SELECT groupArray(dateDiff('day', at, now('UTC'))) AS days FROM uptime")
  assert.deepEqual((stays as { days: unknown[] }).days.map(Number), [100])
})

test('while the store does not answer, metrics of a new source are buffered too', async () => {
  let away = true
  const store = new Proxy<Store>(house.store, {
    get(target, property) {
      if ((property === 'insertRows' || property === 'rows') && away)
        return () => Promise.reject(new TickhouseError('store_unavailable', 'no answer', 'Wait.'))
      const value = Reflect.get(target, property) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const { diagnostics } = diagnosticsOf(() => [speaker([line(1)]), speaker([line(1)], 'two')], { store })
  await runOnce(diagnostics)
  away = false
  await diagnostics.stop()
  const [figures] = await house.store.rows('SELECT uniqExact(instance) AS instances FROM metrics')
  assert.deepEqual(figures, { instances: 2 })
  const [standings] = await house.store.rows('SELECT toUInt32(count()) AS count FROM uptime')
  assert.deepEqual(standings, { count: 1 })
  assert.deepEqual(await idsOf(), [1, 1])
  assert.equal(diagnostics.dropped, 0)
})

test('diagnostics that were not started write nothing', async () => {
  const { diagnostics } = diagnosticsOf(() => [speaker([line(1)])])
  await diagnostics.stop()
  assert.deepEqual(await idsOf(), [])
})

test('while the store is away rows are buffered within a bound, the failure is reported once, and nothing is thrown', async () => {
  let away = true
  const store = new Proxy<Store>(house.store, {
    get(target, property) {
      if (property === 'insertRows' && away)
        return () => Promise.reject(new TickhouseError('store_unavailable', 'no answer', 'Wait.'))
      const value = Reflect.get(target, property) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const lines = Array.from({ length: 50_010 }, (_, index) => line(index + 1))
  const { diagnostics, told } = diagnosticsOf(() => [speaker(lines)], { store })
  diagnostics.start()
  await diagnostics.stop()
  assert.deepEqual(told, ['diagnostics_failed'])
  assert.equal(diagnostics.dropped, 10)
  away = false
  await diagnostics.stop()
  const ids = await idsOf()
  assert.equal(ids.length, 50_000)
  assert.equal(ids[0], 11)
})

test('there is a row in each ten seconds of the time it ran, however long a report takes', async () => {
  const startMs = Date.UTC(2026, 10, 25, 12, 0, 3)
  const clock = new PlayedClock(startMs)
  let reports = 0
  const uptimeSample = async () => {
    await clock.sleep((reports++ % 5) * 900, new AbortController().signal)
    return STANDING
  }
  const { diagnostics } = diagnosticsOf(() => [], { clock, uptimeSample, keepDays: 100_000 })
  diagnostics.start()
  while (clock.nowMs < startMs + 600_000) await clock.advance()
  const stopped = diagnostics.stop()
  await clock.advance()
  await stopped
  const [found] = await house.store.rows(
    `SELECT toUInt32(uniqExact(toStartOfInterval(at, INTERVAL 10 SECOND))) AS tens,
            toUInt32(dateDiff('second', min(at), max(at))) AS seconds FROM uptime`,
  )
  const { tens, seconds } = found as { tens: number; seconds: number }
  assert.ok(seconds > 580, `${seconds} s`)
  assert.ok(tens >= Math.floor(seconds / 10), `${tens} of ${seconds} s`)
})

/** A clock that advances only on request, up to the next sleeper. */
class PlayedClock {
  nowMs: number
  #sleepers: { untilMs: number; wake: () => void }[] = []

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  elapsedMs = () => this.nowMs
  nowMicros = () => this.nowMs * 1000
  after = () => () => {}
  sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((wake, reject) => {
      this.#sleepers.push({ untilMs: this.nowMs + ms, wake })
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })

  async advance(): Promise<void> {
    await new Promise(setImmediate)
    if (this.#sleepers.length < 2) return
    this.#sleepers.sort((a, b) => b.untilMs - a.untilMs)
    const next = this.#sleepers.pop()!
    this.nowMs = Math.max(this.nowMs, next.untilMs)
    next.wake()
  }
}
