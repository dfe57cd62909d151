import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateTimer } from '../../src/simulator/tick-timer.ts'

/** Runs steps of 5 ms, making whole orders of 7; returns the trades made. */
function run(timer: RateTimer, fromMs: number, toMs: number): number {
  let made = 0
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 5) {
    let due = timer.due(nowMs)
    for (; due >= 1; due -= 7) {
      timer.made(7)
      made += 7
    }
  }
  return made
}

test('every rate is met over time, to within one order', () => {
  for (const rate of [1, 200, 1_000, 50_000, 500_000]) {
    const made = run(new RateTimer(rate, 0), 0, 10_000)
    assert.ok(Math.abs(made - 10 * rate) <= 7, `${made} in 10 s at ${rate}/s`)
  }
})

test('after a stall one second is caught up and the rest is counted as skipped', () => {
  const timer = new RateTimer(1_000, 0)
  assert.equal(timer.due(60_000), 1_000)
  assert.equal(timer.skipped, 59_000)
})

test('a new rate applies when it is set, and 0 pauses', () => {
  const timer = new RateTimer(1_000, 0)
  assert.ok(Math.abs(run(timer, 0, 1_000) - 1_000) <= 7)
  timer.setRate(0, 1_000)
  assert.equal(run(timer, 1_000, 5_000), 0)
  timer.setRate(50_000, 5_000)
  assert.ok(Math.abs(run(timer, 5_000, 6_000) - 50_000) <= 7)
})
