import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalFromNumber, decimalFromText, isImprecise } from '../../src/venues/decimal.ts'
import { ByteScanner } from '../../src/venues/json-bytes/byte-scanner.ts'
import { parseJson } from '../../src/venues/json-text.ts'

const parsed = (text: string) => parseJson(Buffer.from(text))

test('a decimal of up to 15 significant digits is its nearest double, in every reader, and never called imprecise', () => {
  const scanner = new ByteScanner()
  const decimal = fc.tuple(fc.nat(999_999_999_999_999), fc.nat(15), fc.nat(6)).map(([digits, places, zeros]) => {
    const text = String(digits).padStart(places + 1, '0')
    return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}${'0'.repeat(zeros)}`
  })
  fc.assert(
    fc.property(decimal, text => {
      assert.equal(decimalFromText(text), Number(text))
      assert.equal(decimalFromNumber(parsed(text)), Number(text))
      assert.equal(isImprecise(text), false)
      assert.equal(isImprecise(parsed(text)), false)
      scanner.start(Buffer.from(text))
      assert.equal(scanner.decimal(), Number(text))
      assert.ok(scanner.atEnd)
    }),
    { numRuns: 5000 },
  )
})

test('the byte scanner declines every decimal that another reader would call imprecise', () => {
  const scanner = new ByteScanner()
  fc.assert(
    fc.property(fc.stringMatching(/^\d{1,18}(\.\d{1,18})?$/), text => {
      scanner.start(Buffer.from(text))
      const scanned = scanner.decimal()
      if (isImprecise(text) || /^0\d/.test(text)) assert.equal(scanned, -1)
      else if (scanned >= 0) assert.equal(scanned, Number(text))
    }),
    { numRuns: 5000 },
  )
})

test('more significant digits are imprecise, leading and trailing zeros do not count', () => {
  for (const text of ['1234567890.123456', '0.1234567890123456', '-1234567890123456', '1234567890123456e-20']) {
    assert.equal(isImprecise(text), true, text)
  }
  for (const text of [
    '1234567890000000000',
    '0.00000000000000000001',
    '100000000.000000000',
    '-123456789012345',
    '1.5e-300',
  ]) {
    assert.equal(isImprecise(text), false, text)
  }
  assert.equal(isImprecise(parsed('1234567890.1234567')), true)
})

test('beyond a double’s range there is no number', () => {
  assert.ok(Number.isNaN(decimalFromText('9'.repeat(400))))
  assert.ok(Number.isNaN(decimalFromNumber(parsed('1e400'))))
  assert.ok(Number.isNaN(decimalFromNumber(parsed(`1${'0'.repeat(400)}`))))
})
