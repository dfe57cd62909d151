import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instrumentOf } from '../../../src/simulator/market/instruments.ts'
import { emptyOrder, Market, type MarketOptions } from '../../../src/simulator/market/market.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'XRPUSDT', 'NEWCOINUSDT']

interface Trade {
  symbol: string
  id: number
  priceTicks: number
  volumeSteps: number
  isSell: boolean
}

function takeOrders(options: Partial<MarketOptions>, orders: number): Trade[] {
  const market = new Market({ symbols: SYMBOLS, seed: 1, ratePerSecond: 1_000, ...options })
  const order = emptyOrder()
  const trades: Trade[] = []
  for (let count = 0; count < orders; count++) {
    market.next(order)
    for (let fill = 0; fill < order.fills; fill++) {
      trades.push({
        symbol: market.instruments[order.instrument]!.symbol,
        id: order.firstId + fill,
        priceTicks: order.priceTicks[fill]!,
        volumeSteps: order.volumeSteps[fill]!,
        isSell: order.isSell,
      })
    }
  }
  return trades
}

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

test('one seed gives one sequence of trades, another seed another', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const first = takeOrders({ seed }, 200)
      assert.deepEqual(takeOrders({ seed }, 200), first)
      assert.notDeepEqual(takeOrders({ seed: seed === 0 ? 1 : seed - 1 }, 200), first)
    }),
    { numRuns: 50 },
  )
})

test('every trade is on its grid and above zero, ids of a symbol rise by one, both sides trade, at any rate', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 500_000 }), (seed, ratePerSecond) => {
      const next = new Map<string, number>()
      const sides = new Set<boolean>()
      for (const trade of takeOrders({ seed, ratePerSecond }, 2_000)) {
        assert.ok(Number.isInteger(trade.priceTicks) && trade.priceTicks > 0, `price ${trade.priceTicks}`)
        assert.ok(Number.isInteger(trade.volumeSteps) && trade.volumeSteps > 0, `volume ${trade.volumeSteps}`)
        assert.equal(trade.id, next.get(trade.symbol) ?? trade.id)
        next.set(trade.symbol, trade.id + 1)
        sides.add(trade.isSell)
      }
      assert.equal(sides.size, 2)
    }),
    { numRuns: 50 },
  )
})

test('buyers pay more than sellers get: there is a spread', () => {
  const trades = takeOrders({ symbols: ['BTCUSDT'], ratePerSecond: 100_000 }, 20_000)
  let flips = 0
  let paid = 0
  for (let index = 1; index < trades.length; index++) {
    const [before, after] = [trades[index - 1]!, trades[index]!]
    if (before.isSell && !after.isSell) {
      flips++
      if (after.priceTicks > before.priceTicks) paid++
    }
  }
  assert.ok(flips > 1_000 && paid / flips > 0.9, `${paid} of ${flips}`)
})

test('the first symbol trades most and the last one least', () => {
  const counts = new Map<string, number>()
  for (const { symbol } of takeOrders({}, 20_000)) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  assert.ok(counts.get('BTCUSDT')! > 2 * counts.get('NEWCOINUSDT')!, JSON.stringify([...counts]))
  assert.equal(counts.size, SYMBOLS.length)
})

test('an hour of prices stays within a tenth of the start, at any rate', () => {
  for (const ratePerSecond of [1, 20]) {
    const prices = takeOrders({ symbols: ['BTCUSDT'], ratePerSecond }, (3_600 * ratePerSecond) / 2.4)
    const range = prices.map(trade => trade.priceTicks / 6_183_700)
    assert.ok(Math.min(...range) > 0.9 && Math.max(...range) < 1.1)
    assert.ok(Math.max(...range) - Math.min(...range) > 0.001, 'but it moves')
  }
})

test('a market continues with the ids and prices of an earlier run', () => {
  const trades = takeOrders({ nextIds: { BTCUSDT: 42 }, lastPrices: { BTCUSDT: 100_000 } }, 50)
  const first = trades.find(trade => trade.symbol === 'BTCUSDT')!
  assert.equal(first.id, 42)
  assert.ok(Math.abs(first.priceTicks / 100 - 100_000) < 100)
})

test('any name has an instrument with price, tick and step, also names of Object.prototype', () => {
  const names = fc.oneof(fc.string(), fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)))
  fc.assert(
    fc.property(names, fc.nat(), (name, seed) => {
      const { symbol, basePrice, tickUnits, stepUnits } = instrumentOf(name, seed)
      assert.equal(symbol, name)
      assert.ok(
        basePrice > 0 && Number.isInteger(tickUnits) && tickUnits > 0 && Number.isInteger(stepUnits) && stepUnits > 0,
      )
    }),
  )
})
