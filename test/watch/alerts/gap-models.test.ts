import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { hourOfTicks } from '../../../src/watch/alerts/gap-model.ts'
import { GapModels } from '../../../src/watch/alerts/gap-models.ts'
import type { SymbolHour } from '../../../src/watch/instance-client.ts'
import { NoAnswer } from '../../../src/watch/instance-client.ts'
import { HOUR_MS } from '../../support/data/tick-times.ts'

const LEAST_MS = 15_000
const NOON_MS = Date.UTC(2026, 10, 25, 12)
const PROBE_MS = 10_000

let directory: string
let file: string
before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-rhythms-'))
})
beforeEach(() => {
  file = path.join(directory, `${Math.random()}`, 'watch.json.rhythms')
})
after(() => fs.rmSync(directory, { recursive: true, force: true }))

/** An instance with a tick every second of each hour, up to its clock, and the hours that were fetched. */
class Recorded {
  readonly asked: number[] = []
  nowMs = NOON_MS
  failsAt: number | undefined

  async hour(hourMs: number): Promise<SymbolHour[]> {
    if (this.asked.length === this.failsAt) throw new NoAnswer('gone')
    this.asked.push(hourMs)
    const ticks = Array.from({ length: 3_600 }, (_, second) => hourMs + second * 1000).filter(ms => ms < this.nowMs)
    return ticks.length === 0 ? [] : [{ venue: 'binance', symbol: 'BTCUSDT', ...hourOfTicks(hourMs, ticks) }]
  }
}

async function probes(gapModels: GapModels, house: Recorded, count: number): Promise<void> {
  for (let probe = 0; probe < count; probe++) {
    await gapModels.learn(house, house.nowMs)
    house.nowMs += PROBE_MS
  }
}

const allowed = (gapModels: GapModels, nowMs: number) => gapModels.allowedMs('binance', 'BTCUSDT', nowMs, LEAST_MS)

test('each past hour is fetched once, the nearest first, a few at each probe', async () => {
  const [gapModels, house] = [await GapModels.open(file, NOON_MS), new Recorded()]
  await gapModels.learn(house, house.nowMs)
  assert.deepEqual(house.asked.slice(0, 2), [NOON_MS, NOON_MS - HOUR_MS])
  assert.ok(house.asked.length <= 4)
  await probes(gapModels, house, 30)
  const closed = house.asked.filter(hourMs => hourMs < NOON_MS - HOUR_MS)
  assert.deepEqual(
    closed,
    [...new Set(closed)].sort((a, b) => b - a),
  )
  assert.ok(closed.every(hourMs => [10, 11, 12, 13].includes(new Date(hourMs).getUTCHours())))
})

test('the current hour is fetched every minute while the watcher is new, then every ten minutes, and once when it is over', async () => {
  const [gapModels, house] = [await GapModels.open(file, NOON_MS), new Recorded()]
  await probes(gapModels, house, 6 * 15)
  const asked = () => house.asked.filter(hourMs => hourMs === NOON_MS).length
  assert.equal(asked(), 15)
  await probes(gapModels, house, 6 * 45)
  assert.equal(asked(), 15 + 4, 'ten-minutely')
  await probes(gapModels, house, 6 * 60)
  assert.equal(asked(), 15 + 4 + 1)
})

test('knows a busy symbol after a minute, and nothing about a symbol without ticks', async () => {
  const [gapModels, house] = [await GapModels.open(file, NOON_MS), new Recorded()]
  assert.equal(allowed(gapModels, NOON_MS), null)
  house.nowMs += 60_000
  await gapModels.learn(house, house.nowMs)
  assert.ok(allowed(gapModels, house.nowMs)! <= 60_000)
  assert.equal(gapModels.allowedMs('binance', 'ETHUSDT', house.nowMs, LEAST_MS), null)
})

test('saved hours are known after a restart, without a request', async () => {
  const [gapModels, house] = [await GapModels.open(file, NOON_MS), new Recorded()]
  await probes(gapModels, house, 30)
  await gapModels.save()
  const again = await GapModels.open(file, house.nowMs)
  assert.equal(allowed(again, house.nowMs), allowed(gapModels, house.nowMs))
  const asked = house.asked.length
  await again.learn(house, house.nowMs - PROBE_MS)
  assert.equal(house.asked.length, asked)
})

test('hours fetched before a failure are kept', async () => {
  const [gapModels, house] = [await GapModels.open(file, NOON_MS), new Recorded()]
  house.nowMs += 600_000
  house.failsAt = 2
  await assert.rejects(gapModels.learn(house, house.nowMs), NoAnswer)
  assert.ok(allowed(gapModels, house.nowMs)! <= 60_000)
})

test('at most eight days are known, however long it runs', async () => {
  const [gapModels, house] = [await GapModels.open(file, NOON_MS), new Recorded()]
  for (let hour = 0; hour < 24 * 12; hour++) {
    await gapModels.learn(house, house.nowMs)
    house.nowMs += HOUR_MS
  }
  await gapModels.save()
  const kept = JSON.parse(fs.readFileSync(file, 'utf8')) as { hourMs: number }[]
  assert.ok(kept.length <= 24 * 8 + 1, `${kept.length}`)
})

test('hours fetched while the clock was ahead are fetched again', async () => {
  const [gapModels, house] = [await GapModels.open(file, NOON_MS), new Recorded()]
  // It finds nothing yet in the hour that it takes for over.
  await gapModels.learn(house, NOON_MS + 2 * HOUR_MS)
  house.nowMs = NOON_MS + 2 * HOUR_MS - 60_000
  await gapModels.learn(house, house.nowMs)
  assert.equal(house.asked.filter(hourMs => hourMs === NOON_MS + HOUR_MS).length, 2)
  assert.ok(allowed(gapModels, house.nowMs)! <= 60_000)
})

describe('an unreadable file is learned again', () => {
  for (const text of ['', '{', 'null', '{}', '"x"', '7'])
    test(JSON.stringify(text), async () => {
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, text)
      const gapModels = await GapModels.open(file, NOON_MS)
      assert.equal(allowed(gapModels, NOON_MS), null)
      assert.equal(await gapModels.learn(new Recorded(), NOON_MS), true)
    })
})
