/** Trades against distance from the volume-weighted average price: buys below it, sells above it, closes at it. */
import { quantityOf } from '../market/instrument.ts'
import type { BarEvent, Context, Strategy, StrategyKind } from '../strategy.ts'
import { RollingSum } from './indicators.ts'
import { moveTo } from './target.ts'

export const VWAP_REVERSION: StrategyKind = {
  name: 'vwap-reversion',
  description: 'against the distance of the close from the volume-weighted average price of the last bars',
  parameters: { bar_seconds: 60, bars: 60, entry_bps: 20, exit_bps: 2, money: 10_000 },
  make: ({ bar_seconds, bars, entry_bps, exit_bps, money }) =>
    new VwapReversion(
      Number(bar_seconds),
      Number(bars),
      Number(entry_bps) / 1e4,
      Number(exit_bps) / 1e4,
      Number(money),
    ),
}

class VwapReversion implements Strategy {
  readonly barSeconds: number
  readonly #sums: { notional: RollingSum; volume: RollingSum }[] = []
  readonly #bars: number
  readonly #entry: number
  readonly #exit: number
  readonly #money: number

  constructor(barSeconds: number, bars: number, entry: number, exit: number, money: number) {
    this.barSeconds = barSeconds
    this.#bars = bars
    this.#entry = entry
    this.#exit = exit
    this.#money = money
  }

  onBar({ instrument, close, notional, volume }: BarEvent, context: Context): void {
    this.#sums[instrument.index] ??= { notional: new RollingSum(this.#bars), volume: new RollingSum(this.#bars) }
    const sums = this.#sums[instrument.index]!
    sums.notional.add(notional)
    sums.volume.add(volume)
    if (!sums.volume.isFull) return
    const distance = close / (sums.notional.sum / sums.volume.sum) - 1
    const held = context.position(instrument)
    if (held === 0 && Math.abs(distance) > this.#entry)
      moveTo(quantityOf(-Math.sign(distance) * this.#money, close, instrument), instrument, context)
    else if (held !== 0 && Math.sign(held) * distance > -this.#exit) moveTo(0, instrument, context)
  }
}
