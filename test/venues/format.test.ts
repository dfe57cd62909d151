import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRfc3339 } from '../../src/tick/time.ts'
import { decimalText } from '../../src/venues/format-decimal.ts'
import { TimeText } from '../../src/venues/format-time.ts'

test('a decimal reads back as the same double and is plain, however small it is', () => {
  assert.equal(decimalText(1e-8), '0.00000001')
  assert.equal(decimalText(1.25e-7), '0.000000125')
  fc.assert(
    fc.property(fc.double({ min: Number.MIN_VALUE, max: 1e15, noNaN: true }), value => {
      const text = decimalText(value)
      assert.match(text, /^\d+(\.\d+)?$/)
      assert.equal(Number(text), value)
    }),
  )
})

test('a time reads back to the nanosecond, whatever came before it', () => {
  const time = new TimeText()
  assert.equal(time.of(1_700_000_000_123_456_000n), '2023-11-14T22:13:20.123456Z')
  assert.equal(time.of(1_700_000_000_123_456_001n), '2023-11-14T22:13:20.123456001Z')
  fc.assert(
    fc.property(fc.bigInt(0n, 4_000_000_000_000_000_000n), nanos => {
      const read = parseRfc3339(time.of(nanos))!
      assert.equal(BigInt(read.micros) * 1000n + BigInt(read.nanos), nanos)
    }),
  )
})
