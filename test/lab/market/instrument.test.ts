import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimalText, notionalOf, numberOf, rescaled, unitsOf } from '../../../src/lab/market/instrument.ts'
import { instrumentOf } from '../../../src/lab/stored/instruments.ts'

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

test('sizes of a venue give tick, lot and decimals; unknown sizes the finest', () => {
  const { priceDecimals, quantityDecimals, tick, lot } = instrumentOf(0, 'v:s', 0.5, 1e-7)
  assert.deepEqual([priceDecimals, tick, quantityDecimals, lot], [1, 5n, 7, 1n])
  const coarse = instrumentOf(0, 'v:s', 10, 0.025)
  assert.deepEqual([coarse.priceDecimals, coarse.tick, coarse.quantityDecimals, coarse.lot], [0, 10n, 3, 25n])
  const unknown = instrumentOf(0, 'v:s', 0, 0)
  assert.deepEqual([unknown.priceDecimals, unknown.tick, unknown.lot], [8, 1n, 1n])
  assert.equal(notionalOf(6_012_345n, 12_345n, instrumentOf(0, 'v:s', 0.01, 0.00001)), 742_223_990_250n)
})
