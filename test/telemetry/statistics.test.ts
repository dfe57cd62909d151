import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Rate, Recent } from '../../src/telemetry/statistics.ts'

test('a steady stream shows its rate at any moment, also between two slots of time', () => {
  const rate = new Rate()
  for (let ms = 0; ms < 20_000; ms += 10) {
    rate.add(3, 1e12 + ms)
    if (ms < 2_000) continue
    const shown = rate.perSecond(1e12 + ms)
    assert.ok(Math.abs(shown - 300) < 6, `${shown} at ${ms} ms`)
  }
  assert.equal(rate.total, 6_000)
})

test('a clock that is set back or ahead changes no rate', t => {
  const elapsedMs = performance.now()
  t.mock.method(performance, 'now', () => elapsedMs)
  const rate = new Rate()
  for (let call = 0; call < 100; call++) rate.add(1)
  const before = rate.perSecond()
  for (const stepMs of [-600_000, 600_000]) {
    const now = Date.now() + stepMs
    t.mock.method(Date, 'now', () => now)
    rate.add(0)
    assert.ok(Math.abs(rate.perSecond() - before) < 10, `${rate.perSecond()} after ${before}`)
    t.mock.restoreAll()
  }
})

test('a stream that ended falls to zero within the window', () => {
  const rate = new Rate()
  rate.add(1000, 1e12)
  assert.equal(rate.perSecond(1e12), 1000)
  assert.equal(rate.perSecond(1e12 + 6_000), 0)
})

test('quantiles are of the last values only; before the first there are none', () => {
  const recent = new Recent(3)
  assert.equal(recent.quantiles(), null)
  for (const value of [100, 1, 2, 3]) recent.add(value)
  assert.deepEqual(recent.quantiles(), { p50: 2, p99: 3, max: 3 })
})
