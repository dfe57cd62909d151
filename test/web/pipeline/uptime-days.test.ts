import assert from 'node:assert/strict'
import { test } from 'node:test'
import { availabilityText, DAY_MS, meanRecorded, QUARTER_MS, stretches } from '../../../web/src/pipeline/uptime-days.ts'

const SETTLED_MS = 30_000
const today = Date.UTC(2026, 10, 25)
const stood = (daysAgo: number, covered: number, recorded = covered) => ({
  startMs: today - daysAgo * DAY_MS,
  covered,
  recorded,
  stored: recorded,
})

test('a day counts from the first row on, one without rows is lost, today as far as it has passed', () => {
  const days = stretches(
    [stood(3, 1_000), stood(1, 86_400, 43_200), stood(0, 3_600)],
    today + 3_600_000 + SETTLED_MS,
    DAY_MS,
    5,
  )
  assert.deepEqual(
    days.map(({ recorded }) => recorded),
    [null, 1, 0, 0.5, 1],
  )
  assert.equal(meanRecorded(days), 0.625)
})

test('what has not reached the table yet is not told as lost', () => {
  const after = (ms: number, covered: number) => stretches([stood(1, 86_400), stood(0, covered)], today + ms, DAY_MS, 1)
  assert.deepEqual(after(300_000, 280)[0], { startMs: today, recorded: 1, stored: 1 })
  assert.equal(after(10_000, 0)[0]!.recorded, null)
})

test('quarters without a row are lost where the house ran before them, and not known where it did not', () => {
  const quarter = { startMs: today - QUARTER_MS, covered: 900, recorded: 450, stored: 900 }
  const recorded = (ranBefore: boolean) =>
    stretches([quarter], today + 60_000, QUARTER_MS, 4, ranBefore).map(({ recorded }) => recorded)
  assert.deepEqual(recorded(true), [0, 0, 0.5, 0])
  assert.deepEqual(recorded(false), [null, null, 450 / 900, 0])
})

test('before the house ran nothing is known', () => {
  assert.equal(meanRecorded(stretches([], today, DAY_MS, 3)), null)
})

test('100 % is said only of what is whole', () => {
  assert.equal(availabilityText(1), '100 %')
  assert.equal(availabilityText(0.999999), '99.999 %')
  assert.equal(availabilityText(0.5), '50.0 %')
})
