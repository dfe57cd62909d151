import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { allowedGapMs, hourOfTicks, SLOT_MS } from '../../../src/watch/alerts/gap-model.ts'
import { binanceSession, skipWithoutData } from '../../support/data/recorded-data.ts'
import {
  DAY_MS,
  HOUR_MS,
  hourOf,
  KnownTicks,
  poissonTimes,
  type Span,
  withBursts,
} from '../../support/data/tick-times.ts'

const LEAST_MS = 15_000
/** A Monday. */
const BEGIN_MS = Date.UTC(2026, 9, 5)
const days = (count: number): Span => ({ fromMs: BEGIN_MS, toMs: BEGIN_MS + count * DAY_MS })
const isNight = (ms: number) => ms % DAY_MS < 8 * HOUR_MS
const isWeekend = (ms: number) => [0, 6].includes(new Date(ms).getUTCDay())

function allowedAt(ticks: KnownTicks, nowMs: number): number | null {
  const [hours, known] = ticks.at(nowMs)
  return allowedGapMs(hours, known, nowMs, LEAST_MS)
}

/** The gaps after the first eight days that would have been alerts. Gaps near the usual length are not evaluated. */
function alarmsIn(
  ticks: KnownTicks,
  span: Span,
  atLeastMs: number,
): { atMs: number; gapMs: number; allowed: number }[] {
  const alarms: { atMs: number; gapMs: number; allowed: number }[] = []
  for (const [index, toMs] of ticks.times.entries()) {
    const fromMs = ticks.times[index - 1] ?? toMs
    if (toMs - fromMs < Math.max(atLeastMs, LEAST_MS) || fromMs < span.fromMs + 8 * DAY_MS) continue
    // The allowed gap changes with the hour and with new ticks: evaluated all along the gap.
    for (let atMs = fromMs + LEAST_MS; ; atMs = Math.min(toMs, atMs + Math.max(60_000, atLeastMs))) {
      const allowed = allowedAt(ticks, atMs)
      if (allowed !== null && atMs - fromMs > allowed) {
        alarms.push({ atMs: fromMs, gapMs: toMs - fromMs, allowed })
        break
      }
      if (atMs >= toMs) break
    }
  }
  return alarms
}

/** How long after its last tick a dead feed is detected, ms; null if not within a day. */
function toldAfterMs(times: readonly number[], diedMs: number): number | null {
  const ticks = new KnownTicks(times.filter(ms => ms < diedMs))
  const lastMs = ticks.times.at(-1)!
  for (let afterMs = 1_000; afterMs < DAY_MS; afterMs += afterMs < 600_000 ? 1_000 : 60_000) {
    const allowed = allowedAt(ticks, lastMs + afterMs)
    if (allowed !== null && afterMs > allowed) return afterMs
  }
  return null
}

describe('a market busy by day and quiet by night', () => {
  const span = days(14)
  // Day: one a second. Night: eight an hour.
  const times = poissonTimes(span, 3_600, ms => (isNight(ms) ? 8 : 3_600), 1)
  const noonMs = BEGIN_MS + 10 * DAY_MS + 12 * HOUR_MS

  test('that stops at noon is detected within seconds', () => {
    const afterMs = toldAfterMs(times, noonMs)
    assert.ok(afterMs !== null && afterMs <= 60_000, `${afterMs}`)
  })

  test('may have long gaps at night', () => {
    const allowed = allowedAt(new KnownTicks(times), BEGIN_MS + 10 * DAY_MS + 4 * HOUR_MS)!
    assert.ok(allowed > HOUR_MS, `${allowed}`)
  })

  test('and is no alert in any night, nor when the night begins or ends', () => {
    assert.deepEqual(alarmsIn(new KnownTicks(times), span, 30_000), [])
  })
})

test('a market that closes every night at the same time is no alert when it does', () => {
  const span = days(14)
  const times = poissonTimes(span, 1_200, ms => (ms % DAY_MS < 7.2 * HOUR_MS ? 0 : 1_200), 2)
  assert.deepEqual(alarmsIn(new KnownTicks(times), span, 60_000), [])
  const afterMs = toldAfterMs(times, BEGIN_MS + 9 * DAY_MS + 15 * HOUR_MS)
  assert.ok(afterMs !== null && afterMs <= 120_000, `and is detected at three in the afternoon: ${afterMs}`)
})

describe('months without an outage', () => {
  const MONTHS = days(60)
  for (const [name, perHour, atLeastMs] of [
    ['two a minute', 120, 200_000],
    ['twenty an hour', 20, 1_000_000],
    ['one an hour', 1, 4 * HOUR_MS],
  ] as const)
    test(`a market of ${name}, uniformly random, is never an alert`, () => {
      for (const seed of [1, 2, 3]) {
        const ticks = new KnownTicks(poissonTimes(MONTHS, perHour, () => perHour, seed))
        assert.deepEqual(alarmsIn(ticks, MONTHS, atLeastMs), [])
      }
    })

  // Only its length distinguishes a gap within a burst from one between bursts: bursts of a tenth of a second are
  // recognised,
  // in bursts of seconds the gaps within count too.
  test('a market of dense bursts is never an alert', () => {
    for (const seed of [4, 5, 6]) {
      const bursts = poissonTimes(MONTHS, 10, () => 10, seed)
      assert.deepEqual(alarmsIn(new KnownTicks(withBursts(bursts, 12, 100, seed)), MONTHS, HOUR_MS), [])
    }
  })

  test('a market of bursts of seconds is an alert at most once in months', () => {
    for (const seed of [4, 5, 6, 7]) {
      const bursts = poissonTimes(MONTHS, 10, () => 10, seed)
      const alarms = alarmsIn(new KnownTicks(withBursts(bursts, 12, 2_000, seed)), MONTHS, HOUR_MS / 2)
      assert.ok(alarms.length <= 1, `${alarms.length}`)
    }
  })

  test('a market with quiet weekends is no alert on Saturday morning', () => {
    for (const seed of [7, 8, 9]) {
      const times = poissonTimes(MONTHS, 240, ms => (isWeekend(ms) ? 40 : 240), seed)
      assert.deepEqual(alarmsIn(new KnownTicks(times), MONTHS, 300_000), [])
    }
  })

  test('a market whose rate changes by the hour is never an alert', () => {
    for (const seed of [10, 11, 12]) {
      const wave = (ms: number) => 30 * (1 + 0.9 * Math.sin((2 * Math.PI * ms) / DAY_MS))
      assert.deepEqual(alarmsIn(new KnownTicks(poissonTimes(MONTHS, 60, wave, seed)), MONTHS, 1_000_000), [])
    }
  })
})

describe('an outage', () => {
  const span = days(12)
  const times = poissonTimes(span, 600, () => 600, 20)
  const noonMs = BEGIN_MS + 10 * DAY_MS + 12 * HOUR_MS
  const without = (...outages: [fromMs: number, minutes: number][]) =>
    times.filter(ms => !outages.some(([fromMs, minutes]) => ms >= fromMs && ms < fromMs + minutes * 60_000))
  const healthyMs = toldAfterMs(times, noonMs)!

  test('of yesterday at this hour does not allow one today', () => {
    const afterMs = toldAfterMs(without([noonMs - DAY_MS, 50]), noonMs)!
    assert.ok(afterMs <= 2 * healthyMs, `${afterMs} for ${healthyMs}`)
  })

  test('nor do two similar ones', () => {
    const afterMs = toldAfterMs(without([noonMs - DAY_MS, 50], [noonMs - 2 * DAY_MS, 45]), noonMs)!
    assert.ok(afterMs <= 2 * healthyMs, `${afterMs} for ${healthyMs}`)
  })

  test('nor does one an hour ago', () => {
    const afterMs = toldAfterMs(without([noonMs - 100 * 60_000, 40]), noonMs)!
    assert.ok(afterMs <= 2 * healthyMs, `${afterMs} for ${healthyMs}`)
  })

  test('that lasts stays too long, hour after hour', () => {
    const ticks = new KnownTicks(times.filter(ms => ms < noonMs))
    for (let afterMs = 2 * healthyMs; afterMs < 12 * HOUR_MS; afterMs += 10 * 60_000)
      assert.ok(afterMs > allowedAt(ticks, noonMs + afterMs)!, `after ${afterMs / 60_000} minutes`)
  })

  test('that comes every day is normal', () => {
    const daily = Array.from({ length: 12 }, (_, day): [number, number] => [BEGIN_MS + (day + 0.5) * DAY_MS, 50])
    const ticks = new KnownTicks(without(...daily))
    assert.ok(allowedAt(ticks, noonMs + 20 * 60_000)! > 50 * 60_000)
  })
})

describe('a symbol with little history', () => {
  const hourMs = BEGIN_MS + 12 * HOUR_MS
  const allowed = (known: number[], ...times: number[]) => {
    const hours = [...Map.groupBy(times, hourOf)].map(([hour, ofHour]) => hourOfTicks(hour, ofHour))
    return allowedGapMs(hours, new Set(known), hourMs + 50 * 60_000, LEAST_MS)
  }

  test('without a tick, or with one, is unknown', () => {
    assert.equal(allowed([hourMs]), null)
    assert.equal(allowed([hourMs], hourMs + 5), null)
  })

  test('with fewer ticks of the same distribution may have longer gaps', () => {
    const every = (count: number) => Array.from({ length: count }, (_, index) => hourMs + index * 10_000)
    const answers = [3, 6, 12, 50, 200].map(count => allowed([hourMs], ...every(count))!)
    assert.deepEqual(
      answers,
      answers.toSorted((a, b) => b - a),
    )
    assert.ok(answers[0]! > 60 * answers.at(-1)!, answers.join(', '))
  })

  test('is not busy after one burst in hours', () => {
    const dayBefore = hourMs - DAY_MS
    const burst = Array.from({ length: 40 }, (_, index) => dayBefore + 30 * 60_000 + index * 200)
    const known = [dayBefore - HOUR_MS, dayBefore, dayBefore + HOUR_MS, hourMs]
    assert.ok(allowed(known, ...burst, hourMs + 60_000)! > HOUR_MS)
  })

  test('has no gap before the recording began', () => {
    const times = Array.from({ length: 600 }, (_, index) => hourMs + 49 * 60_000 + index * 100)
    assert.ok(allowed([hourMs - HOUR_MS, hourMs], ...times)! <= 60_000)
  })

  test('has no gap in the unknown day between known hours: a new watcher detects a dead feed too', () => {
    const hours = [3, 2, 1, 0].flatMap(day => [-HOUR_MS, 0, HOUR_MS].map(beside => hourMs - day * DAY_MS + beside))
    const known = hours.filter(ms => ms <= hourMs)
    const busy = known.flatMap(ms => poissonTimes({ fromMs: ms, toMs: ms + HOUR_MS }, 3_600, () => 3_600, ms % 1e6))
    assert.ok(allowed(known, ...busy)! <= 60_000)
  })
})

test('the result is never below the minimum, and a number for any ticks', () => {
  const offsets = fc.array(fc.integer({ min: 0, max: 9 * 24 * 3_600_000 - 1 }), { maxLength: 60 })
  fc.assert(
    fc.property(offsets, fc.integer({ min: 0, max: 9 * 24 }), (some, hour) => {
      const times = some.map(ms => BEGIN_MS + ms).sort((a, b) => a - b)
      const hours = [...Map.groupBy(times, hourOf)].map(([hourMs, ofHour]) => hourOfTicks(hourMs, ofHour))
      const known = new Set(hours.map(({ hourMs }) => hourMs))
      const allowed = allowedGapMs(hours, known, BEGIN_MS + hour * HOUR_MS, LEAST_MS)
      assert.ok(allowed === null || (allowed >= LEAST_MS && allowed <= 20 * DAY_MS), `${allowed}`)
    }),
  )
})

test('the order of the hours makes no difference', () => {
  const ticks = new KnownTicks(poissonTimes(days(9), 30, () => 30, 3))
  const nowMs = BEGIN_MS + 8.6 * DAY_MS
  const [hours, known] = ticks.at(nowMs)
  assert.equal(allowedGapMs([...hours].reverse(), known, nowMs, LEAST_MS), allowedGapMs(hours, known, nowMs, LEAST_MS))
})

test('the summary of an hour of ticks', () => {
  const at = (...slots: number[]) => slots.map(slot => BEGIN_MS + slot * SLOT_MS + 7)
  assert.deepEqual(hourOfTicks(BEGIN_MS, at(2, 2, 3, 7, 8, 20)), {
    hourMs: BEGIN_MS,
    firstMs: BEGIN_MS + 200,
    lastMs: BEGIN_MS + 2_000,
    beats: 5,
    pauses: 2,
    pausedMs: 1_600,
    longestMs: 1_200,
  })
})

for (const symbol of ['btcusdt', 'ethusdt'] as const)
  test(`the recorded session of ${symbol} is an alert within seconds of its end, and never before`, {
    skip: skipWithoutData,
  }, () => {
    const trades = binanceSession(symbol)
      .map(frame => JSON.parse(frame.toString()))
      .map(({ data = {}, ...bare }) => ({ ...bare, ...data }))
      .filter(({ e }) => e === 'trade')
    const times = trades.map(({ T }) => Number(T)).sort((a, b) => a - b)
    assert.ok(times.length > 1_000)
    // A minute is enough to learn the gaps of a busy symbol.
    for (const [index, toMs] of times.entries()) {
      const fromMs = times[index - 1] ?? toMs
      if (fromMs - times[0]! < 60_000 || toMs - fromMs < 1_000) continue
      const ticks = new KnownTicks(times.slice(0, index))
      const [, known] = ticks.at(fromMs)
      const hours = [...Map.groupBy(ticks.times, hourOf)].map(([hourMs, ofHour]) => hourOfTicks(hourMs, ofHour))
      assert.ok(toMs - fromMs <= allowedGapMs(hours, known, toMs, 0)!, `a silence of ${toMs - fromMs} ms`)
    }
    const hours = [...Map.groupBy(times, hourOf)].map(([hourMs, ofHour]) => hourOfTicks(hourMs, ofHour))
    const allowed = allowedGapMs(hours, new Set(hours.map(({ hourMs }) => hourMs)), times.at(-1)! + 1, LEAST_MS)!
    assert.ok(allowed <= 30_000, `${allowed}`)
  })
