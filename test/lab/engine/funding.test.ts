import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { received } from '../../../src/lab/engine/funding.ts'
import { MONEY_DECIMALS, rescaled } from '../../../src/lab/market/instrument.ts'
import type { Strategy } from '../../../src/lab/strategy.ts'
import { BTC, LAB_START_MICROS, play, runOf } from '../../support/data/lab-market.ts'

const SECOND = 1_000_000

/** Buys or sells 2 at the first quote. */
const holds = (direction: 1 | -1): Strategy => {
  let isSent = false
  return {
    onQuote(quote, context) {
      if (!isSent) context.order({ instrument: quote.instrument, direction, quantity: 2 })
      isSent = true
    },
  }
}

function afterFunding(direction: 1 | -1, rate: number, secondsUntilPaid: number) {
  const run = runOf(holds(direction))
  run.engine.addFunding([{ timeMicros: LAB_START_MICROS + secondsUntilPaid * SECOND, at: 0, rate, price: 1_000.5 }])
  play(run.engine, [
    { atMs: 1_000, bid: 1_000, bidSize: 5, ask: 1_000, askSize: 5 },
    { atMs: 1_500, bid: 1_000, bidSize: 5, ask: 1_000, askSize: 5 },
    { atMs: 9_000, bid: 1_000, bidSize: 5, ask: 1_000, askSize: 5 },
  ])
  run.engine.end(LAB_START_MICROS + 10 * SECOND)
  const paid = run.rows.lab_ledger?.filter(({ account }) => account === 'funding') ?? []
  return { paid, sum: run.recorded.ledgerSum, equity: run.recorded.lastMark!.equity }
}

test('buyers pay a positive rate of the marked value and sellers receive it, at its time and in the ledger', () => {
  // 2 · 1000.5 · 0.0001
  const capital = 100_000n * 10n ** 8n
  for (const [direction, rate, received] of [
    [1, 0.0001, -20_010_000n],
    [-1, 0.0001, 20_010_000n],
    [1, -0.0001, 20_010_000n],
  ] as const) {
    const { paid, sum, equity } = afterFunding(direction, rate, 5)
    assert.deepEqual(
      paid.map(({ at }) => at),
      ['2026-11-22 12:00:05.000000'],
    )
    assert.equal(sum, 0n)
    assert.equal(equity, capital + received)
  }
})

test('who holds nothing at the time of a payment neither pays nor receives', () => {
  assert.deepEqual(afterFunding(1, 0.0001, 0.5).paid, [])
  assert.deepEqual(afterFunding(1, 0.0001, 60).paid, [])
})

test('what buyers pay is what sellers of the same quantity receive, to the last unit, whatever the numbers', () => {
  const decimal = (max: number, decimals: number) =>
    fc.integer({ min: -max, max }).map(value => ({ value: value / 10 ** decimals, units: BigInt(value), decimals }))
  fc.assert(
    fc.property(decimal(5e7, 10), decimal(1e9, 4), fc.bigInt(-(10n ** 12n), 10n ** 12n), (rate, price, quantity) => {
      const payment = { timeMicros: 0, at: 0, rate: rate.value, price: Math.abs(price.value) }
      const amount = received(payment, quantity, BTC)
      assert.equal(amount, -received(payment, -quantity, BTC))
      const magnitude = price.units < 0n ? -price.units : price.units
      const exact = -rate.units * magnitude * quantity
      assert.equal(amount, rescaled(exact, rate.decimals + price.decimals + BTC.quantityDecimals, MONEY_DECIMALS))
    }),
  )
})
