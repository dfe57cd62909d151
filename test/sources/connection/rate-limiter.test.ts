import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RateLimiter } from '../../../src/sources/connection/rate-limiter.ts'

test('no window has more actions than allowed, and none waits without need', () => {
  const requested = fc.array(fc.nat(50), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(requested, fc.integer({ min: 1, max: 5 }), (pauses, count) => {
      const pace = new RateLimiter(count, 100)
      const times: number[] = []
      let nowMs = 0
      for (const pause of pauses) {
        nowMs += pause
        const atMs = nowMs + pace.reserve(nowMs)
        const [before, rival] = [times.at(-1) ?? 0, times.at(-count) ?? Number.NEGATIVE_INFINITY]
        assert.equal(atMs, Math.max(nowMs, before, rival + 100))
        times.push(atMs)
      }
    }),
  )
})

test('reservations far ahead leave earlier times free, and still no window has too many actions', () => {
  const requested = fc.array(fc.record({ pause: fc.nat(50), later: fc.nat(400) }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(requested, fc.integer({ min: 1, max: 5 }), (reservations, count) => {
      const pace = new RateLimiter(count, 100)
      const times: number[] = []
      const fits = (atMs: number) => {
        const all = [...times, atMs].sort((a, b) => a - b)
        return all.every((time, index) => (all[index + count] ?? Number.POSITIVE_INFINITY) - time >= 100)
      }
      let nowMs = 0
      for (const { pause, later } of reservations) {
        nowMs += pause
        const atMs = nowMs + pace.reserve(nowMs, nowMs + later)
        assert.ok(atMs >= nowMs + later && fits(atMs))
        for (let sooner = nowMs + later; sooner < atMs; sooner++) assert.ok(!fits(sooner), `${sooner} is free too`)
        times.push(atMs)
      }
    }),
  )
})

test('times with fractions get a reservation too', { timeout: 300_000 }, () => {
  const fraction = fc.double({ min: 0, max: 50, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(fraction, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (pauses, count) => {
        const pace = new RateLimiter(count, 1000)
        let nowMs = 123_456.789
        const times: number[] = []
        for (const pause of pauses) {
          nowMs += pause
          times.push(nowMs + pace.reserve(nowMs))
        }
        for (let first = 0; first + count < times.length; first++)
          assert.ok(times[first + count]! - times[first]! > 1000 - 1e-6)
      },
    ),
  )
})

test('during a pause nothing is allowed', () => {
  const pace = new RateLimiter(10, 100)
  pace.pause(500)
  pace.pause(300)
  assert.equal(pace.reserve(0), 500)
  assert.equal(pace.reserve(600), 0)
  assert.equal(pace.pausedMs(400), 100)
  assert.equal(pace.pausedMs(600), 0)
})
