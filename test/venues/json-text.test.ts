import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { elementTexts, LongNumber, parseJson } from '../../src/venues/json-text.ts'

const parsed = (text: string) => parseJson(Buffer.from(text))

test('numbers of 16 characters or more keep their text, wherever they stand', () => {
  for (let padding = 0; padding < 40; padding++) {
    const text = `{"x":"${'x'.repeat(padding)}","a":[1234567890123456,123456789012345,-1.234567890123e+5]}`
    assert.deepEqual((parsed(text) as { a: unknown }).a, [
      new LongNumber('1234567890123456'),
      123456789012345,
      new LongNumber('-1.234567890123e+5'),
    ])
  }
})

test('everything else is what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      const keepLong = (value: unknown): unknown => (value instanceof LongNumber ? Number(value.text) : value)
      const revived = JSON.stringify(parsed(text), (_key, value) => keepLong(value))
      assert.equal(revived, JSON.stringify(JSON.parse(text)))
    }),
    { numRuns: 2000 },
  )
})

test('an array’s elements are found as they were sent, whatever stands in and around them', () => {
  const plain = fc.jsonValue({ maxDepth: 3 })
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1 }), plain, fc.string(), (elements, other, word) => {
      const texts = elements.map(element => JSON.stringify(element))
      const text = `{"data":${JSON.stringify(other)}, ${JSON.stringify(`x${word}`)}:{"data":[1]},"word":"data","data" : [ ${texts.join(' , ')} ],"y":["data",{"data":[2]}]}`
      assert.deepEqual(elementTexts(text, 'data'), texts)
      assert.deepEqual(elementTexts(`{"data":[3],"p":${text},"q":{"data":[4]}}`, 'p', 'data'), texts)
    }),
    { numRuns: 1000 },
  )
})
