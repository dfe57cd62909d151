import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nearest } from '../src/nearest.ts'

test('the nearest word is the one fewest letters away', () => {
  assert.equal(nearest('SOURCE', ['STORE', 'SOURCES', 'LOG']), 'SOURCES')
})

test('two exchanged letters are one mistake', () => {
  assert.equal(nearest('BTCUSTD', ['BTCUSTC1', 'BTCUSDT', 'BTCXSTDX']), 'BTCUSDT')
  assert.equal(nearest('btc-sud', ['BTC-GBP', 'ETH-USD', 'BTC-USD']), 'BTC-USD')
})

/** Edit distance with exchanges of neighbours, by its definition. */
function edits(a: string, b: string): number {
  if (a === '' || b === '') return Math.max(a.length, b.length)
  const [restA, restB] = [a.slice(1), b.slice(1)]
  let least = Math.min(edits(restA, b) + 1, edits(a, restB) + 1, edits(restA, restB) + (a[0] === b[0] ? 0 : 1))
  if (a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0])
    least = Math.min(least, edits(a.slice(2), b.slice(2)) + 1)
  return least
}

test('no known word is nearer than the one that is named, which is the first of equals', () => {
  const word = fc.string({ unit: fc.constantFrom('A', 'B', 'C'), maxLength: 5 })
  fc.assert(
    fc.property(word, fc.array(word, { minLength: 1, maxLength: 6 }), (wrong, known) => {
      const least = Math.min(...known.map(other => edits(wrong, other)))
      assert.equal(
        nearest(wrong, known),
        known.find(other => edits(wrong, other) === least),
      )
    }),
  )
})
