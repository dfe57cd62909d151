import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { History } from '../../src/simulator/history.ts'
import { instrumentOf } from '../../src/simulator/market/instruments.ts'
import { emptyOrder } from '../../src/simulator/market/market.ts'

test('the latest trades up to the capacity are found by id, older ones are dropped', () => {
  const fills = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 })
  const fromId = fc.option(fc.integer({ min: 90, max: 500 }), { nil: undefined })
  fc.assert(
    fc.property(
      fc.integer({ min: 9, max: 100 }),
      fills,
      fromId,
      fc.integer({ min: 1, max: 50 }),
      (capacity, orders, from, limit) => {
        const history = new History(instrumentOf('BTCUSDT', 1), capacity, 100)
        const order = emptyOrder()
        let nextId = 100
        for (const [index, count] of orders.entries()) {
          order.fills = count
          order.isSell = index % 2 === 0
          for (let fill = 0; fill < count; fill++) order.priceTicks[fill] = nextId++
          history.record(order, index)
        }
        const first = Math.max(100, nextId - capacity)
        const kept = Array.from({ length: nextId - first }, (_, index) => first + index)
        const wanted = from === undefined ? kept.slice(-limit) : kept.filter(id => id >= from).slice(0, limit)
        const read = history.read(from, limit)
        assert.deepEqual(
          read.map(trade => trade.id),
          wanted,
        )
        assert.deepEqual(
          read.map(trade => trade.priceTicks),
          wanted,
        )
        assert.deepEqual([history.firstId, history.nextId], [first, nextId])
      },
    ),
  )
})
