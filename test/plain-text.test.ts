import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addSecret, bounded, plainLine, printable, redact, redactBytes } from '../src/plain-text.ts'
import { shorten } from '../src/sources/connection/loss.ts'

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

/** Half of a secret is as bad as the whole. */
const PART = 5
const SECRETS = ['PKEY/with+slash&more=', 'quote"and\\backslash', 'PK0123456789ABCDEF']
for (const secret of SECRETS) addSecret(secret)
const FORMS = SECRETS.flatMap(secret => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])

const around = fc.string({ unit: 'grapheme', maxLength: 250 })
const withSecret = fc
  .tuple(around, fc.constantFrom(...FORMS), around)
  .map(([before, form, after]) => ({ before, form, after }))

function assertHidden(shown: string, form: string, before: string, after: string): void {
  for (let at = 0; at + PART <= form.length; at++) {
    const part = form.slice(at, at + PART)
    if (!before.includes(part) && !after.includes(part)) assert.ok(!shown.includes(part), `${part} in ${shown}`)
  }
}

test('no text that is shown has a secret or a part of one, wherever it was cut', () => {
  fc.assert(
    fc.property(withSecret, fc.integer({ min: 1, max: 300 }), ({ before, form, after }, lengthMax) => {
      const text = before + form + after
      for (const shown of [
        redact(text),
        plainLine(text, lengthMax),
        bounded(text, lengthMax),
        printable(text),
        shorten(text),
      ])
        assertHidden(shown, form, before, after)
    }),
  )
})

test('bytes keep their length and everything but the secrets', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom(...FORMS), fc.uint8Array(), (before, form, after) => {
      const bytes = Buffer.concat([before, Buffer.from(form), after])
      const copy = Buffer.from(bytes)
      assert.deepEqual(redactBytes(bytes), Buffer.concat([before, Buffer.from('*'.repeat(form.length)), after]))
      assert.deepEqual(bytes, copy, 'the original stays')
    }),
  )
  const innocent = Buffer.from('[{"T":"success","msg":"connected"}]')
  assert.equal(redactBytes(innocent), innocent)
})
