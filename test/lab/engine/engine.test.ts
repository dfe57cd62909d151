import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { STRATEGIES } from '../../../src/lab/strategies/index.ts'
import type { BarEvent, Strategy } from '../../../src/lab/strategy.ts'
import { BTC, ETH, LAB_START_MICROS, play, randomTicks, runOf } from '../../support/data/lab-market.ts'

const EAGER: Record<string, Record<string, number>> = {
  trend: { bar_seconds: 5, fast: 2, slow: 4, money: 3_000 },
  'vwap-reversion': { bar_seconds: 5, bars: 6, entry_bps: 1, exit_bps: 0, money: 3_000 },
  'order-flow': { every_seconds: 2, periods: 3, entry: 0.2, exit: 0.05, money: 3_000 },
}

function runKind(name: string, ticks: ReturnType<typeof randomTicks>, rows: number) {
  const kind = STRATEGIES.find(each => each.name === name)!
  const strategy = kind.make({ ...kind.parameters, ...EAGER[name] })
  const run = runOf(strategy, {
    instruments: [BTC, ETH],
    fees: () => ({ maker: 20_000n, taker: 50_000n }),
    latencyMicros: () => 35_000,
    markSeconds: 10,
  })
  play(run.engine, ticks, rows)
  run.engine.end(run.engine.nowMicros)
  return run
}

for (const { name } of STRATEGIES.filter(({ name }) => name !== 'classifier'))
  test(`${name}: the same ticks give the same fills however they are cut into chunks, and a ledger that sums to 0`, () => {
    const ticks = randomTicks(7, 3_000)
    const [one, many] = [runKind(name, ticks, 1), runKind(name, ticks, 500)]
    assert.ok(one.recorded.fills > 0, 'it trades')
    assert.equal(one.recorded.fillsHash, many.recorded.fillsHash)
    assert.deepEqual(one.rows.lab_orders, many.rows.lab_orders)
    assert.deepEqual(one.rows.lab_equity, many.rows.lab_equity)
    assert.equal(one.recorded.ledgerSum, 0n)
    const [account] = one.engine.traders.map(trader => trader.account)
    const last = one.recorded.lastMark!
    assert.equal(last.equity, account!.equity(one.engine.books))
  })

test('what comes after a moment changes nothing of what was decided before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 100, max: 900 }), (seed, cut) => {
      const ticks = randomTicks(seed, 1_000)
      const other = randomTicks(seed + 1, 1_000)
      const shift = (ticks[cut - 1]?.atMs ?? 0) + 1
      const changed = [...ticks.slice(0, cut), ...other.map(tick => ({ ...tick, atMs: tick.atMs + shift }))]
      const until = LAB_START_MICROS + ticks[cut - 1]!.atMs * 1000
      const before = (rows: typeof ticks) =>
        runKind('order-flow', rows, 50)
          .rows.lab_fills?.filter(({ at }) => Date.parse(`${String(at).slice(0, 23)}Z`) * 1000 <= until)
          .map(row => JSON.stringify(row)) ?? []
      assert.deepEqual(before(changed), before(ticks))
    }),
    { numRuns: 20 },
  )
})

test('bars have the trades received in them, end on time, and are left out where nothing traded', () => {
  const bars: BarEvent[] = []
  const strategy: Strategy = { barSeconds: 10, onBar: bar => bars.push({ ...bar }) }
  const { engine } = runOf(strategy)
  play(engine, [
    { atMs: 1_000, price: 10, volume: 1, side: 'buy' },
    { atMs: 9_999, price: 12, volume: 2, side: 'sell' },
    { atMs: 10_000, price: 9, volume: 1, side: 'buy' },
    { atMs: 45_000, price: 11, volume: 1, side: 'buy' },
  ])
  const seen = bars.map(({ startMicros, open, high, low, close, volume, notional, buyVolume, trades }) => [
    (startMicros - LAB_START_MICROS) / 1e6,
    ...[open, high, low, close, volume, notional, buyVolume, trades],
  ])
  assert.deepEqual(seen, [
    [0, 10, 12, 10, 12, 3, 34, 1, 2],
    [10, 9, 9, 9, 9, 1, 9, 1, 1],
  ])
})

test('timers come at multiples of their period, before the tick of that time, also through a pause', () => {
  const seen: string[] = []
  const strategy: Strategy = {
    timerSeconds: 5,
    onTimer: time => seen.push(`timer ${(time - LAB_START_MICROS) / 1e6}`),
    onQuote: ({ receivedAtMicros }) => seen.push(`quote ${(receivedAtMicros - LAB_START_MICROS) / 1e6}`),
  }
  const { engine } = runOf(strategy)
  play(engine, [
    { atMs: 4_000, bid: 1, ask: 2 },
    { atMs: 5_000, bid: 1, ask: 2 },
    { atMs: 16_000, bid: 1, ask: 2 },
  ])
  assert.deepEqual(seen, ['quote 4', 'timer 5', 'quote 5', 'timer 10', 'timer 15', 'quote 16'])
})
