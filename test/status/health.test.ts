import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatSources } from '../../src/sources/selection.ts'
import { BUILT_IN_VENUES, followedIn } from '../../src/status/health.ts'
import { findVenue } from '../../src/venues/index.ts'

test('what a recorder follows is read from its sources, with symbols as it spells them and without options', () => {
  const symbol = fc.stringMatching(/^[\p{L}\p{N}][\p{L}\p{N}._/-]{0,39}$/u)
  const one = fc.record({
    venue: fc.constantFrom(...BUILT_IN_VENUES),
    symbols: fc.uniqueArray(symbol, { minLength: 1, maxLength: 5 }),
    kinds: fc.subarray(['trades', 'quotes'], { minLength: 1 }),
    options: fc.dictionary(fc.constantFrom('rate', 'seed'), fc.nat()),
  })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 4 }), selected => {
      const sources = formatSources(selected.map(each => ({ ...each, venue: findVenue(each.venue)! })))
      assert.deepEqual(
        followedIn(sources),
        selected.map(({ venue, symbols }) => ({ venue, symbols })),
      )
    }),
  )
})

test('a recorder of another version may follow a venue that this one does not know', () => {
  assert.deepEqual(followedIn('nasdaq:AAPL,MSFT binance:?rate=1'), [
    { venue: 'nasdaq', symbols: ['AAPL', 'MSFT'] },
    { venue: 'binance', symbols: [] },
  ])
})
