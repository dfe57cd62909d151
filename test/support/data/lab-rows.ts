/** Rows of the lab's tables as runs write them: a live run of four strategies, and two over stored ticks. */
import type { LabTable } from '../../../src/lab/results/tables.ts'
import { Random } from '../../../src/simulator/random.ts'

type Rows = Map<LabTable, Record<string, unknown>[]>

export const LIVE_RUN = 'paper-2026-11-27-1'
const MINUTE = 60_000
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'] as const
const PRICES = { BTCUSDT: 61_240.5, ETHUSDT: 2_695.25 }

/** Of each instrument. */
export const CONTRACT = { size: 1, isInverse: false }

const text = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ')

const YAML = `
name: paper
currency: USDT
limits: { daily_loss: 3000, drawdown: 0.02 }
strategies:
  - { name: hold, kind: buy-and-hold, symbols: ["binance:BTCUSDT"], capital: 100000 }
  - { name: trend, kind: trend, symbols: ["binance:BTCUSDT"], capital: 100000, limits: { position: 30000, daily_loss: 2000, drawdown: 0.1 } }
  - { name: vwap, kind: vwap-reversion, symbols: ["binance:ETHUSDT"], capital: 50000, limits: { gross: 20000, drawdown: 0.05 } }
  - { name: flow, kind: order-flow, symbols: ["binance:BTCUSDT", "binance:ETHUSDT"], capital: 50000, limits: { order: 2500, drawdown: 0.02 } }
`
const STRATEGIES = [
  { strategy: 'hold', kind: 'buy-and-hold', symbols: ['binance:BTCUSDT'], capital: 100_000, drift: 0.9, noise: 22 },
  { strategy: 'trend', kind: 'trend', symbols: ['binance:BTCUSDT'], capital: 100_000, drift: 0.55, noise: 13 },
  { strategy: 'vwap', kind: 'vwap-reversion', symbols: ['binance:ETHUSDT'], capital: 50_000, drift: 0.12, noise: 5 },
  {
    strategy: 'flow',
    kind: 'order-flow',
    symbols: ['binance:BTCUSDT', 'binance:ETHUSDT'],
    capital: 50_000,
    drift: -1.1,
    noise: 4,
  },
]

/** `nowMs`: the time of the last mark of the live run. */
export function labRows(nowMs: number): Rows {
  const instruments = SYMBOLS.map(symbol => ({ name: `binance:${symbol}`, tick: 0.01, lot: 0.001, ...CONTRACT }))
  const cut = { run: LIVE_RUN, number: 0, partition: 0, from_offset: 0, until_offset: 0, advanced_to: 0, ends: false }
  const changes = JSON.stringify({ instruments, quoted: [] })
  const rows: Rows = new Map([['lab_cuts', [{ ...cut, changes, at: text(nowMs) }]]])
  addRun(rows, { run: LIVE_RUN, portfolio: 'paper', mode: 'live', state: 'running', untilMs: nowMs, marks: 1_100 })
  const earlier = nowMs - 30 * 3_600_000
  addRun(rows, { run: 'study-7', portfolio: 'study', mode: 'run', state: 'ended', untilMs: earlier, marks: 600 })
  addRun(rows, {
    run: 'study-6',
    portfolio: 'study',
    mode: 'run',
    state: 'ended',
    untilMs: earlier - 9_000_000,
    marks: 480,
  })
  const verified = (run: string, only_stored: number, difference: string) =>
    add(rows, 'lab_verifications', {
      ...{ run, at: text(nowMs - 6 * 3_600_000), until: text(nowMs - 7 * 3_600_000), equal: 48_213, only_stored },
      ...{ only_replayed: 0, difference, program: '0.1.0' },
    })
  // An earlier one, which does not count any more.
  verified(LIVE_RUN, 0, '')
  verified('study-7', 1, 'lab_fills: 1 only stored')
  return rows
}

interface Made {
  run: string
  portfolio: string
  mode: 'run' | 'live'
  state: 'running' | 'ended'
  untilMs: number
  marks: number
}

function add(rows: Rows, table: LabTable, row: Record<string, unknown>): void {
  const own = rows.get(table)
  if (own) own.push(row)
  else rows.set(table, [row])
}

function addRun(rows: Rows, { run, portfolio, mode, state, untilMs, marks }: Made): void {
  const random = new Random(run.length * 7 + marks)
  const fromMs = untilMs - marks * MINUTE
  for (const [at, { strategy, kind, symbols, capital, drift, noise }] of STRATEGIES.entries()) {
    let [equity, holding] = [capital, 1]
    const off = strategy === 'flow' ? Math.floor(marks * 0.86) : marks
    for (let mark = 0; mark <= marks; mark++) {
      holding *= 1 + (random.uniform() - 0.495) * 0.0009
      if (mark < off) equity += drift + (random.uniform() - 0.5) * noise * 4
      const [owner, time] = [{ run, strategy }, text(fromMs + mark * MINUTE)]
      const gross = strategy === 'trend' ? 26_400 : strategy === 'vwap' ? 4_100 : at === 0 ? equity : 0
      const account = { equity: equity.toFixed(8), cash: (equity - gross).toFixed(8), gross: gross.toFixed(8) }
      add(rows, 'lab_equity', { ...owner, at: time, ...account, fees: (mark * 0.02).toFixed(8), traded: '0', holding })
      if (mark % 17 === at && mark < off) addTrade(rows, owner, mark, fromMs + mark * MINUTE + 371, symbols, random)
    }
    const money = { capital, equity: equity.toFixed(8), fees: (marks * 0.02).toFixed(8) }
    add(rows, 'lab_runs', {
      ...{
        run,
        strategy,
        portfolio,
        kind,
        parameters: '{}',
        symbols,
        mode,
        state,
        program: '0.1.0',
        seed: 1,
        yaml: YAML,
      },
      ...{ dataset: '', from: text(fromMs), until: text(untilMs), ticks: marks * 4_812, currency: 'USDT', ...money },
      ...{ fills: Math.ceil(marks / 17), marks, unproved: 0, fills_hash: '', began_at: text(fromMs) },
      written_at: text(untilMs),
    })
    if (strategy === 'flow')
      add(rows, 'lab_limits', {
        ...{ run, strategy, at: text(fromMs + off * MINUTE), limit_name: 'drawdown', value: 0.0204, bound: 0.02 },
        action: 'flattened, off',
      })
    else holds(rows, { run, strategy }, fromMs, symbols[0]!, [1.64, 0.431, -1.32][at]!)
  }
}

/** An order and its fill; every fifth order is refused by a limit. */
function addTrade(
  rows: Rows,
  owner: { run: string; strategy: string },
  mark: number,
  atMs: number,
  symbols: readonly string[],
  random: Random,
): void {
  const [venue, symbol] = symbols[mark % symbols.length]!.split(':') as [string, (typeof SYMBOLS)[number]]
  const price = PRICES[symbol] * (1 + (random.uniform() - 0.5) * 0.02)
  const quantity = symbol === 'BTCUSDT' ? 0.0271 : 0.8125
  const side = mark % 2 === 0 ? 'buy' : 'sell'
  const isRefused = mark % 5 === 3
  const common = { ...owner, id: mark, venue, symbol, side, quantity }
  add(rows, 'lab_orders', {
    ...{ ...common, filled: isRefused ? 0 : quantity, limit_price: mark % 3 === 0 ? price.toFixed(2) : '0' },
    ...{ immediate: false, flattening: false, state: isRefused ? 'refused' : 'filled' },
    ...{
      reason: isRefused ? 'position' : '',
      sent_at: text(atMs),
      arrives_at: text(atMs + 50),
      ended_at: text(atMs + 50),
    },
  })
  if (isRefused) {
    add(rows, 'lab_limits', {
      ...{ ...owner, at: text(atMs), limit_name: 'position', value: 30_411, bound: 30_000, action: 'order refused' },
    })
    return
  }
  add(rows, 'lab_fills', {
    ...{
      ...common,
      order_id: mark,
      at: text(atMs + 62),
      price: price.toFixed(2),
      notional: (price * quantity).toFixed(8),
    },
    ...{ fee: (price * quantity * 0.001).toFixed(8), maker: mark % 3 === 0, large: mark % 51 === 0 },
  })
}

function holds(rows: Rows, owner: object, fromMs: number, name: string, quantity: number): void {
  const [venue, symbol] = name.split(':') as [string, (typeof SYMBOLS)[number]]
  const amount = (PRICES[symbol] * quantity).toFixed(8)
  const entry = { ...owner, entry: 1, at: text(fromMs), fill_id: 1 }
  add(rows, 'lab_ledger', { ...entry, account: 'position', venue, symbol, amount, quantity })
  add(rows, 'lab_ledger', { ...entry, account: 'cash', venue: '', symbol: '', amount: -amount, quantity: 0 })
}
