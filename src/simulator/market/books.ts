/**
 * Best bid and ask of every symbol, in step with its orders: an order executes at the price shown, within the size
 * shown, and what it takes is gone afterwards. Between orders only sizes change, as on a real market most of the time.
 */
import { UNITS_PER_ONE } from '../../venues/binance/units.ts'
import { hash, Random } from '../random.ts'
import type { Market, Order } from './market.ts'

/** Value of a best bid or ask in quote currency: median, and standard deviation of its logarithm. */
const VALUE_MEDIAN = 6_000
const VALUE_SIGMA = 1.1
/** Sizes relative to the median, ascending: quantiles of the log-normal distribution. A table, since a size is drawn for most quotes. */
const SIZES = sizesRelative(1_024)
/** How far one change moves a size in the table, up or down. */
const SIZE_STEP_MAX = 96
/** Greatest step of the update id: updates below the best prices have ids too. */
const UPDATE_STEP_MAX = 12

/** A new best bid and ask of a symbol, prices in ticks and sizes in steps. `Books` overwrites it. */
export interface Top {
  /** Index of the symbol in `Market.instruments`. */
  instrument: number
  /** Rises with each change of a symbol, by one or more. */
  updateId: number
  bidTicks: number
  bidSteps: number
  askTicks: number
  askSteps: number
}

export class Books {
  /** The last change. */
  readonly top: Top = { instrument: 0, updateId: 0, bidTicks: 0, bidSteps: 0, askTicks: 0, askSteps: 0 }
  readonly #market: Market
  readonly #random: Random
  readonly #bidTicks: Float64Array
  readonly #bidSteps: Float64Array
  readonly #askTicks: Float64Array
  readonly #askSteps: Float64Array
  /** Places in SIZES of the last sizes. */
  readonly #bidPlaces: Int16Array
  readonly #askPlaces: Int16Array
  readonly #updateIds: Float64Array

  /** `lastUpdateIds` by symbol, to continue an earlier run; otherwise from the seed. */
  constructor(market: Market, seed: number, lastUpdateIds: Readonly<Record<string, number>> = {}) {
    const { instruments } = market
    this.#market = market
    this.#random = new Random(seed, 'books')
    this.#bidTicks = Float64Array.from(instruments, (_, index) => market.opening(index).bidTicks)
    this.#askTicks = Float64Array.from(instruments, (_, index) => market.opening(index).askTicks)
    this.#bidSteps = this.#bidTicks.map((ticks, index) => this.#newSize(index, ticks))
    this.#askSteps = this.#askTicks.map((ticks, index) => this.#newSize(index, ticks))
    this.#bidPlaces = new Int16Array(instruments.length).fill(SIZES.length / 2)
    this.#askPlaces = new Int16Array(instruments.length).fill(SIZES.length / 2)
    this.#updateIds = Float64Array.from(
      instruments,
      ({ symbol }) => lastUpdateIds[symbol] ?? firstUpdateId(symbol, seed),
    )
  }

  /** Writes a symbol's book into `top`. */
  read(instrument: number): Top {
    const { top } = this
    top.instrument = instrument
    top.updateId = this.#updateIds[instrument]!
    top.bidTicks = this.#bidTicks[instrument]!
    top.bidSteps = this.#bidSteps[instrument]!
    top.askTicks = this.#askTicks[instrument]!
    top.askSteps = this.#askSteps[instrument]!
    return top
  }

  /** Shows the prices at which an order will execute, with enough size. False if the book shows them already. */
  before(order: Order): boolean {
    const { instrument, bidTicks, askTicks } = order
    const samePrices = this.#bidTicks[instrument] === bidTicks && this.#askTicks[instrument] === askTicks
    const hitSteps = order.isSell ? this.#bidSteps : this.#askSteps
    const enough = takenAtBest(order)
    if (samePrices && hitSteps[instrument]! > enough) return false
    if (!samePrices) {
      if (this.#bidTicks[instrument] !== bidTicks) this.#bidSteps[instrument] = this.#newSize(instrument, bidTicks)
      if (this.#askTicks[instrument] !== askTicks) this.#askSteps[instrument] = this.#newSize(instrument, askTicks)
      this.#bidTicks[instrument] = bidTicks
      this.#askTicks[instrument] = askTicks
    }
    if (hitSteps[instrument]! <= enough) hitSteps[instrument] = enough + 1 + Math.floor(enough * this.#random.uniform())
    this.#changed(instrument)
    return true
  }

  /** Takes away what an executed order took: a part of the best size, or all of it and levels behind. */
  after(order: Order): void {
    const { instrument, isSell } = order
    const [ticks, steps] = isSell ? [this.#bidTicks, this.#bidSteps] : [this.#askTicks, this.#askSteps]
    const lastTicks = order.priceTicks[order.fills - 1]!
    if (lastTicks === ticks[instrument]) steps[instrument] = steps[instrument]! - takenAtBest(order)
    else {
      ticks[instrument] = lastTicks
      steps[instrument] = this.#newSize(instrument, lastTicks)
    }
    this.#changed(instrument)
  }

  /** Changes one size of a symbol's book, and leaves enough for the order that executes next. */
  resize(instrument: number, nextOrder: Order): void {
    const isBid = this.#random.uniform() < 0.5
    const sizes = isBid ? this.#bidSteps : this.#askSteps
    const median = this.#medianSteps(instrument, (isBid ? this.#bidTicks : this.#askTicks)[instrument]!)
    const places = isBid ? this.#bidPlaces : this.#askPlaces
    const size = sizes[instrument]!
    const place = places[instrument]! + Math.floor((2 * this.#random.uniform() - 1) * SIZE_STEP_MAX)
    places[instrument] = Math.min(SIZES.length - 1, Math.max(0, place))
    const drawn = Math.round(median * SIZES[places[instrument]!]!)
    const isHit = nextOrder.instrument === instrument && nextOrder.isSell === isBid
    const next = Math.max(drawn, isHit ? takenAtBest(nextOrder) + 1 : 1)
    sizes[instrument] = next === size ? size + 1 : next
    this.#changed(instrument)
  }

  #changed(instrument: number): void {
    this.#updateIds[instrument] =
      this.#updateIds[instrument]! + 1 + Math.floor(this.#random.uniform() * UPDATE_STEP_MAX)
    this.read(instrument)
  }

  #newSize(instrument: number, ticks: number): number {
    const relative = SIZES[Math.floor(this.#random.uniform() * SIZES.length)]!
    return Math.max(1, Math.round(this.#medianSteps(instrument, ticks) * relative))
  }

  #medianSteps(instrument: number, ticks: number): number {
    const { tickUnits, stepUnits } = this.#market.instruments[instrument]!
    return Math.max(1, VALUE_MEDIAN / ((ticks * tickUnits * stepUnits) / UNITS_PER_ONE / UNITS_PER_ONE))
  }
}

/** Steps of an order at its first price. */
function takenAtBest(order: Order): number {
  let steps = 0
  for (let fill = 0; fill < order.fills && order.priceTicks[fill] === order.priceTicks[0]; fill++)
    steps += order.volumeSteps[fill]!
  return steps
}

/** Ten to eleven digits, as on a venue some years old. */
function firstUpdateId(symbol: string, seed: number): number {
  return 10_000_000_000 + ((hash(`book ${symbol} ${seed}`) >>> 0) % 80_000_000_000)
}

function sizesRelative(count: number): Float64Array {
  const random = new Random(0, 'sizes')
  return Float64Array.from({ length: count }, () => Math.exp(VALUE_SIGMA * random.normal())).sort()
}
