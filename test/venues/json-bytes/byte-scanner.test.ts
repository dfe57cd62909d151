import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRfc3339 } from '../../../src/tick/time.ts'
import { ByteScanner } from '../../../src/venues/json-bytes/byte-scanner.ts'
import { literals } from '../../../src/venues/json-bytes/literal.ts'
import { longId } from '../../../src/venues/json-bytes/long-id.ts'

const scanner = new ByteScanner()
const RUNS = { numRuns: 5000 }

function begin(text: string): ByteScanner {
  // What an earlier, longer frame left behind must not be read.
  scanner.start(Buffer.from('7'.repeat(200)))
  assert.ok(scanner.start(Buffer.from(text)))
  return scanner
}

test('a literal of any length is taken where it comes, and only there', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{1,20}$/), fc.nat(19), (text, at) => {
      assert.ok(begin(text).takes(literals('?', text), 1) && scanner.atEnd)
      assert.ok(!begin(text.slice(0, -1)).takes(literals('?', text), 1))
      const other = `${text.slice(0, at % text.length)}\u0001${text.slice((at % text.length) + 1)}`
      assert.ok(!begin(other).takes(literals('?', text), 1))
    }),
    RUNS,
  )
})

test('a literal that is too long is refused when it is made', () => {
  assert.throws(() => literals('x'.repeat(29)))
  assert.throws(() => literals(''))
})

test('whole numbers are read up to 2^53-1, as JSON allows them', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{1,20}$/), text => {
      const fits = !/^0\d/.test(text) && Number.isSafeInteger(Number(text)) && BigInt(text) < 2n ** 53n
      assert.equal(begin(text).integer(), fits ? Number(text) : -1)
    }),
    RUNS,
  )
  assert.equal(begin('9007199254740991').integer(), Number.MAX_SAFE_INTEGER)
  assert.equal(begin('9007199254740992').integer(), -1)
  for (const text of ['', '-1', '.5', 'x']) assert.equal(begin(text).integer(), -1, text)
})

test('a number of digits is read, and what is missing or too much is declined', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{0,12}$/), fc.integer({ min: 1, max: 12 }), (text, count) => {
      assert.equal(begin(text).digitsAhead(), text.length)
      assert.equal(scanner.digits(count), count <= text.length ? Number(text.slice(0, count)) : -1)
      const scaled = Number(text.padEnd(count, '0'))
      assert.equal(begin(text).fraction(count), text.length >= 1 && text.length <= count ? scaled : -1)
    }),
    RUNS,
  )
})

test('a text ends at its quote; escapes, control characters and other alphabets are declined', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), any => {
      const text = any.replaceAll('"', '')
      const plain = /^[ !#-[\]-\x7f]*$/.test(text)
      assert.equal(begin(`${text}"`).word(), plain ? text : '')
      assert.equal(begin(`${text}"`).skipsText() && scanner.atEnd, plain)
    }),
    RUNS,
  )
  for (const text of ['', 'abc', 'abcd', 'abc\\"', 'abcdefg\n"']) assert.equal(begin(text).word(), '', text)
})

test('a word is itself, whatever words were read before', () => {
  // Enough to meet in a slot of the table of words, with neighbours that differ in one place or in length.
  const words = Array.from({ length: 20_000 }, (_, index) => `W${index}`.padEnd(2 + (index % 40), '-'))
  for (let pass = 0; pass < 2; pass++) for (const word of words) assert.equal(begin(`${word}"`).word(), word)
})

test('a minute is what RFC 3339 makes of it', () => {
  const field = (max: number) => fc.nat(max).map(value => String(value).padStart(2, '0'))
  const minute = fc
    .tuple(fc.integer({ min: 1971, max: 2200 }), field(13), field(32), field(25), field(61))
    .map(([year, month, day, hour, minute]) => `${year}-${month}-${day}T${hour}:${minute}`)
  fc.assert(
    fc.property(fc.array(minute, { minLength: 1, maxLength: 3 }), minutes => {
      for (const text of [...minutes, minutes[0]!])
        assert.equal(begin(text).minute(), parseRfc3339(`${text}:00Z`)?.micros ?? -1, text)
    }),
    RUNS,
  )
  assert.equal(begin('2026-11-22T12:0').minute(), -1)
})

test('any JSON value without spaces and escapes is stepped over, and nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
      const json = JSON.stringify(value)
      const plain = /^[ !-[\]-\x7f]*$/.test(json)
      assert.equal(begin(json).skipsValue() && scanner.atEnd, plain)
    }),
    RUNS,
  )
  const isJson = (text: string) => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const pieces = fc.constantFrom(
    '0',
    '1',
    '12',
    '-',
    '+',
    '.',
    'e',
    'E',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '"',
    '"a"',
    'true',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), parts => {
      const text = parts.join('')
      if (begin(text).skipsValue() && scanner.atEnd) assert.ok(isJson(text), text)
    }),
    { numRuns: 20_000 },
  )
  assert.ok(!begin('['.repeat(1000)).skipsValue())
})

test('an id of up to 19 digits is exact: a number below 2^53, else a bigint', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 19n - 1n }), id => {
      const read = longId(Number(id / 10n ** 9n), Number(id % 10n ** 9n))
      assert.equal(BigInt(read), id)
      assert.equal(typeof read, id < 2n ** 53n ? 'number' : 'bigint')
    }),
    RUNS,
  )
  for (const id of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 10n ** 19n - 1n])
    assert.equal(BigInt(longId(Number(id / 10n ** 9n), Number(id % 10n ** 9n))), id)
})

test('a frame that is longer than the scanner takes is declined', () => {
  assert.ok(!scanner.start(Buffer.alloc(70_000)))
})
