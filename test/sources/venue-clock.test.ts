import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VenueClock } from '../../src/sources/venue-clock.ts'

/** Trades of a minute and a half, one in ten of them old, by a clock that is ahead by so much. */
function after(aheadMs: number, latenciesMs: readonly number[]): { clock: VenueClock; told: number[] } {
  const told: number[] = []
  const clock = new VenueClock(ahead => told.push(ahead))
  for (let second = 0; second <= 90; second++) {
    const history = second % 10 === 0 ? 3_600_000 : 0
    clock.add(latenciesMs[second % latenciesMs.length]! + aheadMs + history, second * 1_000)
  }
  return { clock, told }
}

const latencies = fc.array(fc.double({ min: -500, max: 3_000, noNaN: true }), { minLength: 1, maxLength: 7 })

test('a clock that is hours or a year ahead is detected within a minute and reported once, at any latency', () => {
  fc.assert(
    fc.property(latencies, fc.integer({ min: 15_000, max: 366 * 86_400_000 }), (latenciesMs, aheadMs) => {
      const { clock, told } = after(aheadMs, latenciesMs)
      assert.ok(Math.abs(clock.aheadMs - aheadMs) <= 3_000, `${clock.aheadMs}`)
      assert.equal(told.length, 1)
    }),
  )
})

test('a right clock is not reported, at any latency and age of some trades', () => {
  fc.assert(
    fc.property(latencies, latenciesMs => {
      const { clock, told } = after(0, latenciesMs)
      assert.deepEqual([clock.aheadMs, told], [0, []])
    }),
  )
})

test('a clock that is behind is detected, and reported as right once it is set', () => {
  const told: number[] = []
  const clock = new VenueClock(ahead => told.push(ahead))
  for (let second = 0; second <= 60; second++) clock.add(-7_200_000 + (second % 3), second * 1_000)
  assert.ok(clock.aheadMs < -7_190_000)
  for (let second = 61; second <= 150; second++) clock.add(40, second * 1_000)
  assert.deepEqual([clock.aheadMs, told.length, told[1]], [0, 2, 0])
})

test('one trade with an absurd time, or a few, are not evidence', () => {
  const clock = new VenueClock(() => assert.fail())
  for (let second = 0; second <= 60; second++) clock.add(second === 40 ? -1e12 : 20, second * 1_000)
  for (let trade = 0; trade < 5; trade++) new VenueClock(() => assert.fail()).add(1e9, trade * 60_000)
  assert.equal(clock.aheadMs, 0)
})
