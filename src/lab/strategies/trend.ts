/** Follows the trend: long while a fast average of the closes is above a slow one, else flat or short. */
import { quantityOf } from '../market/instrument.ts'
import type { BarEvent, Context, Strategy, StrategyKind } from '../strategy.ts'
import { ExponentialMean } from './indicators.ts'
import { moveTo } from './target.ts'

export const TREND: StrategyKind = {
  name: 'trend',
  description: 'long while the fast exponential mean of the closes is above the slow one, else flat, or short',
  parameters: { bar_seconds: 60, fast: 10, slow: 30, money: 10_000, short: false },
  make: ({ bar_seconds, fast, slow, money, short }) =>
    new Trend(Number(bar_seconds), Number(fast), Number(slow), Number(money), short === true),
}

class Trend implements Strategy {
  readonly barSeconds: number
  readonly #means: { fast: ExponentialMean; slow: ExponentialMean }[] = []
  readonly #fast: number
  readonly #slow: number
  readonly #money: number
  readonly #isShort: boolean

  constructor(barSeconds: number, fast: number, slow: number, money: number, isShort: boolean) {
    this.barSeconds = barSeconds
    this.#fast = fast
    this.#slow = slow
    this.#money = money
    this.#isShort = isShort
  }

  onBar({ instrument, close }: BarEvent, context: Context): void {
    this.#means[instrument.index] ??= {
      fast: new ExponentialMean(this.#fast),
      slow: new ExponentialMean(this.#slow),
    }
    const { fast, slow } = this.#means[instrument.index]!
    fast.add(close)
    slow.add(close)
    if (!slow.isWarm) return
    const held = context.position(instrument)
    const direction = fast.value > slow.value ? 1 : this.#isShort ? -1 : 0
    if (Math.sign(held) !== direction)
      moveTo(quantityOf(direction * this.#money, close, instrument), instrument, context)
  }
}
