/** Buys once and holds: what every other strategy is compared with. */
import { quantityOf } from '../market/instrument.ts'
import type { Context, Strategy, StrategyKind } from '../strategy.ts'

export const BUY_AND_HOLD: StrategyKind = {
  name: 'buy-and-hold',
  description: 'buys a share of its cash of each instrument with the first price, and holds it',
  parameters: { share: 0.95 },
  make: ({ share }) => new BuyAndHold(Number(share)),
}

class BuyAndHold implements Strategy {
  readonly timerSeconds = 1
  readonly #share: number
  readonly #bought = new Set<number>()

  constructor(share: number) {
    this.#share = share
  }

  onTimer(_timeMicros: number, context: Context): void {
    const { instruments } = context
    if (this.#bought.size === instruments.length) return
    for (const instrument of instruments) {
      const price = context.mark(instrument)
      if (this.#bought.has(instrument.index) || !(price > 0) || !context.isWhole(instrument)) continue
      this.#bought.add(instrument.index)
      const money = (context.equity() * this.#share) / instruments.length
      context.order({ instrument, direction: 1, quantity: quantityOf(money, price, instrument) })
    }
  }
}
