import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IdWindow } from '../../../src/ingest/ids/id-window.ts'
import { comparedTradeOf, MATCH } from '../../../src/ingest/ids/recent-trades.ts'
import { columnsOf } from '../../support/data/trades.ts'

const SLOTS = 128

const columns = (ids: readonly number[], price: (index: number) => number) =>
  columnsOf(
    'binance',
    ids.map((tradeId, index) => ({ symbol: 'BTCUSDT', tradeId, price: price(index), volume: 2, side: 'sell' })),
  )

test('of ids that rise by one, the last ones are known with all their values, and no earlier one is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 52 }), fc.integer({ min: 0, max: 4 * SLOTS }), (first, count) => {
      const trades = columns(
        Array.from({ length: count + 1 }, (_, index) => first + index),
        index => 1 + index,
      )
      const window = new IdWindow(SLOTS)
      for (let row = 0; row < count; row++) window.add(trades, row)
      const kept = Math.min(count, SLOTS)
      for (let row = 0; row <= count; row++) {
        const known = row >= count - kept && row < count
        assert.deepEqual(window.knownTrades(trades, row), known ? [comparedTradeOf(trades, row)] : [])
        assert.equal(window.match(trades, row), known ? MATCH.same : MATCH.none)
      }
    }),
    { numRuns: 30 },
  )
})

test('whatever ids come, an id has the values of its last trade, or none', () => {
  const id = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 2 ** 32, max: 2 ** 32 + 300 }))
  fc.assert(
    fc.property(fc.array(id, { maxLength: 600 }), ids => {
      const trades = columns(ids, index => 1 + index)
      const window = new IdWindow(SLOTS)
      const last = new Map<number, number>()
      for (const [row, value] of ids.entries()) {
        window.add(trades, row)
        last.set(value, row)
      }
      for (const row of ids.keys()) {
        const known = window.knownTrades(trades, row)
        if (known.length > 0) assert.deepEqual(known, [comparedTradeOf(trades, last.get(ids[row]!)!)])
      }
    }),
  )
})

test('a window that is widened loses nothing, and holds as many trades from then on', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.integer({ min: 0, max: 2 * SLOTS }),
      fc.integer({ min: 1, max: 4 * SLOTS }),
      (first, before, size) => {
        const count = before + size
        const trades = columns(
          Array.from({ length: count }, (_, index) => first + index),
          index => 1 + index,
        )
        const window = new IdWindow(SLOTS)
        for (let row = 0; row < before; row++) window.add(trades, row)
        const kept = Array.from({ length: before }, (_, row) => row).filter(row => window.has(trades, row))
        window.widen(size)
        for (const row of kept) assert(window.has(trades, row))
        for (let row = before; row < count; row++) window.add(trades, row)
        for (let row = before; row < count; row++) assert(window.has(trades, row))
      },
    ),
    { numRuns: 50 },
  )
})
