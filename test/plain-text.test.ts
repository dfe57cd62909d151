import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bounded, plainLine, printable } from '../src/plain-text.ts'

const HOSTILE = '\n\r\t\u001b\u0007\u0085\u2028\u2029\u202e\u2066\u200b\u0000\ud800\udfff'
const texts = fc.string({
  unit: fc.oneof(fc.constantFrom(...HOSTILE.split('')), fc.string({ unit: 'binary', maxLength: 1 })),
  maxLength: 300,
})
const UNFIT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

test('whatever goes in, one well-formed line of bounded length comes out', () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 50 }), (text, lengthMax) => {
      const line = plainLine(text, lengthMax)
      assert.ok(line.length <= lengthMax && line.isWellFormed() && !UNFIT.test(line), JSON.stringify(line))
    }),
  )
})

test('nothing that a terminal acts on is printed but what is to be kept', () => {
  fc.assert(
    fc.property(texts, text => {
      assert.doesNotMatch(printable(text), UNFIT)
      assert.doesNotMatch(printable(text, '\n\t').replace(/[\n\t]/g, ''), UNFIT)
    }),
  )
  assert.equal(printable('a\tb\n\u001b[31mred', '\n\t'), 'a\tb\n?[31mred')
  assert.equal(printable('Zürich 取引 👍'), 'Zürich 取引 👍')
})

test('a long text says how much of it was cut', () => {
  assert.equal(bounded('abc', 3), 'abc')
  assert.equal(bounded('x'.repeat(10), 4), 'xxxx… (6 more characters)')
})
