import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConflatedQuotes } from '../../src/sources/conflation.ts'
import { QUOTE_FLAG, QuoteDraft } from '../../src/tick/quotes/quotes.ts'
import { CollectingReceiver } from '../support/judges/collecting-receiver.ts'

test('of each interval the last quote of a symbol is passed on, flagged if it replaced others, and the others are counted', () => {
  const symbol = fc.constantFrom('A', 'B', 'C')
  const interval = fc.array(symbol, { maxLength: 12 })
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 6 }), intervals => {
      const receiver = new CollectingReceiver()
      const conflated = new ConflatedQuotes(receiver, 1_000_000)
      const draft = new QuoteDraft()
      const expected: (string | number)[][] = []
      let sequence = 0
      for (const symbols of intervals) {
        for (const name of symbols) {
          // The decoder reuses its draft.
          Object.assign(draft, { venue: 'binance', symbol: name, sequence: ++sequence, flags: QUOTE_FLAG.derived })
          conflated.quote(draft)
        }
        const passed = receiver.quotes.length
        conflated.flush()
        const last = new Map(symbols.map((name, at) => [name, sequence - symbols.length + at + 1]))
        for (const [name, at] of last) {
          const flags = symbols.filter(each => each === name).length > 1 ? 3 : 1
          expected.push([name, at, flags])
        }
        assert.equal(receiver.quotes.length - passed, last.size)
      }
      assert.deepEqual(
        receiver.quotes.map(quote => [quote.symbol, quote.sequence, quote.flags]).sort(),
        expected.sort(),
      )
      assert.equal(conflated.dropped, sequence - expected.length)
    }),
  )
})

test('an interval begins with its first quote and ends by itself', async () => {
  const receiver = new CollectingReceiver()
  const conflated = new ConflatedQuotes(receiver, 20)
  const draft = Object.assign(new QuoteDraft(), { venue: 'binance', symbol: 'A', sequence: 1 })
  conflated.quote(draft)
  conflated.quote(Object.assign(draft, { sequence: 2 }))
  assert.deepEqual(receiver.quotes, [])
  await new Promise(resolve => setTimeout(resolve, 200))
  assert.deepEqual(
    receiver.quotes.map(({ sequence, flags }) => [sequence, flags]),
    [[2, QUOTE_FLAG.conflated]],
  )
})
