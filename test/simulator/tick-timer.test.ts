import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateTimer } from '../../src/simulator/tick-timer.ts'

/** Runs slices of 5 ms, making whole orders of 7; returns the trades made. */
function run(pacer: RateTimer, fromMs: number, toMs: number): number {
  let made = 0
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 5) {
    let due = pacer.due(nowMs)
    for (; due >= 1; due -= 7) {
      pacer.made(7)
      made += 7
    }
  }
  return made
}

test('every rate holds over time, to one order', () => {
  for (const rate of [1, 200, 1_000, 50_000, 500_000]) {
    const made = run(new RateTimer(rate, 0), 0, 10_000)
    assert.ok(Math.abs(made - 10 * rate) <= 7, `${made} in 10 s at ${rate}/s`)
  }
})

test('after a stall one second is caught up and the rest is counted as skipped', () => {
  const pacer = new RateTimer(1_000, 0)
  assert.equal(pacer.due(60_000), 1_000)
  assert.equal(pacer.skipped, 59_000)
})

test('a new rate holds from the moment it is set, and 0 pauses', () => {
  const pacer = new RateTimer(1_000, 0)
  assert.ok(Math.abs(run(pacer, 0, 1_000) - 1_000) <= 7)
  pacer.setRate(0, 1_000)
  assert.equal(run(pacer, 1_000, 5_000), 0)
  pacer.setRate(50_000, 5_000)
  assert.ok(Math.abs(run(pacer, 5_000, 6_000) - 50_000) <= 7)
})
