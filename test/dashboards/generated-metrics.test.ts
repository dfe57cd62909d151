/** Statements over generated metrics and samples, whose results are known. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { DASHBOARDS } from '../../dashboards/index.ts'
import { parseConfig } from '../../src/config.ts'
import { serveStore } from '../../src/modes/serve-store.ts'
import type { Serving } from '../../src/service.ts'
import { openStore } from '../../src/store/open.ts'
import { Journal } from '../../src/telemetry/journal.ts'
import { statementsOf } from '../support/judges/dashboard-statements.ts'
import { expand, type Range } from '../support/judges/grafana.ts'

const NOW = Date.now()
const MINUTE_MS = 60_000
const RATE = 200
/** Samples as a busy machine writes them: every five seconds or so, never exactly. */
const SAMPLE_MS = 5_300
const SAMPLES = 300
const STANDING_MS = 10_000

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-made-'))
let serving: Serving

before(async () => {
  const address = `chdb:${path.join(directory, 'store')}`
  const store = await openStore(address)
  const firstMs = NOW - SAMPLES * SAMPLE_MS
  // One run began long before; another process began with the first sample; both count 200 a second.
  const counted = (instance: string, connection: string, before: number) =>
    store.command(`INSERT INTO metrics SELECT fromUnixTimestamp64Milli(${firstMs} + number * ${SAMPLE_MS} + (number * 7919 % 13) * 20) AS at, 'record', '${instance}', 'source_ticks_total',
        map('venue', 'made', 'connection', '${connection}'), (toUnixTimestamp64Milli(at) - ${firstMs} + ${before}) / 1000 * ${RATE}
        FROM numbers(${SAMPLES})`)
  await counted('a', 'made-1', 3_600_000)
  await counted('b', 'made-2', 5_000)
  // Half an hour, of which the second five minutes nothing ran.
  await store.command(`INSERT INTO uptime SELECT fromUnixTimestamp64Milli(${NOW - 30 * MINUTE_MS} + number * ${STANDING_MS}), 'a', ${STANDING_MS}, true, true, 'ok', 'ok', 'ok', 'ok', 'ok'
      FROM numbers(${(30 * MINUTE_MS) / STANDING_MS}) WHERE number < 30 OR number >= 60`)
  await store.close()
  const config = { ...parseConfig({}, {}), STORE: address, LISTEN: '127.0.0.1:0' }
  serving = await serveStore(config, new Journal('test', 'error', 'text'), false)
})
after(async () => {
  await serving?.stop()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function rows(file: string, name: string, range: Range): Promise<unknown[][]> {
  const { sql } = statementsOf(DASHBOARDS[file]!()).find(each => each.name === name)!
  const body = expand(sql, range, { process: '$__all' })
  const response = await fetch(`${serving.url}/?default_format=JSONCompact`, { method: 'POST', body })
  const text = await response.text()
  assert.ok(response.ok, text)
  return (JSON.parse(text) as { data: unknown[][] }).data
}

test('a steady counter is drawn as a steady rate, however many samples fall into a step', async () => {
  for (const [minutes, intervalMs] of [
    [10, 10_000],
    [20, 20_000],
    [60, 10_000],
    [1_440, 120_000],
  ] as const) {
    const range = { fromMs: NOW - minutes * MINUTE_MS, toMs: NOW, intervalMs }
    const drawn = await rows('pipeline.json', 'Ticks received, from the counter', range)
    assert.deepEqual([...new Set(drawn.map(([, series]) => series))].sort(), ['made-1', 'made-2'])
    assert.ok(drawn.length >= 20, `${drawn.length} points`)
    // Of the run that began long before, nothing was written until the first sample: a range that goes back further cannot know.
    const known = minutes <= 20 ? ['made-1', 'made-2'] : ['made-2']
    for (const [time, series, value] of drawn.filter(([, series]) => known.includes(String(series))))
      assert.ok(Math.abs(Number(value) / RATE - 1) < 0.07, `${minutes} min: ${series} at ${time}: ${value}`)
  }
})

test('what a counter rose by, in steps, is all that it counted in the time range', async () => {
  const range = { fromMs: NOW - 60 * MINUTE_MS, toMs: NOW, intervalMs: 10_000 }
  const drawn = await rows('pipeline.json', 'Ticks received, from the counter', range)
  const last = drawn.filter(([, series]) => series === 'made-2')
  const seconds = ((SAMPLES - 1) * SAMPLE_MS) / 1000
  const mean = last.reduce((sum, [, , value]) => sum + Number(value), 0) / last.length
  assert.ok(Math.abs((mean * seconds) / (RATE * seconds) - 1) < 0.02, `${mean}`)
})

test('the share recorded is computed from the first sample on, and labelled with its time', async () => {
  const since = new Date(NOW - 30 * MINUTE_MS).toISOString().slice(0, 16).replace('T', ' ')
  for (const hours of [1, 24, 24 * 30]) {
    const range = { fromMs: NOW - hours * 60 * MINUTE_MS, toMs: NOW, intervalMs: 60_000 }
    for (const name of ['Recorded', 'Stored without delay']) {
      const [[, series, share] = []] = await rows('archive.json', name, range)
      assert.equal(series, `since ${since} UTC`)
      // Five minutes of thirty, less the half step that the last sample before them covers.
      assert.ok(Math.abs(Number(share) - 5 / 6) < 0.01, `${hours} h: ${share}`)
    }
    const days = await rows('archive.json', 'By day', range)
    const missed = days.reduce((sum, [, , , seconds]) => sum + Number(seconds), 0)
    assert.ok(Math.abs(missed - 300) <= 20, `${missed} s`)
  }
})

test('a range before the first sample shows nothing measured, rather than nothing recorded', async () => {
  const range = { fromMs: NOW - 240 * MINUTE_MS, toMs: NOW - 180 * MINUTE_MS, intervalMs: 60_000 }
  assert.deepEqual(await rows('archive.json', 'Recorded', range), [])
})
