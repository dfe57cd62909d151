import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalText, notionalOf, numberOf, rescaled, unitsOf } from '../../../src/lab/market/instrument.ts'
import { instrumentOf } from '../../../src/lab/stored/instruments.ts'
import { INVERSE } from '../../support/data/lab-market.ts'

test('a decimal, as the double that stands for it, becomes its whole units and back', () => {
  const decimal = fc.tuple(fc.integer({ min: -1e14, max: 1e14 }), fc.integer({ min: 0, max: 8 }))
  fc.assert(
    fc.property(decimal, ([digits, decimals]) => {
      const text = decimalText(BigInt(digits), decimals)
      const units = unitsOf(Number(text), decimals, 'price')
      assert.equal(units, BigInt(digits))
      assert.equal(Number(text), numberOf(units, decimals))
    }),
  )
})

test('a value with more decimals than the instrument is refused with what to state', () => {
  assert.throws(() => unitsOf(0.123, 2, 'the price'), { code: 'usage', message: /the price 0.123 has more than 2/ })
})

test('rounding is to the nearest, halves to the even one', () => {
  const cases: [bigint, bigint][] = [
    [15n, 2n],
    [25n, 2n],
    [26n, 3n],
    [-15n, -2n],
    [-25n, -2n],
    [-26n, -3n],
    [4n, 0n],
  ]
  for (const [from, to] of cases) assert.equal(rescaled(from, 2, 1), to, String(from))
  assert.equal(rescaled(7n, 1, 3), 700n)
})

test('the worth of an inverse contract is its size by the price, to the nearest unit, with the sign of the quantity', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 8n), fc.bigInt(0n, 10n ** 7n), (price, quantity) => {
      const worth = notionalOf(price, quantity, INVERSE)
      // 100 USD a contract, a price unit of 0.1, a unit of money of 10^-8.
      const [above, below] = [quantity * 100n * 10n ** 9n, price]
      const apart = 2n * (worth * below - above)
      assert.ok((apart < 0n ? -apart : apart) <= below)
      assert.equal(notionalOf(price, -quantity, INVERSE), -worth)
    }),
  )
  assert.equal(notionalOf(2n * 10n ** 11n, 1n, INVERSE), 0n, 'half a unit, to the even one')
  assert.equal(notionalOf(2n * 10n ** 11n, 3n, INVERSE), 2n)
  assert.equal(notionalOf(0n, 3n, INVERSE), 0n, 'there is no price')
})

test('sizes of a venue give tick, lot and decimals; unknown sizes the finest', () => {
  const { priceDecimals, quantityDecimals, tick, lot } = instrumentOf(0, 'v:s', 0.5, 1e-7)
  assert.deepEqual([priceDecimals, tick, quantityDecimals, lot], [1, 5n, 7, 1n])
  const coarse = instrumentOf(0, 'v:s', 10, 0.025)
  assert.deepEqual([coarse.priceDecimals, coarse.tick, coarse.quantityDecimals, coarse.lot], [0, 10n, 3, 25n])
  const unknown = instrumentOf(0, 'v:s', 0, 0)
  assert.deepEqual([unknown.priceDecimals, unknown.tick, unknown.lot], [8, 1n, 1n])
  assert.equal(notionalOf(6_012_345n, 12_345n, instrumentOf(0, 'v:s', 0.01, 0.00001)), 742_223_990_250n)
})
