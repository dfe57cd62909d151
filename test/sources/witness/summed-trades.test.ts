/** Volumes of minutes beside those that the venue states: exact, and only of the same trades. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SummedTrades, type VolumeDifference } from '../../../src/sources/witness/summed-trades.ts'

const MINUTE = 60_000_000
const witness = (minute: number, trades: number, volume: string) => ({
  ...{ symbol: 'A', sinceMicros: minute * MINUTE, trades, volume },
})
const text = (units: bigint, places: number) => {
  const digits = String(units).padStart(places + 1, '0')
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
}

test('a minute is compared once, when the venue states the one after it, and only if all its trades arrived', () => {
  const summed = new SummedTrades()
  summed.add(1, 5 * MINUTE, 9)
  assert.equal(summed.stated(witness(5, 1, '9')), undefined)
  summed.add(2, 6 * MINUTE, 0.1)
  summed.add(3, 6 * MINUTE + 1, 0.2)
  assert.equal(summed.stated(witness(6, 1, '0.1')), undefined)
  summed.add(4, 7 * MINUTE, 1)
  // The last statement about the minute counts, also if it comes after a trade of the next one.
  assert.equal(summed.stated(witness(6, 2, '0.30000001')), undefined)
  const difference: VolumeDifference = {
    sinceMicros: 6 * MINUTE,
    trades: 2,
    stated: '0.30000001',
    received: '0.30000000',
  }
  assert.deepEqual(summed.stated(witness(7, 1, '1.00000000')), difference)
  assert.equal(summed.stated(witness(6, 2, '0.30000001')), undefined)
  assert.equal(summed.stated(witness(7, 1, '1.00000000')), undefined, 'once')
  // Equal.
  assert.equal(summed.stated(witness(8, 0, '0')), undefined)
  // One of two arrived; then two with a hole between, which are not the venue's two.
  summed.add(6, 8 * MINUTE, 1)
  summed.stated(witness(8, 2, '2'))
  assert.equal(summed.stated(witness(9, 0, '0')), undefined)
  summed.add(7, 9 * MINUTE, 1)
  summed.add(9, 9 * MINUTE + 1, 1)
  summed.stated(witness(9, 2, '3'))
  assert.equal(summed.stated(witness(10, 0, '0')), undefined)
})

test('sums are exact for decimals of up to 15 digits, however large, and a difference of the last digit shows', () => {
  const places = fc.constantFrom(0, 2, 5, 8)
  fc.assert(
    fc.property(
      places,
      fc.array(fc.bigInt({ min: 1n, max: 999_999_999_999_999n }), { minLength: 1, maxLength: 50 }),
      fc.boolean(),
      (places, all, isWrong) => {
        const summed = new SummedTrades()
        summed.stated(witness(1, 0, '0'))
        for (const [at, each] of all.entries()) summed.add(at + 1, 2 * MINUTE + at, Number(text(each, places)))
        const sum = all.reduce((total, each) => total + each, 0n)
        const stated = text(isWrong ? sum + 1n : sum, places)
        summed.stated(witness(2, all.length, stated))
        const found = summed.stated(witness(3, 0, '0'))
        assert.equal(found !== undefined, isWrong, `${stated} ${JSON.stringify(found)}`)
      },
    ),
    { numRuns: 2_000 },
  )
})
