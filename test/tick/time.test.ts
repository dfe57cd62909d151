import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRfc3339, readMicros, readWholeMicros, TIME_MICROS_MAX, writeTime } from '../../src/tick/time.ts'

test('a time in microseconds becomes the same nanoseconds that bigint arithmetic gives', () => {
  fc.assert(
    fc.property(
      fc.maxSafeInteger().filter(n => n >= 0 && n <= TIME_MICROS_MAX),
      fc.integer({ min: 0, max: 999 }),
      (micros, nanos) => {
        const column = new BigInt64Array(1)
        writeTime(new Uint32Array(column.buffer), 0, micros, nanos)
        assert.equal(column[0], BigInt(micros) * 1000n + BigInt(nanos))
      },
    ),
  )
})

test('a time read back is the one written, to a microsecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), micros => {
      const column = new BigInt64Array(1)
      const words = new Uint32Array(column.buffer)
      writeTime(words, 0, micros)
      assert.ok(Math.abs(readMicros(words, 0) - micros) < 1)
    }),
  )
})

test('whole microseconds read back are exactly those written, whatever the nanoseconds beside them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: TIME_MICROS_MAX }), fc.integer({ min: 0, max: 999 }), (micros, nanos) => {
      const words = new Uint32Array(2)
      writeTime(words, 0, micros, nanos)
      assert.equal(readWholeMicros(words, 0), micros)
    }),
  )
})

test('a time before 1970 has its sign bit set, so that validation sees it', () => {
  const column = new BigInt64Array(1)
  writeTime(new Uint32Array(column.buffer), 0, -1)
  assert.equal(column[0], -1000n)
})

test('RFC 3339 texts keep their digits down to the nanosecond', () => {
  assert.deepEqual(parseRfc3339('2014-11-07T08:19:27.028459Z'), { micros: 1_415_348_367_028_459, nanos: 0 })
  assert.deepEqual(parseRfc3339('2021-02-22T15:51:44.208123456Z'), { micros: 1_614_009_104_208_123, nanos: 456 })
  assert.deepEqual(parseRfc3339('2021-02-22T16:51:44+01:00'), { micros: 1_614_009_104_000_000, nanos: 0 })
})

test('what is no RFC 3339 time is undefined', () => {
  for (const text of ['', 'now', '2021-02-22', '2021-13-22T16:51:44Z', '2021-02-22 16:51:44Z', '1614009104']) {
    assert.equal(parseRfc3339(text), undefined, text)
  }
})

const pad = (value: number, width: number) => String(value).padStart(width, '0')

/** An RFC 3339 text of these fields, whether or not such a time exists. */
function textOf(fields: number[], fraction: string, zone: string): string {
  const [year, month, day, hour, minute, second] = fields
  const date = `${pad(year!, 4)}-${pad(month!, 2)}-${pad(day!, 2)}`
  return `${date}T${pad(hour!, 2)}:${pad(minute!, 2)}:${pad(second!, 2)}${fraction}${zone}`
}

/** The platform's calendar: a date exists if it is still itself after the way through a number of milliseconds. */
function millisByPlatform(fields: number[]): number | undefined {
  const [year, month, day, hour, minute, second] = fields
  const date = new Date(0)
  date.setUTCFullYear(year!, month! - 1, day!)
  date.setUTCHours(hour!, minute!, second!, 0)
  const same = date.toISOString().startsWith(textOf(fields, '', ''))
  return same ? date.getTime() : undefined
}

const below = (max: number) => fc.integer({ min: 0, max })

test('a text states a time exactly where the calendar has such a day and the clock such a second', () => {
  const field = fc.tuple(below(9999), below(14), below(33), below(25), below(61), below(61))
  const nearby = fc.tuple(fc.integer({ min: 1896, max: 2104 }), below(13), below(32), below(24), below(60), below(60))
  fc.assert(
    fc.property(
      fc.oneof(field, nearby),
      fc.option(fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 12 }), { nil: '' }),
      fc.oneof(fc.constant(undefined), fc.tuple(fc.constantFrom(1, -1), below(25), below(61))),
      (fields, digits, zone) => {
        const offset = zone && `${zone[0] > 0 ? '+' : '-'}${pad(zone[1], 2)}:${pad(zone[2], 2)}`
        const text = textOf(fields, digits && `.${digits}`, offset ?? 'Z')
        const millis = millisByPlatform(fields)
        const zoneExists = !zone || (zone[1] <= 23 && zone[2] <= 59)
        if (millis === undefined || !zoneExists) return assert.equal(parseRfc3339(text), undefined, text)
        const east = zone ? BigInt(zone[0] * (zone[1] * 60 + zone[2])) * 60_000_000_000n : 0n
        const expected = BigInt(millis) * 1_000_000n + BigInt(digits.padEnd(9, '0').slice(0, 9)) - east
        const { micros, nanos } = parseRfc3339(text)!
        // Further from 1970 than columns reach, which is refused later: only that it is that far must show.
        if (expected / 1000n > TIME_MICROS_MAX || expected / 1000n < -TIME_MICROS_MAX)
          return assert.ok(!Number.isSafeInteger(micros) && micros > 0 === expected > 0n, text)
        assert.equal(BigInt(micros) * 1000n + BigInt(nanos), expected, text)
        assert.ok(nanos >= 0 && nanos < 1000)
      },
    ),
    { numRuns: 5_000 },
  )
})

test('every day of 400 years exists once, and no other', () => {
  let days = 0
  for (let year = 1900; year < 2300; year++)
    for (let month = 0; month <= 13; month++)
      for (let day = 0; day <= 32; day++) {
        const fields = [year, month, day, 23, 59, 59]
        const time = parseRfc3339(textOf(fields, '', 'Z'))
        assert.equal(time && time.micros / 1000, millisByPlatform(fields))
        if (time) days++
      }
  assert.equal(days, 146_097)
})

test('a time that does not exist is none, whatever would follow from counting on', () => {
  for (const text of [
    '2026-02-30T10:00:00Z',
    '2027-02-29T10:00:00Z',
    '2100-02-29T10:00:00Z',
    '2026-04-31T10:00:00Z',
    '2026-00-10T10:00:00Z',
    '2026-10-00T10:00:00Z',
    '2026-11-26T24:00:00Z',
    '2026-11-26T25:00:00Z',
    '2026-11-26T10:60:00Z',
    '2016-12-31T23:59:60Z',
    '2026-11-26T10:00:00+24:00',
    '2026-11-26T10:00:00+01:60',
    '2026-11-26T10:00:00.Z',
    '2026-11-26T10:00:00Z ',
    '+2026-11-26T10:00:00Z',
    '２026-11-26T10:00:00Z',
  ])
    assert.equal(parseRfc3339(text), undefined, text)
  assert.equal(parseRfc3339('2028-02-29T12:00:00Z')!.micros, Date.UTC(2028, 1, 29, 12) * 1000)
})
