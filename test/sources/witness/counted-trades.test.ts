import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CountedTrades } from '../../../src/sources/witness/counted-trades.ts'

const MINUTE = 60_000_000

test('the last trade follows from the number of trades, once a minute began before our eyes', () => {
  const counted = new CountedTrades()
  const witness = (minute: number, trades: number) => ({ symbol: 'A', sinceMicros: minute * MINUTE, trades })
  assert.equal(counted.lastOf(witness(5, 3), 100), undefined, 'how many of the trades before are of it is not known')
  // Two trades of the next minute; the one before them is 102.
  assert.ok(6 * MINUTE >= counted.untilMicros)
  counted.reached(6 * MINUTE + 7, 102)
  assert.equal(counted.lastOf(witness(6, 2), 104), 104)
  assert.equal(counted.lastOf(witness(6, 5), 104), 107)
  assert.equal(counted.lastOf(witness(5, 9), 104), undefined, 'late')
  // The next one has trades, and none of them arrived.
  assert.equal(counted.lastOf(witness(7, 2), 107), 109)
})

test('it never counts trades that do not exist, whichever trades are missing, and exactly where none before is', () => {
  const trade = fc.record({ apartMs: fc.integer({ min: 0, max: 40_000 }), arrives: fc.boolean() })
  fc.assert(
    fc.property(fc.array(trade, { minLength: 1, maxLength: 60 }), fc.boolean(), (trades, allArrive) => {
      const counted = new CountedTrades()
      let micros = 0
      let id = 1000
      let last: number | undefined
      const perMinute = new Map<number, number>()
      for (const { apartMs, arrives } of trades) {
        micros += apartMs * 1000
        id++
        const minute = Math.floor(micros / MINUTE)
        const number = (perMinute.get(minute) ?? 0) + 1
        perMinute.set(minute, number)
        if (arrives || allArrive) {
          if (micros >= counted.untilMicros) counted.reached(micros, last)
          last = id
        }
        const stated = counted.lastOf({ symbol: 'A', sinceMicros: minute * MINUTE, trades: number }, last)
        if (stated === undefined) continue
        assert.ok(stated <= id, `${stated} of ${id}`)
        if (allArrive) assert.equal(stated, id)
      }
    }),
    { numRuns: 2_000 },
  )
})
