/** Follows the imbalance of takers: whose volume, buyers' or sellers', was larger in the last bars. */
import { SIDE } from '../../tick/trades.ts'
import { quantityOf } from '../market/instrument.ts'
import type { Context, Strategy, StrategyKind, TradeEvent } from '../strategy.ts'
import { RollingSum } from './indicators.ts'
import { moveTo } from './target.ts'

export const ORDER_FLOW: StrategyKind = {
  name: 'order-flow',
  description: "in the direction of the takers' imbalance of the last seconds, while it is large",
  parameters: { every_seconds: 5, periods: 12, entry: 0.6, exit: 0.1, money: 10_000 },
  make: ({ every_seconds, periods, entry, exit, money }) =>
    new OrderFlow(Number(every_seconds), Number(periods), Number(entry), Number(exit), Number(money)),
}

interface Flow {
  bought: number
  sold: number
  readonly net: RollingSum
  readonly total: RollingSum
}

class OrderFlow implements Strategy {
  readonly timerSeconds: number
  readonly #flows: Flow[] = []
  readonly #periods: number
  readonly #entry: number
  readonly #exit: number
  readonly #money: number

  constructor(everySeconds: number, periods: number, entry: number, exit: number, money: number) {
    this.timerSeconds = everySeconds
    this.#periods = periods
    this.#entry = entry
    this.#exit = exit
    this.#money = money
  }

  onTrade({ instrument, volume, side, isRepaired }: TradeEvent): void {
    if (isRepaired) return
    const flow = this.#flowOf(instrument.index)
    if (side === SIDE.buy) flow.bought += volume
    else if (side === SIDE.sell) flow.sold += volume
  }

  onTimer(_timeMicros: number, context: Context): void {
    for (const instrument of context.instruments) {
      const flow = this.#flowOf(instrument.index)
      flow.net.add(flow.bought - flow.sold)
      flow.total.add(flow.bought + flow.sold)
      flow.bought = flow.sold = 0
      const price = context.mark(instrument)
      if (!flow.net.isFull || !(price > 0)) continue
      const imbalance = flow.total.sum > 0 ? flow.net.sum / flow.total.sum : 0
      const held = context.position(instrument)
      if (Math.abs(imbalance) > this.#entry && Math.sign(held) !== Math.sign(imbalance))
        moveTo(quantityOf(Math.sign(imbalance) * this.#money, price, instrument), instrument, context)
      else if (held !== 0 && Math.sign(held) * imbalance < this.#exit) moveTo(0, instrument, context)
    }
  }

  #flowOf(index: number): Flow {
    this.#flows[index] ??= {
      ...{ bought: 0, sold: 0 },
      net: new RollingSum(this.#periods),
      total: new RollingSum(this.#periods),
    }
    return this.#flows[index]
  }
}
