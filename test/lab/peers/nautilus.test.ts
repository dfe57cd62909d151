/** The engine's fills and cash equal NautilusTrader's, on recorded quotes. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { Account } from '../../../src/lab/accounting/account.ts'
import type { Fill, Order } from '../../../src/lab/execution/order.ts'
import { notionalOf, numberOf } from '../../../src/lab/market/instrument.ts'
import { skipWithoutData } from '../../support/data/recorded-data.ts'
import { LONG } from '../../support/faults.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'
import { type Differences, differencesOf, nameOf } from './differences.ts'
import { linesOf, marketOf, SESSIONS, type SessionName } from './sessions.ts'
import { type Case, type Market, type Played, play, type Told } from './simple-strategies.ts'

const run = promisify(execFile)
const INSTALLED = ['nautilus_trader==1.221.0', 'numpy==2.4.6', 'pandas==2.3.3', 'pyarrow==26.0.1']
const LIMIT_MS = 540_000

interface Theirs {
  fills: [
    nanos: string,
    order: number,
    side: 'buy' | 'sell',
    price: string,
    quantity: string,
    fee: string,
    liquidity: string,
  ][]
  sent: number
  balance: string
}

const ACCOUNT = { fees: { maker: '0.0002', taker: '0.001' }, account: 'cash', capital: '50000000', ticks: 0 } as const

/** A quantity that every tick shows, and the orders' larger ones. */
const QUANTITIES: Record<
  SessionName,
  Record<'small' | 'market' | 'imbalance' | 'ioc' | 'rest' | 'marketable' | 'many', string>
> = {
  btcusdt: spotQuantities('0.00001'),
  'btcusdt trades': { ...spotQuantities('0.00001'), ioc: '0.0021', rest: '0.0003' },
  ethusdt: spotQuantities('0.0001'),
  usdm: linearQuantities('0.001'),
  'usdm trades': { ...linearQuantities('0.001'), ioc: '0.021', rest: '0.003' },
  coinm: { small: '1', market: '1234', imbalance: '777', ioc: '2010', rest: '432', marketable: '3457', many: '1500' },
}
const FILLS_MIN = 25
/** Of all orders, by a rule: a trade shows no more than its own size. */
const SHARE_MAX = { quotes: 0.1, trades: 0.3 }

function spotQuantities(small: string) {
  return {
    small,
    market: '1.2345',
    imbalance: '0.777',
    ioc: '2.0101',
    rest: '0.4321',
    marketable: '3.4567',
    many: '1.5',
  }
}

function linearQuantities(small: string) {
  return { small, market: '1.234', imbalance: '0.777', ioc: '2.01', rest: '0.432', marketable: '3.457', many: '1.5' }
}

function casesOf(session: SessionName, latencyMs: number): Case[] {
  const { kind, ticks } = SESSIONS[session]
  const of = QUANTITIES[session]
  // A contract is no balance that a cash account could hold.
  const account = kind === 'spot' ? 'cash' : 'margin'
  const common = { session, latencyMs, ...ACCOUNT, account } as const
  // A trade shows no spread to rest within.
  const rest = { ...common, kind: 'rest', every: 60, cancelAfter: 45, ticks: ticks === 'trades' ? -1 : 0 } as const
  return [
    { ...common, kind: 'market', every: 100, quantity: of.market },
    ...(kind === 'spot'
      ? [{ ...common, kind: 'market', every: 100, quantity: of.market, account: 'margin' } as const]
      : []),
    { ...common, kind: 'imbalance', every: 20, threshold: 20, quantity: of.imbalance },
    { ...common, kind: 'ioc', every: 71, quantity: of.small },
    { ...common, kind: 'ioc', every: 71, quantity: of.ioc },
    { ...rest, quantity: of.small },
    { ...rest, quantity: of.rest },
    { ...common, kind: 'marketable', every: 83, cancelAfter: 60, quantity: of.marketable, ticks: 2 },
    // Many rest at one time.
    { ...common, kind: 'marketable', every: 83, quantity: of.many, ticks: 2 },
  ].filter(({ kind }) => ticks === 'quotes' || kind !== 'imbalance') as Case[]
}

/** Whether no rule that differs can be met: nothing rests for long or exceeds what is shown, or no message is on its way. */
function isExact({ session, kind, quantity, cancelAfter, latencyMs }: Case): boolean {
  const isSmall = quantity === QUANTITIES[session as SessionName].small
  if (kind === 'market' || kind === 'imbalance' || (kind === 'ioc' && isSmall)) return true
  return latencyMs === 0 && (isSmall || (kind === 'marketable' && cancelAfter !== undefined))
}

const NAMES = Object.keys(SESSIONS) as SessionName[]
const PLAYED = [0, 20, 150].flatMap(ms => NAMES.map((name): [SessionName, number] => [name, ms]))

describe('fills and cash beside NautilusTrader', {
  skip: skipWithoutData || (LONG ? await pythonMissing() : 'installs 650 MB: in the long run, FAULT_ROUNDS=long'),
}, () => {
  const cases = PLAYED.flatMap(of => casesOf(...of))
  const markets = new Map<string, Market>()
  let answers: Theirs[]

  before(async () => {
    for (const name of NAMES) markets.set(name, marketOf(SESSIONS[name]))
    answers = await asked(markets, cases)
  })

  for (const [index, of] of cases.entries()) {
    const check = (t: TestContext, rules: (differences: Differences, sent: number) => void) => {
      const { ours, theirs, differences, apart } = compared(of, markets.get(of.session)!, answers[index]!)
      assert.ok(theirs.length > FILLS_MIN, `${theirs.length} fills`)
      rules(differences, ours.sent)
      const counts = Object.entries(differences.rules).map(([rule, orders]) => `${rule} ${orders.length}`)
      t.diagnostic(
        `${ours.sent} orders, ${theirs.length} fills; fees of half a unit ${differences.halves}; ${counts.join(', ')}; balance apart by ${apart} units`,
      )
    }
    if (isExact(of))
      test(`${nameOf(of)}: every fill, fee and the end cash are equal`, t =>
        check(t, ({ rules }) => assert.deepEqual(Object.values(rules).flat(), [])))
    else
      test(`${nameOf(of)}: every order that is filled otherwise is so by a rule`, t =>
        check(t, ({ rules }, sent) =>
          assert.ok(
            Object.values(rules).flat().length <= SHARE_MAX[SESSIONS[of.session as SessionName].ticks] * sent,
            JSON.stringify(rules),
          ),
        ))
  }
})

function compared(
  of: Case,
  on: Market,
  answer: Theirs,
): { ours: Played; theirs: Told[]; differences: Differences; apart: number } {
  const ours = play(of, on)
  const theirs = answer.fills.map(([nanos, order, side, price, quantity, fee, liquidity]): Told => {
    const { priceDecimals, quantityDecimals } = on.instrument
    const numbers = { price: unitsOf(price, priceDecimals), quantity: unitsOf(quantity, quantityDecimals) }
    const atMicros = Number(BigInt(nanos) / 1000n)
    return { atMicros, order, side, ...numbers, fee: unitsOf(fee, 8), isMaker: liquidity === 'maker' }
  })
  assert.equal(ours.sent, answer.sent, 'orders sent')
  const differences = differencesOf(of, on, ours, theirs)
  // So the cash is equal where the fills and fees are.
  const own = after(of, on, ours.fills)
  assert.deepEqual([ours.cash, ours.cost], [own.cash, own.cost], 'our cash')
  const balance = unitsOf(answer.balance, 8)
  if (of.account === 'cash') assert.equal(balance, cashAfter(of, on, theirs, true), 'their balance')
  else {
    // Theirs moves no money before a position is closed, and rounds what that gains; ours rounds what each fill is worth.
    const expected = gained(of, on, theirs)
    const apart = Math.abs(Number(balance) - expected)
    assert.ok(apart <= theirs.length, `their balance ${balance}, by its rules ${expected}`)
    const { cash, cost } = after(of, on, theirs)
    const units = Number(balance - cash - cost)
    // Of one fill at a price, each position's mean is exact.
    if (!on.instrument.isInverse)
      assert.ok(Math.abs(units) <= (of.kind === 'market' ? 0 : theirs.length), `${units} units`)
    return { ours, theirs, differences, apart: units }
  }
  return { ours, theirs, differences, apart: 0 }
}

/** Cash after these fills, and what was paid for what is held then. */
function after({ capital }: Case, { instrument }: Market, fills: readonly Told[]): { cash: bigint; cost: bigint } {
  const ignored = () => {}
  const account = new Account([instrument], ignored, ignored)
  account.deposit(unitsOf(capital, 8), 0)
  for (const { atMicros: timeMicros, side, price, quantity, fee } of fills) {
    const order = { instrument, direction: side === 'buy' ? 1 : -1 } as Order
    const notional = notionalOf(price, quantity, instrument)
    account.apply({ id: 1, order, timeMicros, quantity, notional, fee } as Fill)
  }
  return { cash: account.cash, cost: account.positions.get(instrument.index)!.cost }
}

/**
 * The balance of their margin account after these fills, about, units of money: what closing gained over the mean price of the open
 * fills. It is the arithmetic mean of an inverse position's prices too, of which the harmonic one is what was paid.
 */
function gained({ capital }: Case, { instrument }: Market, fills: readonly Told[]): number {
  const { priceDecimals, quantityDecimals, size, sizeDecimals, isInverse } = instrument
  const one = numberOf(size, sizeDecimals)
  let [balance, held, mean] = [Number(capital) * 1e8, 0, 0]
  for (const { side, fee, ...units } of fills) {
    const price = numberOf(units.price, priceDecimals)
    const quantity = numberOf(units.quantity, quantityDecimals) * (side === 'buy' ? 1 : -1)
    balance -= Number(fee)
    const closed = held * quantity < 0 ? Math.min(Math.abs(held), Math.abs(quantity)) * Math.sign(held) : 0
    const moved = isInverse ? (price - mean) / (price * mean) : price - mean
    if (closed !== 0) balance += Math.round(closed * one * moved * 1e8)
    const opened = quantity + closed
    held = Number((held - closed).toFixed(quantityDecimals))
    if (held === 0) mean = price
    else mean = (mean * held + price * opened) / (held + opened)
    held = Number((held + opened).toFixed(quantityDecimals))
  }
  return balance
}

/**
 * The capital after these fills and their fees. `booksOpenOnly`: of a fill larger than the position that it closes, only the
 * position's size is paid: so does their cash account, though it changes the other balance by all of it.
 */
function cashAfter({ capital }: Case, on: Market, fills: readonly Told[], booksOpenOnly = false): bigint {
  let cash = unitsOf(capital, 8)
  let position = 0n
  for (const { side, price, quantity, fee } of fills) {
    const signed = side === 'buy' ? quantity : -quantity
    const open = position < 0n ? -position : position
    const isTurning = booksOpenOnly && open > 0n && position > 0n !== signed > 0n && open < quantity
    const notional = notionalOf(price, isTurning ? open : quantity, on.instrument)
    cash -= (side === 'buy' ? notional : -notional) + fee
    position += signed
  }
  return cash
}

/** Decimal text in whole units. */
function unitsOf(text: string, decimals: number): bigint {
  const [whole, fraction = ''] = text.split('.')
  assert.ok(fraction.replace(/0+$/, '').length <= decimals, text)
  return BigInt(whole! + fraction.padEnd(decimals, '0').slice(0, decimals))
}

async function asked(markets: ReadonlyMap<string, Market>, cases: readonly Case[]): Promise<Theirs[]> {
  const python = await pythonWith(...INSTALLED)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'nautilus-'))
  try {
    const sessions: Record<string, object> = {}
    for (const [name, market] of markets) {
      const file = path.join(directory, name)
      const of = SESSIONS[name as SessionName]
      fs.writeFileSync(file, linesOf(of, market).join(''))
      sessions[name] = { ...of, file }
    }
    const question = path.join(directory, 'asked.json')
    fs.writeFileSync(question, JSON.stringify({ sessions, cases }))
    const program = path.join(import.meta.dirname, 'nautilus.py')
    const options = { env: { ...process.env, PYTHONPATH: python.path }, maxBuffer: 2 ** 28, timeout: LIMIT_MS }
    const { stdout } = await run(python.command, [program, question], options)
    return JSON.parse(stdout) as Theirs[]
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}
