import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRfc3339, readMicros, TIME_MICROS_MAX, writeTime } from '../../src/tick/time.ts'

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
