import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff } from '../../../src/sources/connection/backoff.ts'

test('waits lie between the floor and a ceiling that doubles up to the cap, and start again after a reset', () => {
  const backoff = new Backoff(100, 500, 30_000)
  for (let round = 0; round < 200; round++) {
    backoff.reset()
    for (const ceiling of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const waitMs = backoff.next()
      assert.ok(waitMs >= 100 && waitMs <= ceiling, `${waitMs} of ${ceiling}`)
    }
  }
})

test('waits are spread over the whole range', () => {
  const waits = Array.from({ length: 500 }, () => new Backoff(0, 1000, 1000).next())
  assert.ok(Math.min(...waits) < 200 && Math.max(...waits) > 800)
})

test('after thousands of failures the wait is still the cap', () => {
  const backoff = new Backoff(100, 500, 1000)
  for (let failures = 0; failures < 5000; failures++) assert.ok(backoff.next() <= 1000)
})
