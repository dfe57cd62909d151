import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pace } from '../../src/sources/pace.ts'

test('no window of the given length ever holds more actions than allowed, and none waits without need', () => {
  const asked = fc.array(fc.nat(50), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(asked, fc.integer({ min: 1, max: 5 }), (pauses, count) => {
      const pace = new Pace(count, 100)
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

test('after a hold nothing is allowed before its end', () => {
  const pace = new Pace(10, 100)
  pace.hold(500)
  pace.hold(300)
  assert.equal(pace.reserve(0), 500)
  assert.equal(pace.reserve(600), 0)
})
