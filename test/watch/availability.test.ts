import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Availability, addProbe, NOTHING_WATCHED, toDays } from '../../src/watch/availability.ts'

const EVERY_MS = 10_000
const DAY_MS = 86_400_000
const MIDNIGHT_MS = Date.UTC(2026, 10, 25)

function play(probes: readonly [atMs: number, healthy: boolean | null][]): Availability {
  return probes.reduce((state, [atMs, healthy]) => addProbe(state, atMs, healthy, EVERY_MS), NOTHING_WATCHED)
}

test('a probe counts for the time since the previous probe', () => {
  const { days } = play([
    [MIDNIGHT_MS, true],
    [MIDNIGHT_MS + 10_000, true],
    [MIDNIGHT_MS + 20_000, false],
    [MIDNIGHT_MS + 30_000, true],
  ])
  assert.deepEqual(days, [{ day: '2026-11-25', watchedMs: 30_000, wellMs: 20_000 }])
  assert.deepEqual(toDays({ lastMs: 0, days }), [{ day: '2026-11-25', watchedMs: 30_000, ratio: 2 / 3 }])
})

test('the first probe does not count for the time before it', () =>
  assert.deepEqual(play([[MIDNIGHT_MS, true]]).days, []))

test('time over midnight UTC is split between both days', () => {
  const { days } = play([
    [MIDNIGHT_MS - 4_000, true],
    [MIDNIGHT_MS + 6_000, true],
  ])
  assert.deepEqual(days, [
    { day: '2026-11-24', watchedMs: 4_000, wellMs: 4_000 },
    { day: '2026-11-25', watchedMs: 6_000, wellMs: 6_000 },
  ])
})

test('time without probes and time without a network do not count', () => {
  const { days } = play([
    [MIDNIGHT_MS, true],
    [MIDNIGHT_MS + 31_000, true],
    [MIDNIGHT_MS + 41_000, null],
    [MIDNIGHT_MS + 51_000, true],
  ])
  assert.deepEqual(days, [{ day: '2026-11-25', watchedMs: 10_000, wellMs: 10_000 }])
})

test('days stay in order after a clock was ahead, and at most 400 are kept', () => {
  let state = play([
    [MIDNIGHT_MS + 400 * DAY_MS, true],
    [MIDNIGHT_MS + 400 * DAY_MS + 5_000, true],
  ])
  for (let day = 0; day < 405; day++)
    for (const ms of [0, 5_000]) state = addProbe(state, MIDNIGHT_MS + day * DAY_MS + ms, true, EVERY_MS)
  const days = state.days.map(({ day }) => day)
  assert.equal(days.length, 400)
  assert.deepEqual(days, days.toSorted())
})

test('for any probes, no day has more watched than passed time, nor more healthy than watched time', () => {
  const probe = fc.tuple(fc.integer({ min: 1, max: 40_000 }), fc.option(fc.boolean(), { freq: 5, nil: null }))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: DAY_MS }), fc.array(probe, { maxLength: 300 }), (offsetMs, spans) => {
      let atMs = MIDNIGHT_MS + offsetMs
      const probes = spans.map(([spanMs, healthy]): [number, boolean | null] => {
        atMs += spanMs
        return [atMs, healthy]
      })
      const { days } = play(probes)
      const watchedMs = days.reduce((sum, day) => sum + day.watchedMs, 0)
      assert.ok(watchedMs <= (probes.at(-1)?.[0] ?? 0) - (probes[0]?.[0] ?? 0))
      for (const { day, watchedMs: ofDay, wellMs } of days) {
        assert.ok(wellMs >= 0 && wellMs <= ofDay && ofDay > 0 && ofDay <= DAY_MS, day)
      }
    }),
  )
})

test('a clock that jumps back and forth adds no time beyond that between probes', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -100_000, max: 100_000 }), { maxLength: 100 }), offsets => {
      const probes = offsets.map((offset): [number, boolean] => [MIDNIGHT_MS + offset, true])
      const forward = probes.slice(1).map(([atMs], index) => Math.max(0, atMs - probes[index]![0]))
      const watchedMs = play(probes).days.reduce((sum, day) => sum + day.watchedMs, 0)
      assert.equal(
        watchedMs,
        forward.filter(ms => ms <= 3 * EVERY_MS).reduce((sum, ms) => sum + ms, 0),
      )
    }),
  )
})
