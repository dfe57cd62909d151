import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Account, type LedgerLine, type RoundTrip } from '../../../src/lab/accounting/account.ts'
import type { Fill, Order } from '../../../src/lab/execution/order.ts'
import { notionalOf } from '../../../src/lab/market/instrument.ts'
import { BTC, INVERSE, SIZED } from '../../support/data/lab-market.ts'

const money = (amount: number) => BigInt(Math.round(amount * 1e8))

const KINDS = [BTC, SIZED, INVERSE]

function opened(instrument = BTC) {
  const lines: LedgerLine[] = []
  const trips: RoundTrip[] = []
  const account = new Account(
    [instrument],
    line => lines.push(line),
    trip => trips.push(trip),
  )
  account.deposit(money(1_000_000), 1)
  let id = 0
  /** Units: of BTC, a price of 1 is 0.01, a quantity of 1 is 0.001. */
  const fill = (direction: 1 | -1, price: bigint, quantity: bigint, fee = 0n) => {
    const order = { id: 1, instrument, direction } as Order
    const notional = notionalOf(price, quantity, instrument)
    account.apply({
      id: ++id,
      order,
      timeMicros: id,
      price,
      quantity,
      notional,
      fee,
      isMaker: false,
      isLarge: false,
    } as Fill)
  }
  return { account, lines, trips, fill, position: account.positions.get(instrument.index)! }
}

test('the lines of each entry sum to 0, and cash, position and fees are the sums of their lines', () => {
  const fills = fc.array(
    fc.tuple(
      fc.constantFrom(1 as const, -1 as const),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      fc.bigInt({ min: 1n, max: 10n ** 7n }),
      fc.bigInt({ min: 0n, max: 10n ** 12n }),
    ),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fills, (instrument, all) => {
      const { account, lines, fill, position } = opened(instrument)
      for (const each of all) fill(...each)
      const sum = (some: readonly LedgerLine[]) => some.reduce((total, { amount }) => total + amount, 0n)
      for (const entry of Map.groupBy(lines, line => line.entry).values()) assert.equal(sum(entry), 0n)
      const of = (name: string) => lines.filter(line => line.account === name)
      assert.equal(account.cash, sum(of('cash')))
      assert.equal(account.fees, sum(of('fees')))
      assert.equal(
        position.quantity,
        of('position').reduce((total, { quantity }) => total + quantity, 0n),
      )
    }),
  )
})

test('profits of round trips, and what is held at its cost, are all that the account gained', () => {
  const fills = fc.array(
    fc.tuple(
      fc.constantFrom(1 as const, -1 as const),
      fc.bigInt({ min: 1n, max: 10n ** 6n }),
      fc.bigInt({ min: 1n, max: 1000n }),
      fc.bigInt({ min: 0n, max: 10n ** 6n }),
    ),
    { minLength: 1, maxLength: 40 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fills, (instrument, all) => {
      const { account, trips, fill, position } = opened(instrument)
      for (const each of all) fill(...each)
      const closed = trips.reduce((total, { profit }) => total + profit, 0n)
      assert.equal(account.cash + position.cost - money(1_000_000), closed + position.closing)
      assert.equal(position.quantity === 0n, position.cost === 0n && position.closing === 0n)
    }),
  )
})

test('a position that turns around closes one round trip and opens the other at the price of the fill', () => {
  const { trips, fill, position } = opened()
  fill(1, 10_000n, 1_000n)
  fill(-1, 11_000n, 3_000n)
  assert.deepEqual(
    trips.map(({ profit }) => profit),
    [money(10)],
  )
  assert.equal(position.quantity, -2_000n)
  assert.equal(position.cost, money(-220))
})

test('a payment for holding moves cash, and is part of the round trip', () => {
  const { account, trips, fill } = opened()
  fill(1, 10_000n, 1_000n)
  account.pay(money(-1), BTC, 2)
  fill(-1, 10_000n, 1_000n)
  assert.equal(account.cash, money(999_999))
  assert.deepEqual(
    trips.map(({ profit }) => profit),
    [money(-1)],
  )
})

test('a round trip gains its quantity and size times the difference of prices, of an inverse contract that of their reciprocals, to a unit of money', () => {
  const price = fc.bigInt({ min: 1_000n, max: 10n ** 8n })
  const trip = fc.tuple(fc.constantFrom(1 as const, -1 as const), price, price, fc.bigInt({ min: 1n, max: 10n ** 6n }))
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), trip, (instrument, [direction, entry, exit, quantity]) => {
      const { account, trips, fill, position } = opened(instrument)
      fill(direction, entry, quantity)
      fill(direction === 1 ? -1 : 1, exit, quantity)
      assert.deepEqual([position.quantity, position.cost], [0n, 0n])
      const profit = trips[0]!.profit
      assert.equal(account.cash, money(1_000_000) + profit)
      // As fractions of whole numbers: nothing is rounded here.
      const { size, priceDecimals, quantityDecimals, sizeDecimals, isInverse } = instrument
      const held = BigInt(direction) * quantity * size * 10n ** 8n
      const scale = 10n ** BigInt(quantityDecimals + sizeDecimals)
      const prices = 10n ** BigInt(priceDecimals)
      const [above, below] = isInverse
        ? [held * prices * (exit - entry), scale * entry * exit]
        : [held * (exit - entry), scale * prices]
      const apart = profit * below - above
      assert.ok((apart < 0n ? -apart : apart) <= below, `${profit}, exactly ${Number(above) / Number(below)}`)
    }),
  )
})

test('an inverse contract: 100 of 100 USD, bought at 20,000 and sold at 25,000, gain 0.1 coins', () => {
  const { account, trips, lines, fill, position } = opened(INVERSE)
  fill(1, 200_000n, 100n, money(0.0002))
  assert.equal(position.cost, money(-0.5), 'its value is received, and owed')
  assert.deepEqual(
    lines.slice(-4).map(({ account: name, amount, quantity }) => [name, amount, quantity]),
    [
      ['cash', money(0.5), 0n],
      ['position', money(-0.5), 100n],
      ['cash', money(-0.0002), 0n],
      ['fees', money(0.0002), 0n],
    ],
  )
  fill(-1, 250_000n, 100n, money(0.0002))
  assert.equal(trips[0]!.profit, money(0.0996))
  assert.equal(account.cash, money(1_000_000.0996))
})
