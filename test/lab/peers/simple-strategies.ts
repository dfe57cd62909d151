/** Five simple strategies on a recorded session, each in our engine; `nautilus.py` has the same in another's. */

import { Engine } from '../../../src/lab/engine/engine.ts'
import type { Results } from '../../../src/lab/engine/results.ts'
import { moneyOf } from '../../../src/lab/engine/trader.ts'
import type { Fill } from '../../../src/lab/execution/order.ts'
import { type FillRules, RATE_DECIMALS } from '../../../src/lab/execution/rules.ts'
import { type Instrument, numberOf } from '../../../src/lab/market/instrument.ts'
import type { Context, Direction, QuoteEvent, Strategy } from '../../../src/lab/strategy.ts'
import type { QuoteColumns } from '../../../src/tick/quotes/quotes.ts'
import { readWholeMicros } from '../../../src/tick/time.ts'
import type { TradeColumns } from '../../../src/tick/trades.ts'

export interface Case {
  session: string
  /**
   * At every `every`th tick, a quote or a trade that stands for one, buying and selling by turns: `market` sends a market order; `rest` a limit order at the own
   * side's best price, cancelled `cancelAfter` ticks later; `marketable` one at the other side's best price, each `ticks` beyond
   * it; `ioc` the same, immediate or cancel. `imbalance` buys and sells at market by turns, when one side of the quote is
   * `threshold` times as large as the other, `every` quotes after the last order at the earliest.
   */
  kind: 'market' | 'rest' | 'marketable' | 'ioc' | 'imbalance'
  every: number
  quantity: string
  ticks: number
  cancelAfter?: number
  threshold?: number
  latencyMs: number
  fees: { maker: string; taker: string }
  account: 'cash' | 'margin'
  capital: string
}

export interface Market {
  instrument: Instrument
  quotes: QuoteColumns
  /** Where there are no quotes: `quotes` are then what they stand for. */
  trades?: TradeColumns
}

/** A fill of either: whole units of the instrument and of money. */
export interface Told {
  atMicros: number
  order: number
  side: 'buy' | 'sell'
  price: bigint
  quantity: bigint
  fee: bigint
  isMaker: boolean
}

export interface Played {
  fills: Told[]
  sent: number
  cash: bigint
  /** Of what is held at the end. */
  cost: bigint
  /** When the cancel of an order arrived, µs. */
  cancels: Map<number, number>
}

/** The rules of fills that are the nearest to the other's. */
export const RULES: FillRules = {
  rest: 'one_tick',
  limits: 'touch',
  consumes: false,
  slippageTicks: 0,
  participation: 0,
}

export function play(of: Case, { instrument, quotes, trades }: Market): Played {
  const fills: Told[] = []
  const cancels = new Map<number, number>()
  const latencyMicros = of.latencyMs * 1000
  let sent = 0
  let seen = 0
  let last = 0
  let lastSent = 0
  const tick = numberOf(instrument.tick, instrument.priceDecimals)
  const onTick = (quote: Omit<QuoteEvent, 'instrument' | 'receivedAtMicros'>, context: Context) => {
    seen++
    const send = (direction: Direction, limit?: number) => {
      sent++
      lastSent = seen
      const rest = { quantity: Number(of.quantity), immediateOrCancel: of.kind === 'ioc' }
      last = context.order({ instrument, direction, ...rest, ...(limit !== undefined && { limit }) })
    }
    if (of.kind === 'imbalance') {
      if (seen - lastSent < of.every) return
      if (sent % 2 === 0 && quote.bidSize > of.threshold! * quote.askSize) send(1)
      else if (sent % 2 === 1 && quote.askSize > of.threshold! * quote.bidSize) send(-1)
      return
    }
    if (of.cancelAfter !== undefined && seen % of.every === of.cancelAfter && last > 0) {
      context.cancel(last)
      cancels.set(last, context.nowMicros + latencyMicros)
    }
    if (seen % of.every !== 0) return
    const direction = sent % 2 === 0 ? 1 : -1
    if (of.kind === 'market') return send(direction)
    const best = (direction === 1) === (of.kind === 'rest') ? quote.bidPrice : quote.askPrice
    send(direction, Number((best + direction * of.ticks * tick).toFixed(instrument.priceDecimals)))
  }
  const strategy: Strategy = trades
    ? {
        onTrade: ({ price, volume }, context) =>
          onTick({ bidPrice: price, bidSize: volume, askPrice: price, askSize: volume }, context),
      }
    : { onQuote: onTick }
  const fill = ({ order, timeMicros, price, quantity, fee, isMaker }: Fill) => {
    const side = order.direction === 1 ? 'buy' : 'sell'
    fills.push({ atMicros: timeMicros, order: order.id, side, price, quantity, fee, isMaker })
  }
  const nothing = () => {}
  const results: Results = {
    ...{ fill, order: nothing, line: nothing, roundTrip: nothing, breach: nothing, mark: nothing },
  }
  const isQuoted = () => trades === undefined
  const engine = new Engine({
    ...{ instruments: [instrument], markSeconds: 60, staleSeconds: 86_400, apartSeconds: 86_400, isQuoted },
    traders: [
      {
        ...{ name: 's', strategy, instruments: [instrument], limits: {}, rules: RULES, isQuoted, results },
        capital: moneyOf(Number(of.capital)),
        fees: () => ({ maker: rate(of.fees.maker), taker: rate(of.fees.taker) }),
        latencyMicros: () => latencyMicros,
        random: () => 0.5,
      },
    ],
  })
  engine.start(readWholeMicros(quotes.receivedAtWords, 0))
  if (trades) engine.playTrades(trades, 0, trades.length)
  else engine.playQuotes(quotes, 0, quotes.length)
  const trader = engine.traders[0]!
  return { fills, sent, cash: trader.account.cash, cost: trader.account.positions.get(0)!.cost, cancels }
}

const rate = (share: string) => BigInt(Math.round(Number(share) * 10 ** RATE_DECIMALS))
