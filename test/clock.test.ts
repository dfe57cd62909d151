import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SYSTEM_CLOCK, timerMs } from '../src/clock.ts'

const MONTH_MS = 31 * 86_400_000

test('a wait longer than a timer of Node does not end at once', async () => {
  const stop = new AbortController()
  const ended: string[] = []
  const cancel = SYSTEM_CLOCK.after(MONTH_MS, () => ended.push('after'))
  const slept = SYSTEM_CLOCK.sleep(MONTH_MS, stop.signal).then(
    () => ended.push('sleep'),
    () => {},
  )
  const timer = setTimeout(() => ended.push('timer'), timerMs(MONTH_MS))
  await sleep(50)
  assert.deepEqual(ended, [])
  cancel()
  stop.abort()
  clearTimeout(timer)
  await slept
})

test('a wait of more than one timer ends after all of them', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let calls = 0
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  SYSTEM_CLOCK.after(MONTH_MS, () => calls++)
  const turns = [timerMs(MONTH_MS), MONTH_MS - timerMs(MONTH_MS) - 1, 1]
  for (const [turn, ms] of turns.entries()) {
    nowMs += ms
    t.mock.timers.tick(ms)
    assert.equal(calls, turn === 2 ? 1 : 0)
  }
})
