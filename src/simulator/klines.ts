/**
 * The bars of a minute of the simulated exchange, `<symbol>@kline_1m` as at Binance: every two seconds the bar that goes
 * on and, once a minute is over, its last state. A bar states the ids of its trades, so it shows trades that were made
 * and not sent.
 */
import { unitsText } from '../venues/binance/units.ts'
import type { Instrument } from './market/instruments.ts'
import type { Order } from './market/market.ts'
import type { Subscriber } from './subscriber.ts'

/** Interval of the pushes, as web-socket-streams.md states it for bars of a minute. */
export const PUSH_EVERY_MS = 2_000
const STREAM = '@kline_1m'
const MINUTE_MICROS = 60_000_000
const NONE = -1

/** One minute of one symbol. Prices in ticks, volumes in steps, values in ticks × steps. */
interface Bar {
  minute: number
  first: number
  trades: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  value: number
  takerBuyVolume: number
  takerBuyValue: number
}

const emptyBar = (minute: number, close: number): Bar => ({
  ...{ minute, first: NONE, trades: 0, open: close, high: close, low: close, close },
  ...{ volume: 0, value: 0, takerBuyVolume: 0, takerBuyValue: 0 },
})

/** The current bar of each symbol, and the one before. */
export class Bars {
  readonly #instruments: readonly Instrument[]
  /** By the name of the stream. */
  readonly #indexes: ReadonlyMap<string, number>
  readonly #current: Bar[]
  readonly #closed: (Bar | undefined)[]

  constructor(instruments: readonly Instrument[]) {
    this.#instruments = instruments
    this.#indexes = new Map(instruments.map(({ symbol }, index) => [`${symbol.toLowerCase()}${STREAM}`, index]))
    this.#current = instruments.map(() => emptyBar(0, 0))
    this.#closed = instruments.map(() => undefined)
  }

  /** Adds the trades of an order. */
  record(order: Order, timeMicros: number): void {
    const bar = this.#at(order.instrument, timeMicros)
    if (bar.trades === 0) {
      bar.first = order.firstId
      bar.open = order.priceTicks[0]!
      bar.high = bar.open
      bar.low = bar.open
    }
    bar.trades += order.fills
    for (let fill = 0; fill < order.fills; fill++) {
      const price = order.priceTicks[fill]!
      const volume = order.volumeSteps[fill]!
      if (price > bar.high) bar.high = price
      if (price < bar.low) bar.low = price
      bar.close = price
      bar.volume += volume
      bar.value += price * volume
      if (order.isSell) continue
      bar.takerBuyVolume += volume
      bar.takerBuyValue += price * volume
    }
  }

  /** Events of a symbol for one push: the last state of the minute before, once it is over, and the current bar. */
  events(index: number, nowMicros: number, micros: boolean): object[] {
    const current = this.#at(index, nowMicros)
    const closed = this.#closed[index]
    const event = (bar: Bar, isOver: boolean) => eventOf(this.#instruments[index]!, bar, isOver, nowMicros, micros)
    return closed?.minute === current.minute - 1
      ? [event(closed, true), event(current, false)]
      : [event(current, false)]
  }

  /** Sends each client the bars that it subscribes to. */
  push(subscribers: Iterable<Subscriber>, nowMicros: number): void {
    for (const subscriber of subscribers)
      for (const stream of subscriber.streams) {
        const index = this.#indexes.get(stream)
        if (index === undefined) continue
        for (const event of this.events(index, nowMicros, subscriber.form.micros)) subscriber.notify(stream, event)
      }
  }

  /** The bar of this time; begins another one where the minute is over. */
  #at(index: number, timeMicros: number): Bar {
    const minute = Math.floor(timeMicros / MINUTE_MICROS)
    const current = this.#current[index]!
    if (minute <= current.minute) return current
    if (current.minute > 0) this.#closed[index] = current
    this.#current[index] = emptyBar(minute, current.close)
    return this.#current[index]!
  }
}

function eventOf(instrument: Instrument, bar: Bar, isOver: boolean, nowMicros: number, micros: boolean): object {
  const { symbol, tickUnits, stepUnits } = instrument
  const time = (timeMicros: number) => (micros ? timeMicros : Math.floor(timeMicros / 1000))
  const openMicros = bar.minute * MINUTE_MICROS
  const price = (ticks: number) => unitsText(ticks * tickUnits)
  const volume = (steps: number) => unitsText(steps * stepUnits)
  // Ticks and steps are in units of 1e-8 both: their product has sixteen decimals.
  const value = (sum: number) => unitsText(Math.round((sum * tickUnits * stepUnits) / 1e8))
  return {
    ...{ e: 'kline', E: time(nowMicros), s: symbol },
    k: {
      ...{ t: time(openMicros), T: time(openMicros + MINUTE_MICROS) - 1, s: symbol, i: '1m' },
      ...{ f: bar.first, L: bar.trades === 0 ? NONE : bar.first + bar.trades - 1 },
      ...{ o: price(bar.open), c: price(bar.close), h: price(bar.high), l: price(bar.low) },
      ...{ v: volume(bar.volume), n: bar.trades, x: isOver, q: value(bar.value) },
      ...{ V: volume(bar.takerBuyVolume), Q: value(bar.takerBuyValue), B: '0' },
    },
  }
}
