import assert from 'node:assert/strict'
import { test } from 'node:test'
import { availabilityText, meanRecorded, uptimeDays } from '../../web/src/uptime-days.ts'

const DAY_MS = 86_400_000
const today = Date.UTC(2026, 10, 25)
const stood = (daysAgo: number, covered: number, recorded = covered) => ({
  startMs: today - daysAgo * DAY_MS,
  covered,
  recorded,
  stored: recorded,
})

test('a day counts from the first row on, one without rows is lost, today as far as it has passed', () => {
  const days = uptimeDays([stood(3, 1_000), stood(1, 86_400, 43_200), stood(0, 3_600)], today + 3_600_000, 5)
  assert.deepEqual(
    days.map(({ recorded }) => recorded),
    [null, 1, 0, 0.5, 1],
  )
  assert.equal(meanRecorded(days), 0.625)
})

test('before the house ran nothing is known', () => {
  assert.equal(meanRecorded(uptimeDays([], today, 3)), null)
})

test('100 % is said only of what is whole', () => {
  assert.equal(availabilityText(1), '100 %')
  assert.equal(availabilityText(0.999999), '99.999 %')
  assert.equal(availabilityText(0.5), '50.0 %')
})
