/** The engine's fills and cash equal NautilusTrader's, on recorded quotes. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { notionalOf } from '../../../src/lab/market/instrument.ts'
import { QuoteColumns } from '../../../src/tick/quotes/quotes.ts'
import { readWholeMicros } from '../../../src/tick/time.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { binanceLines, binanceTruth, skipWithoutData } from '../../support/data/recorded-data.ts'
import { LONG } from '../../support/faults.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'
import { type Differences, differencesOf, nameOf } from './differences.ts'
import { type Case, type Market, market, type Played, play, type Told } from './simple-strategies.ts'

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

const SESSIONS = {
  btcusdt: { symbol: 'BTCUSDT', base: 'BTC', priceDecimals: 2, sizeDecimals: 5 },
  ethusdt: { symbol: 'ETHUSDT', base: 'ETH', priceDecimals: 2, sizeDecimals: 4 },
} as const
type Session = keyof typeof SESSIONS

function quotesOf(session: Session): QuoteColumns {
  const columns = new QuoteColumns(binanceTruth(session).quote_oracle.count)
  const decode = binance.decoder()
  for (const { receivedAtNanos, frame } of binanceLines(session))
    decode(frame, {
      trade: () => {},
      quote: quote => {
        columns.add(Object.assign(quote, { venue: 'binance', receivedAtMicros: Number(receivedAtNanos / 1000n) }))
      },
      refuse: (reason, detail) => assert.fail(`${reason}: ${detail}`),
      control: () => {},
      ignore: () => {},
      imprecise: () => {},
    })
  return columns
}

const ACCOUNT = { fees: { maker: '0.0002', taker: '0.001' }, account: 'cash', capital: '50000000', ticks: 0 } as const

const SMALL = { btcusdt: '0.00001', ethusdt: '0.0001' }
/** Of all orders, by a rule. */
const SHARE_MAX = 0.1

function casesOf(session: Session, latencyMs: number): Case[] {
  const common = { session, latencyMs, ...ACCOUNT }
  return [
    { ...common, kind: 'market', every: 100, quantity: '1.2345' },
    { ...common, kind: 'market', every: 100, quantity: '1.2345', account: 'margin' },
    { ...common, kind: 'imbalance', every: 20, threshold: 20, quantity: '0.777' },
    { ...common, kind: 'ioc', every: 71, quantity: SMALL[session] },
    { ...common, kind: 'ioc', every: 71, quantity: '2.0101' },
    { ...common, kind: 'rest', every: 60, cancelAfter: 45, quantity: SMALL[session] },
    { ...common, kind: 'rest', every: 60, cancelAfter: 45, quantity: '0.4321' },
    { ...common, kind: 'marketable', every: 83, cancelAfter: 60, quantity: '3.4567', ticks: 2 },
    // Many rest at one time.
    { ...common, kind: 'marketable', every: 83, quantity: '1.5', ticks: 2 },
  ]
}

/** Whether no rule that differs can be met: nothing rests for long or exceeds what is shown, or no message is on its way. */
function isExact({ kind, quantity, cancelAfter, latencyMs }: Case): boolean {
  const isSmall = Number(quantity) < 0.001
  if (kind === 'market' || kind === 'imbalance' || (kind === 'ioc' && isSmall)) return true
  return latencyMs === 0 && (isSmall || (kind === 'marketable' && cancelAfter !== undefined))
}

const PLAYED: [Session, number][] = [0, 20, 150].flatMap(ms => [
  ['btcusdt', ms] as [Session, number],
  ['ethusdt', ms] as [Session, number],
])

describe('fills and cash beside NautilusTrader', {
  skip: skipWithoutData || (LONG ? await pythonMissing() : 'installs 650 MB: in the long run, FAULT_ROUNDS=long'),
}, () => {
  const cases = PLAYED.flatMap(of => casesOf(...of))
  const markets = new Map<string, Market>()
  let answers: Theirs[]

  before(async () => {
    for (const [session] of PLAYED) {
      const { symbol, sizeDecimals } = SESSIONS[session]
      if (!markets.has(session)) markets.set(session, market(symbol, sizeDecimals, quotesOf(session)))
    }
    answers = await asked(markets, cases)
  })

  for (const [index, of] of cases.entries()) {
    const check = (t: TestContext, rules: (differences: Differences, sent: number) => void) => {
      const { ours, theirs, differences } = compared(of, markets.get(of.session)!, answers[index]!)
      assert.ok(theirs.length > 40, `${theirs.length} fills`)
      if (of.account === 'margin') assert.equal(ours.position, 0, 'flat at the end: its balance is then the cash')
      rules(differences, ours.sent)
      const counts = Object.entries(differences.rules).map(([rule, orders]) => `${rule} ${orders.length}`)
      t.diagnostic(
        `${ours.sent} orders, ${theirs.length} fills; fees of half a unit ${differences.halves}; ${counts.join(', ')}`,
      )
    }
    if (isExact(of))
      test(`${nameOf(of)}: every fill, fee and the end cash are equal`, t =>
        check(t, ({ rules }) => assert.deepEqual(Object.values(rules).flat(), [])))
    else
      test(`${nameOf(of)}: every order that is filled otherwise is so by a rule`, t =>
        check(t, ({ rules }, sent) => assert.ok(Object.values(rules).flat().length <= SHARE_MAX * sent)))
  }
})

function compared(of: Case, on: Market, answer: Theirs): { ours: Played; theirs: Told[]; differences: Differences } {
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
  assert.equal(ours.cash, cashAfter(of, on, ours.fills), 'our cash')
  assert.equal(unitsOf(answer.balance, 8), cashAfter(of, on, theirs, of.account === 'cash'), 'their balance')
  return { ours, theirs, differences }
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
    for (const [name, { quotes }] of markets) {
      const file = path.join(directory, name)
      const of = SESSIONS[name as Session]
      fs.writeFileSync(file, linesOf(quotes, of.priceDecimals, of.sizeDecimals).join(''))
      sessions[name] = { file, ...of }
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

/** Times in whole µs, as ours are. */
function linesOf(quotes: QuoteColumns, priceDecimals: number, sizeDecimals: number): string[] {
  return Array.from({ length: quotes.length }, (_, row) => {
    const { bidPrice, bidSize, askPrice, askSize } = quotes
    const price = (of: Float64Array) => of[row]!.toFixed(priceDecimals)
    const size = (of: Float64Array) => of[row]!.toFixed(sizeDecimals)
    const micros = readWholeMicros(quotes.receivedAtWords, row)
    return `${micros}000 ${price(bidPrice)} ${size(bidSize)} ${price(askPrice)} ${size(askSize)}\n`
  })
}
