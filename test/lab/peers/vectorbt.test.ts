/** Equity on bars of recorded trades equals vectorbt's, with an order at each close. In the long run: it is much to install. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { Engine } from '../../../src/lab/engine/engine.ts'
import type { Results } from '../../../src/lab/engine/results.ts'
import { moneyOf } from '../../../src/lab/engine/trader.ts'
import { instrumentOf } from '../../../src/lab/stored/instruments.ts'
import type { Direction, Strategy } from '../../../src/lab/strategy.ts'
import { Random } from '../../../src/simulator/random.ts'
import { readWholeMicros } from '../../../src/tick/time.ts'
import { TradeColumns } from '../../../src/tick/trades.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { binanceLines, binanceTruth, skipWithoutData } from '../../support/data/recorded-data.ts'
import { LONG } from '../../support/faults.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'
import { RULES } from './simple-strategies.ts'

/** A newer plotly has not what this vectorbt imports. */
const INSTALLED = ['vectorbt==1.0.0', 'plotly==5.24.1', 'numpy==2.4.6', 'pandas==2.3.3', 'numba==0.68.1']
const CAPITAL = 100_000
const RELATIVE = 1e-9
const THEIRS = `
import json, sys
import numpy as np
import vectorbt as vbt
found = []
for case in json.load(sys.stdin):
    of = vbt.Portfolio.from_orders(np.array(case["closes"]), np.array(case["sizes"]), fees=case["fee"], init_cash=case["capital"])
    found.append({"equity": of.value().tolist(), "orders": int(of.orders.count())})
print(json.dumps(found))
`

function tradesOf(session: 'btcusdt' | 'ethusdt'): TradeColumns {
  const columns = new TradeColumns(binanceTruth(session).trade_oracle.count)
  const decode = binance.decoder()
  for (const { receivedAtNanos, frame } of binanceLines(session))
    decode(frame, {
      trade: trade => {
        columns.add(Object.assign(trade, { venue: 'binance', receivedAtMicros: Number(receivedAtNanos / 1000n) }))
      },
      quote: () => {},
      refuse: (reason, detail) => assert.fail(`${reason}: ${detail}`),
      control: () => {},
      ignore: () => {},
      imprecise: () => {},
    })
  return columns
}

/** Bars of that many seconds: at each close an order by chance, of the size of the last trade at most. */
function played(trades: TradeColumns, symbol: string, lot: number, barSeconds: number) {
  const instrument = instrumentOf(0, `binance:${symbol}`, 0.01, lot)
  const [closes, sizes, equity] = [[] as number[], [] as number[], [] as number[]]
  const random = new Random(7, `${symbol} ${barSeconds}`)
  let last = 0
  const strategy: Strategy = {
    barSeconds,
    onTrade: ({ volume }) => {
      last = volume
    },
    onBar(bar, context) {
      const lots = Math.floor(Math.min(last, 0.5) / lot + 1e-9)
      const quantity = Number((lots * lot).toFixed(instrument.quantityDecimals))
      const direction: Direction = random.uniform() < 0.5 ? 1 : -1
      context.order({ instrument, direction, quantity })
      closes.push(bar.close)
      sizes.push(direction * quantity)
      equity.push(context.equity())
    },
  }
  const nothing = () => {}
  const marks: number[] = []
  const results: Results = {
    ...{ fill: nothing, order: nothing, line: nothing, roundTrip: nothing, breach: nothing },
    mark: mark => marks.push(Number(mark.equity) / 1e8),
  }
  const isQuoted = () => false
  const engine = new Engine({
    ...{ instruments: [instrument], markSeconds: barSeconds, staleSeconds: 86_400, apartSeconds: 86_400, isQuoted },
    traders: [
      {
        ...{ name: 's', strategy, instruments: [instrument], limits: {}, rules: RULES, isQuoted, results },
        capital: moneyOf(CAPITAL),
        fees: () => ({ maker: 0n, taker: 100_000n }),
        latencyMicros: () => 0,
        random: () => 0.5,
      },
    ],
  })
  const end = readWholeMicros(trades.receivedAtWords, trades.length - 1) + barSeconds * 1_000_000
  engine.start(readWholeMicros(trades.receivedAtWords, 0))
  engine.playTrades(trades, 0, trades.length)
  engine.end(end)
  return { closes, sizes, equity, marks, fee: 0.001, capital: CAPITAL }
}

describe('equity beside vectorbt', {
  skip: skipWithoutData || (LONG ? await pythonMissing() : 'installs 800 MB: in the long run, FAULT_ROUNDS=long'),
}, () => {
  test('with an order at the close of each bar, the equity at each is equal', async t => {
    const [btc, eth] = [tradesOf('btcusdt'), tradesOf('ethusdt')]
    const cases = [60, 1].flatMap(seconds => [
      played(btc, 'BTCUSDT', 0.00001, seconds),
      played(eth, 'ETHUSDT', 0.0001, seconds),
    ])
    const python = await pythonWith(...INSTALLED)
    const env = { ...process.env, PYTHONPATH: python.path }
    const stdout = execFileSync(python.command, ['-c', THEIRS], {
      input: JSON.stringify(cases),
      env,
      maxBuffer: 2 ** 28,
    })
    const theirs: { equity: number[]; orders: number }[] = JSON.parse(stdout.toString())
    for (const [index, { equity, marks, closes, sizes }] of cases.entries()) {
      const other = theirs[index]!
      assert.equal(other.orders, sizes.length, 'each order is filled')
      assert.equal(other.equity.length, closes.length)
      const distances = equity.map((value, at) => Math.abs(value / other.equity[at]! - 1))
      assert.ok(Math.max(...distances) <= RELATIVE, `${Math.max(...distances)}`)
      assert.ok(
        equity.every(value => marks.includes(value)),
        'the marks are these',
      )
      t.diagnostic(`${closes.length} bars, equity ${equity.at(-1)}, greatest distance ${Math.max(...distances)}`)
    }
  })
})
