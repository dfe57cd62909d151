import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Engine } from '../../../src/lab/engine/engine.ts'
import { moneyOf } from '../../../src/lab/engine/trader.ts'
import { DEFAULT_RULES } from '../../../src/lab/execution/rules.ts'
import { Recorded } from '../../../src/lab/results/recorded.ts'
import type { Row } from '../../../src/lab/results/rows.ts'
import { instrumentOf } from '../../../src/lab/stored/instruments.ts'
import type { Strategy } from '../../../src/lab/strategy.ts'
import { BTC, ETH, LAB_START_MICROS, play, runOf, type Tick } from '../../support/data/lab-market.ts'

const quote = (atMs: number, bid: number): Tick => ({ atMs, bid, ask: bid + 1, bidSize: 100, askSize: 100 })

/** Buys 1 at each quote. */
const BUYER: Strategy = {
  onQuote: (_, context) => {
    context.order({ instrument: BTC, direction: 1, quantity: 1 })
  },
}

describe('an order that would exceed', () => {
  const cases = [
    { limits: { order: moneyOf(100) }, name: 'order', filled: 0 },
    { limits: { position: moneyOf(250) }, name: 'position', filled: 2 },
    { limits: { gross: moneyOf(350) }, name: 'gross', filled: 3 },
  ]
  for (const { limits, name, filled } of cases)
    test(`the limit ${name} is refused, with a row of why`, () => {
      const { engine, rows } = runOf(BUYER, { limits })
      play(engine, [quote(0, 100), quote(1, 100), quote(2, 100), quote(3, 100)])
      assert.equal(rows.lab_fills?.length ?? 0, filled)
      const refused = rows.lab_orders!.filter(({ state }) => state === 'refused')
      assert.equal(refused.length, 4 - filled)
      assert.equal(refused[0]!.reason, `exceeds the limit ${name}`)
      assert.equal(rows.lab_limits![0]!.limit_name, name)
    })
})

test('an order that makes a position smaller is never refused by a size', () => {
  let quotes = 0
  const strategy: Strategy = {
    onQuote: (_, context) => {
      context.order({ instrument: BTC, direction: quotes++ < 2 ? 1 : -1, quantity: 1 })
    },
  }
  const { engine, rows } = runOf(strategy, { limits: { position: moneyOf(250) } })
  play(engine, [quote(0, 100), quote(1, 100), quote(2, 900), quote(3, 900)])
  assert.equal(rows.lab_fills!.length, 4)
})

describe('a loss', () => {
  const day = 86_400_000
  const falling = [quote(0, 100), quote(1_000, 100), quote(61_000, 50), quote(62_000, 50), quote(63_000, 50)]

  test('beyond the limit of a day closes everything, for the rest of the UTC day', () => {
    const { engine, rows } = runOf(BUYER, { limits: { dailyLoss: moneyOf(90) }, markSeconds: 60 })
    play(engine, [...falling, quote(121_000, 50), quote(122_000, 50), quote(day, 100), quote(day + 1, 100)])
    const last = rows.lab_limits!.at(-1)!
    assert.deepEqual([last.limit_name, last.action], ['daily_loss', 'flattened, off for the day'])
    const flattening = rows.lab_orders!.filter(each => each.flattening)
    assert.ok(flattening.length > 0)
    assert.ok(flattening.every(({ state, side }) => state === 'filled' && side === 'sell'))
    assert.ok(rows.lab_orders!.some(({ reason }) => reason === 'switched off'))
    assert.ok(String(rows.lab_fills!.at(-1)!.at) > '2026-11-23 12:00', 'on again')
  })

  test('beyond the drawdown closes everything for good', () => {
    const { engine, rows } = runOf(BUYER, { limits: { drawdown: 0.0005 }, markSeconds: 60 })
    play(engine, [...falling, quote(121_000, 50), quote(122_000, 50), quote(day, 100), quote(2 * day, 100)])
    assert.equal(rows.lab_limits!.at(-1)!.limit_name, 'drawdown')
    assert.equal(engine.traders[0]!.account.positions.get(BTC.index)!.quantity, 0n)
    assert.equal(rows.lab_limits!.filter(each => each.limit_name === 'drawdown').length, 1)
  })
})

test('the kill switch closes everything, and nothing is ordered any more', () => {
  const { engine, rows } = runOf(BUYER)
  play(engine, [quote(0, 100), quote(1, 100)])
  engine.traders[0]!.kill()
  play(engine, [quote(2, 100), quote(3, 100)])
  assert.equal(engine.traders[0]!.account.positions.get(BTC.index)!.quantity, 0n)
  assert.equal(rows.lab_fills!.length, 3)
  assert.equal(rows.lab_limits!.at(-1)!.limit_name, 'kill_switch')
})

test('a kill switch that is set at a time acts between the ticks before and after it, and cancels what rests', () => {
  let quotes = 0
  const strategy: Strategy = {
    onQuote: (_, context) => {
      context.order({ instrument: BTC, direction: 1, quantity: 1, ...(++quotes === 2 && { limit: 50 }) })
    },
  }
  const { engine, rows } = runOf(strategy)
  engine.killAt(LAB_START_MICROS + 2_500)
  play(engine, [quote(0, 100), quote(1, 100), quote(2, 100), quote(3, 100), quote(60_000, 100), quote(120_000, 100)])
  assert.equal(engine.traders[0]!.account.positions.get(BTC.index)!.quantity, 0n)
  assert.deepEqual(
    rows.lab_orders!.map(({ state, flattening, sent_at }) => [state, flattening, String(sent_at).slice(17)]),
    [
      ['filled', false, '00.000000'],
      ['filled', false, '00.002000'],
      ['cancelled', false, '00.001000'],
      ['filled', true, '00.002500'],
      ...['00.003000', '00.000000', '00.000000'].map(at => ['refused', false, at]),
    ],
  )
  const { at, ...breach } = rows.lab_limits![0]!
  assert.match(String(at), /00\.002500$/)
  assert.deepEqual([breach.limit_name, breach.action, rows.lab_limits!.length], ['kill_switch', 'flattened, off', 1])
})

test('a run that is to end closes everything by the next quotes, and no limit is reached', () => {
  const { engine, rows } = runOf(BUYER, { latencyMicros: () => 50_000 })
  play(engine, [quote(0, 100), quote(60, 100)])
  engine.stopAt(LAB_START_MICROS + 100_000)
  engine.advance(LAB_START_MICROS + 110_000)
  assert.equal(engine.isFlat, false, 'the order is on its way')
  play(engine, [quote(200, 100), quote(300, 100)])
  assert.equal(engine.isFlat, true)
  assert.equal(rows.lab_limits, undefined)
  assert.equal(rows.lab_orders!.at(-1)!.reason, 'switched off')
})

test('a loss of all strategies together closes the positions of all of them, for good', () => {
  const rows: Record<string, Row[]> = { lab_limits: [], lab_orders: [] }
  const traders = ['one', 'two'].map((name, at) => ({
    ...{ name, strategy: BUYER, instruments: [at === 0 ? BTC : ETH], capital: moneyOf(1_000), limits: {} },
    ...{ rules: DEFAULT_RULES, fees: () => ({ maker: 0n, taker: 0n }), latencyMicros: () => 0, random: () => 0.5 },
    ...{
      isQuoted: () => true,
      results: new Recorded({ run: 'r', strategy: name }, (table, row) => rows[table]?.push(row)),
    },
  }))
  traders[1]!.strategy = {
    onQuote: (_, context) => {
      if (context.position(ETH) === 0) context.order({ instrument: ETH, direction: 1, quantity: 1 })
    },
  }
  const engine = new Engine({
    ...{ instruments: [BTC, ETH], traders, limits: { dailyLoss: moneyOf(90) } },
    ...{ markSeconds: 60, staleSeconds: 3_600, apartSeconds: 5, isQuoted: () => true },
  })
  engine.start(LAB_START_MICROS)
  const both = (atMs: number, bid: number): Tick[] => [{ ...quote(atMs, 100), symbol: 'ETH' }, quote(atMs, bid)]
  play(
    engine,
    [0, 1_000, 61_000, 121_000, 122_000, 86_400_000].flatMap(atMs => both(atMs, atMs < 60_000 ? 100 : 50)),
  )
  for (const { account } of engine.traders)
    for (const { quantity } of account.positions.values()) assert.equal(quantity, 0n)
  assert.deepEqual(
    rows.lab_limits!.map(({ strategy, limit_name, bound, action }) => [strategy, limit_name, bound, action]),
    ['one', 'two'].map(name => [name, 'portfolio_daily_loss', 90, 'flattened, off']),
  )
  assert.equal(rows.lab_orders!.at(-1)!.reason, 'switched off')
})

describe('while the tape is not whole', () => {
  test('nothing new is ordered after a gap was found, and the strategy is told', () => {
    const told: string[] = []
    const strategy: Strategy = {
      ...BUYER,
      onData: ({ isWhole, cause, detail }) => told.push(`${isWhole} ${cause}: ${detail}`),
    }
    const { engine, rows } = runOf(strategy)
    const start = engine.nowMicros
    engine.addTapeChanges([
      { timeMicros: start + 500_000, at: 0, isGap: true, detail: '3 trades are missing' },
      { timeMicros: start + 1_500_000, at: 0, isGap: false, detail: 'repaired' },
    ])
    play(engine, [quote(0, 100), quote(1_000, 100), quote(2_000, 100)])
    assert.deepEqual(
      rows.lab_orders!.map(({ state }) => state),
      ['filled', 'refused', 'filled'],
    )
    assert.equal(rows.lab_orders![1]!.reason, 'the tape of test:BTC is not whole')
    assert.deepEqual(told, ['false gap: 3 trades are missing', 'true gap: repaired'])
  })

  test('nor while nothing comes: the next tick makes it whole again', () => {
    const told: boolean[] = []
    const strategy: Strategy = {
      timerSeconds: 1,
      onData: ({ isWhole }) => told.push(isWhole),
      onTimer: (_, context) => {
        context.order({ instrument: BTC, direction: 1, quantity: 1 })
      },
    }
    const { engine, rows } = runOf(strategy, { staleSeconds: 3 })
    play(engine, [quote(0, 100), quote(6_500, 100), quote(7_500, 100)])
    const states = rows.lab_orders!.map(({ state }) => state)
    assert.deepEqual(states, ['filled', 'filled', 'filled', 'refused', 'refused', 'refused', 'filled'])
    assert.deepEqual(told, [false, true])
  })

  const clocks = [
    { lateMs: 9_000, detail: "trades are received 9.0 s after the venue's time: the clock is ahead, or they are late" },
    { lateMs: -9_000, detail: "trades are received 9.0 s before the venue's time: the clock is behind" },
  ]
  for (const { lateMs, detail } of clocks)
    test(`nor while trades are received ${lateMs / 1_000} s after the venue's time: only the venue's instruments`, () => {
      const told: string[] = []
      const strategy: Strategy = {
        timerSeconds: 10,
        onData: ({ instrument, isWhole, cause, detail }) =>
          told.push(`${instrument.symbol} ${isWhole} ${cause}: ${detail}`),
        onTimer: (_, context) => {
          for (const instrument of context.instruments) context.order({ instrument, direction: 1, quantity: 1 })
        },
      }
      const other = instrumentOf(1, 'other:ETH', 0.1, 0.01)
      const { engine, rows } = runOf(strategy, { instruments: [BTC, other], isQuoted: () => false })
      const trade = (atMs: number, late = 0): Tick => ({ atMs, price: 100, lateMs: late })
      // One trade in time shows that the clock is right.
      const inTime = [trade(1_000), trade(5_000, lateMs)]
      play(engine, [...inTime, trade(11_000, lateMs), trade(15_000, lateMs), trade(35_000, 100), trade(41_000)])
      assert.deepEqual(told, [
        `BTC false clock: ${detail}`,
        "BTC true clock: times of receipt agree with the venue's again",
      ])
      const states = rows.lab_orders!.filter(({ symbol }) => symbol === 'BTC').map(({ state }) => state)
      assert.deepEqual(states, ['filled', 'refused', 'refused', 'filled'])
    })
})
