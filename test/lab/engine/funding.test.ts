import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { received } from '../../../src/lab/engine/funding.ts'
import { MONEY_DECIMALS, rescaled } from '../../../src/lab/market/instrument.ts'
import type { Strategy } from '../../../src/lab/strategy.ts'
import { BTC, INVERSE, LAB_START_MICROS, play, runOf, SIZED } from '../../support/data/lab-market.ts'

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

function afterFunding(direction: 1 | -1, rate: number, secondsUntilPaid: number, instrument = BTC) {
  const run = runOf(holds(direction), { instruments: [instrument] })
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

test('funding of an inverse contract is its size by the mark price, in coin, and its position is worth size / price', () => {
  // 2 · 100 / 1000.5 · 0.0001
  const [bought, sold] = [1, -1].map(direction => afterFunding(direction as 1 | -1, 0.0001, 5, INVERSE))
  assert.deepEqual(
    [bought!, sold!].map(({ sum, equity }) => [sum, equity - 100_000n * 10n ** 8n]),
    [
      [0n, -1_999n],
      [0n, 1_999n],
    ],
  )
  assert.equal(bought!.paid.length, 1)
})

test('an inverse contract gains in coin by its marks, and holding it is compared in coin', () => {
  const run = runOf(holds(1), { instruments: [INVERSE] })
  const at = (price: number, atMs: number) => ({ atMs, bid: price, bidSize: 5, ask: price, askSize: 5 })
  play(run.engine, [at(1_000, 1_000), at(1_000, 1_500), at(1_250, 60_500)])
  run.engine.end(LAB_START_MICROS + 61 * SECOND)
  // 200 / 1000 - 200 / 1250
  assert.equal(run.recorded.lastMark!.equity, 100_000n * 10n ** 8n + 4_000_000n)
  assert.equal(run.recorded.lastMark!.gross, 16_000_000n)
  assert.equal(run.recorded.lastMark!.holding, 1.2)
  const trader = run.engine.traders[0]!
  assert.equal(trader.quantityOf(0.16, 1_250, INVERSE), 2)
  assert.equal(trader.quantityOf(25, 1_250, SIZED), 2)
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
      for (const each of [SIZED, INVERSE]) {
        const payment = { timeMicros: 0, at: 0, rate: rate.value, price: Math.abs(price.value) }
        assert.equal(received(payment, quantity, each), -received(payment, -quantity, each))
      }
      const payment = { timeMicros: 0, at: 0, rate: rate.value, price: Math.abs(price.value) }
      const amount = received(payment, quantity, BTC)
      assert.equal(amount, -received(payment, -quantity, BTC))
      const magnitude = price.units < 0n ? -price.units : price.units
      const exact = -rate.units * magnitude * quantity
      assert.equal(amount, rescaled(exact, rate.decimals + price.decimals + BTC.quantityDecimals, MONEY_DECIMALS))
    }),
  )
})
