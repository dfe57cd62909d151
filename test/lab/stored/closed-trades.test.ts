import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Instrument } from '../../../src/lab/market/instrument.ts'
import { closedTradesOf } from '../../../src/lab/stored/closed-trades.ts'
import { instrumentOf } from '../../../src/lab/stored/instruments.ts'
import { STRATEGIES } from '../../../src/lab/strategies/index.ts'
import { BTC, ETH, play, randomTicks, runOf } from '../../support/data/lab-market.ts'

test('a payment for holding is a cost of the trade, and one that was received is not', () => {
  const entry = (units: string, cost: string, funding: string) => ({
    ...{ number: '1', name: 'test:BTC', units, cost, fee: '0', funding },
  })
  const [opened, closed] = [entry('1', '100', '0'), entry('-1', '-110', '0')]
  assert.deepEqual(closedTradesOf([opened, entry('0', '0', '2.5'), closed]), [{ profit: 7.5, costs: 2.5 }])
  assert.deepEqual(closedTradesOf([opened, entry('0', '0', '-2.5'), closed]), [{ profit: 12.5, costs: -2.5 }])
})

/** Of 100 USD each, in parts. */
const INVERSE = instrumentOf(0, 'test:BTC', 0.01, 0.001, { size: 100, isInverse: true })

test('closed trades of the ledger are those of the run, to the last unit of money', () => equalTrades(BTC, 3_000))
test('closed trades of the ledger of inverse contracts are those of the run', () => equalTrades(INVERSE, 0.01))

function equalTrades(bitcoin: Instrument, money: number): void {
  const kind = STRATEGIES.find(({ name }) => name === 'order-flow')!
  const parameters = { ...kind.parameters, every_seconds: 2, periods: 3, entry: 0.2, exit: 0.05, money }
  const { engine, recorded, rows } = runOf(kind.make(parameters), {
    instruments: [bitcoin, ETH],
    fees: () => ({ maker: 20_000n, taker: 50_000n }),
  })
  play(engine, randomTicks(3, 4_000), 100)
  engine.end(engine.nowMicros)
  const lines = rows.lab_ledger!.filter(({ account }) => account !== 'cash' && account !== 'capital')
  const entries = [...Map.groupBy(lines, ({ entry }) => entry)].map(([entry, of]) => {
    const amountOf = (account: string) => String(of.find(line => line.account === account)?.amount ?? '0')
    const units = String(of.find(({ account }) => account === 'position')?.quantity ?? '0')
    const name = `${of[0]!.venue}:${of[0]!.symbol}`
    const costs = { cost: amountOf('position'), fee: amountOf('fees'), funding: amountOf('funding') }
    return { number: String(entry), name, units, ...costs }
  })
  const { closedTrades } = recorded.outcome({ strategy: 's', kind: 'k', parameters: '{}', symbols: [], capital: 1 })
  assert.ok(closedTrades.length > 20, `${closedTrades.length}`)
  assert.ok(closedTrades.every(({ costs }) => costs > 0))
  assert.deepEqual(closedTradesOf(entries), closedTrades)
}
