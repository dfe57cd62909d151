import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Levels } from '../../../src/venues/book/levels.ts'
import { OrderBook } from '../../../src/venues/book/order-book.ts'

const change = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 3 }))

for (const side of ['bids', 'asks'] as const)
  test(`the best of ${side} is that of a plain map, after any changes`, () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 500 }), changes => {
        const levels = new Levels(side)
        const plain = new Map<number, number>()
        for (const [price, size] of changes) {
          levels.set(price, size)
          if (size === 0) plain.delete(price)
          else plain.set(price, size)
          const best = Math[side === 'bids' ? 'max' : 'min'](...plain.keys())
          assert.deepEqual(
            [levels.length, levels.bestPrice, levels.bestSize],
            plain.size === 0 ? [0, 0, 0] : [plain.size, best, plain.get(best)],
          )
        }
      }),
    )
  })

test('the top has changed where one of its four numbers has, and not where deeper levels have', () => {
  const book = new OrderBook()
  assert.equal(book.topChanged(), false, 'an empty book')
  book.bids.set(10, 1)
  book.asks.set(11, 1)
  assert.deepEqual([book.topChanged(), book.topChanged()], [true, false])
  book.bids.set(9, 5)
  book.asks.set(12, 5)
  assert.equal(book.topChanged(), false)
  book.asks.set(11, 2)
  assert.equal(book.topChanged(), true)
  book.bids.set(10, 0)
  assert.equal(book.topChanged(), true)
  assert.deepEqual([book.bids.bestPrice, book.bids.bestSize], [9, 5])
})
