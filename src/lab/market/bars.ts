/** Bars of received trades, closed by the engine's time. */
import type { BarEvent, TradeEvent } from '../strategy.ts'
import type { Instrument } from './instrument.ts'

/** Bars of one length of some instruments. One object an instrument, reused for each bar. */
export class Bars {
  readonly seconds: number
  readonly #bars: readonly (BarEvent | undefined)[]
  /** Bars with trades, in order of their first. */
  #begun: BarEvent[] = []

  constructor(seconds: number, instruments: readonly Instrument[]) {
    this.seconds = seconds
    const bars: (BarEvent | undefined)[] = []
    for (const instrument of instruments) bars[instrument.index] = emptyBar(instrument, seconds)
    this.#bars = bars
  }

  /** Trades supplied later belong to bars that are closed: they are left out. */
  add({ instrument, price, volume, side, isRepaired }: TradeEvent): void {
    const bar = this.#bars[instrument.index]
    if (!bar || isRepaired) return
    if (bar.trades === 0) {
      this.#begun.push(bar)
      bar.open = bar.high = bar.low = price
      bar.volume = bar.notional = bar.buyVolume = 0
    }
    if (price > bar.high) bar.high = price
    if (price < bar.low) bar.low = price
    bar.close = price
    bar.volume += volume
    bar.notional += price * volume
    if (side === 1) bar.buyVolume += volume
    bar.trades++
  }

  /** Passes on each bar that ends at this time, µs, in order of the first trades. */
  close(endMicros: number, onBar: (bar: BarEvent) => void): void {
    const closing = this.#begun
    if (closing.length === 0) return
    this.#begun = []
    for (const bar of closing) {
      bar.startMicros = endMicros - this.seconds * 1_000_000
      onBar(bar)
      bar.trades = 0
    }
  }
}

function emptyBar(instrument: Instrument, seconds: number): BarEvent {
  const zeros = { startMicros: 0, open: 0, high: 0, low: 0, close: 0, volume: 0, notional: 0, buyVolume: 0, trades: 0 }
  return { instrument, seconds, ...zeros }
}
