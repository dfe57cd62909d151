/** Minutes compared with candles as exact decimals, in a real store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalsOf, unit, unitsOf } from '../../src/reconcile/exact-decimal.ts'
import { allMinutesEqual, compareMinutes } from '../../src/reconcile/minutes.ts'
import { StoredTrades } from '../../src/reconcile/stored.ts'
import { withoutZeros } from '../../src/store/exact-sums.ts'
import type { VenueMinute } from '../../src/venues/candles/candles.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'

const DAY_MS = Date.UTC(2026, 10, 22)
const MINUTE_MS = 60_000

const candle = (at: number, values: Partial<VenueMinute>): VenueMinute => ({
  ...{ startMs: DAY_MS + at * MINUTE_MS, trades: 0, volume: '0.00000000', quoteVolume: '0.00000000' },
  ...{ takerBuyVolume: '0.00000000', takerBuyQuoteVolume: '0.00000000', ...values },
})

test('a decimal keeps all its digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.integer({ min: 0, max: 30 }), (digits, places) => {
      const text = String(digits).padStart(places + 1, '0')
      const decimal = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
      assert.equal(unitsOf(decimal), digits * unit(places))
      assert.equal(unitsOf(withoutZeros(decimal)), unitsOf(decimal))
      assert.ok(decimalsOf(decimal) <= places)
    }),
  )
  assert.throws(() => unitsOf('1e-7'), RangeError)
})

test('sums that doubles would round are compared to the last digit, and rounding by the venue is told from a difference', async t => {
  const { log, store } = await openBoth(t)
  const prices = [
    // 0.1 + 0.2 is not 0.3 in doubles; 7e-8 has an exponent as text.
    ...[
      [1, 0, 0.1, 1],
      [2, 0, 0.2, 1],
      [3, 0, 7e-8, 1],
      [4, 1, 12_345.678_9, 0.123_456_78],
      [6, 2, 1, 1],
    ],
  ] as const
  const trades = prices.map(([tradeId, , price, volume]) => ({
    symbol: 'BTCUSDT',
    tradeId,
    price,
    volume,
    side: 'sell',
  }))
  const micros = ({ tradeId }: { tradeId: number }) =>
    (DAY_MS + prices.find(([id]) => id === tradeId)![1] * MINUTE_MS) * 1000 + tradeId
  await log.append(0, [tradesOf('binance', trades, undefined, micros)])
  await storeAll(log, store)
  const stored = new StoredTrades((query, format) => store.untrusted(query, format), {
    ...{ venue: 'binance', symbol: 'BTCUSDT', day: '2026-11-22' },
  })
  const first = candle(0, { trades: 3, volume: '3.00000000', quoteVolume: '0.30000007' })
  // Exact: 1524.157763907942
  const rounded = candle(1, { trades: 1, volume: '0.12345678', quoteVolume: '1524.15776391' })
  const last = candle(2, { trades: 2, volume: '2.00000000', quoteVolume: '2.00000000' })
  const equal = await compareMinutes(stored, [first, rounded], true)
  assert.deepEqual([equal.equal, equal.rounded, equal.different, equal.inexact], [2, 1, 0, 0])
  assert.ok(!allMinutesEqual(equal), 'the day has more minutes')
  const off = await compareMinutes(
    stored,
    [{ ...first, quoteVolume: '0.30000008' }, { ...rounded, quoteVolume: '1524.15776393' }, last],
    true,
  )
  assert.deepEqual([off.equal, off.different], [0, 3])
  assert.deepEqual(off.differences[0]!.columns, [{ column: 'quoteVolume', venue: '0.30000008', stored: '0.30000007' }])
  assert.deepEqual(off.differences[2]!.missing?.ranges, [{ first: 5, last: 5 }])
  assert.equal(off.differences[2]!.minute, '2026-11-22T00:02Z')
  const others = await compareMinutes(stored, [{ ...first, quoteVolume: null, takerBuyVolume: null }], false)
  assert.deepEqual([others.stated, others.equal], [1, 1])
  const hole = await compareMinutes(stored, [first, last], false)
  assert.deepEqual([hole.different, hole.differences[0]!.columns.length, hole.differences[0]!.missing], [2, 3, null])
})
