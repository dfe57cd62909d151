import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Liveness } from '../../../src/sources/connection/liveness.ts'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'

/** A feed with a frame every `everyMs` for `lastsMs`. */
function followed(everyMs: number, lastsMs: number): { rhythm: Liveness; nowMs: number } {
  const rhythm = new Liveness(TIMINGS)
  let nowMs = 0
  for (; nowMs <= lastsMs; nowMs += everyMs) rhythm.frame(nowMs)
  return { rhythm, nowMs: nowMs - everyMs }
}

test('a busy feed is silent after the minimum, not before', () => {
  const { rhythm, nowMs } = followed(10, 120_000)
  assert.equal(rhythm.isSilent(nowMs + 9999), false)
  assert.equal(rhythm.isSilent(nowMs + 10_000), true)
})

test('the limit of a feed with gaps of seconds is many times its longest gap', () => {
  const { rhythm, nowMs } = followed(2000, 600_000)
  assert.equal(rhythm.silentAfterMs, 40_000)
  assert.equal(rhythm.isSilent(nowMs + 39_999), false)
})

test('after a burst or a few frames, usual gaps are not known: never silent', () => {
  assert.equal(followed(1, 1000).rhythm.silentAfterMs, Number.POSITIVE_INFINITY)
  assert.equal(followed(20_000, 600_000).rhythm.silentAfterMs, Number.POSITIVE_INFINITY)
})

test('a pause in reading does not count as a gap', () => {
  const { rhythm, nowMs } = followed(10, 120_000)
  rhythm.resume(nowMs + 3_600_000)
  assert.equal(rhythm.isSilent(nowMs + 3_600_001), false)
  rhythm.frame(nowMs + 3_600_010)
  assert.equal(rhythm.silentAfterMs, 10_000)
})

test('the limit doubles with each report of silence, until the gaps are forgotten', () => {
  const { rhythm, nowMs } = followed(10, 120_000)
  rhythm.reportedSilent()
  assert.equal(rhythm.silentAfterMs, 20_000)
  rhythm.reportedSilent()
  assert.equal(rhythm.silentAfterMs, 40_000)
  for (let later = 0; later < 25 * 60_000; later += 100) rhythm.frame(nowMs + later)
  assert.equal(rhythm.silentAfterMs, 10_000)
})

test('after a report it is silent again at the longer limit, however short it was followed', () => {
  const { rhythm, nowMs } = followed(2000, 100_000)
  for (const limitMs of [40_000, 80_000, 160_000]) {
    assert.equal(rhythm.isSilent(nowMs + limitMs), true, `${limitMs} ms`)
    rhythm.reportedSilent()
  }
})
