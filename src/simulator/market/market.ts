/**
 * The seeded market: an endless, reproducible sequence of taker orders. One seed, symbol list and nominal rate give one
 * sequence of ids, prices, volumes and sides, independent of the wall clock; the exchange decides when a trade happens.
 *
 * The model: each symbol's fair price is a mean-reverting random walk with stochastic volatility; buys are priced a
 * spread above sells; buyers follow buyers; an order is filled in several trades with one timestamp and may sweep
 * several price levels; volumes are log-normal in quote currency; a few symbols trade most, and a symbol trades more
 * while it moves more.
 */

import { UNITS_PER_ONE } from '../../venues/binance/units.ts'
import { hash, Random } from '../random.ts'
import { type Instrument, instrumentOf } from './instruments.ts'

/** Maximum trades of one order. Lower at low rates, so that one order has no more trades than 50 ms of the rate. */
const FILLS_MAX = 40
const FILLS_MIN = 4
/** Probability that an order has one more trade, and that this trade is at the next price level. */
const ANOTHER_FILL = 0.62
const NEXT_LEVEL = 0.3
/** Probability that the next order of a symbol takes the same side. */
const SAME_SIDE = 0.68

/** Base volatility: standard deviation of the relative price change in one second. */
const VOLATILITY_PER_SECOND = 0.7e-4
/** The two components of log-volatility: standard deviation and relaxation time. */
const FAST = { size: 0.45, seconds: 12 }
const SLOW = { size: 0.4, seconds: 420 }
/** Relaxation time of a deviation from the base price: an hour, so that a chart shows trends. */
const REVERSION_SECONDS = 3_600
/** Share of a price move that order flow explains; the rest is news. */
const FLOW_SHARE = 0.45
/** Maximum distance to a sweep's next price level, in half spreads: gives candles their wicks. */
const SWEEP_GAP = 1.5
/** Trade value in quote currency: median, and standard deviation of its logarithm. */
const TRADE_VALUE_MEDIAN = 160
const TRADE_VALUE_SIGMA = 1.7
const TRADE_VALUE_MAX = 2_000_000
/** Orders between two updates of the symbols' activity weights. */
const ACTIVITY_EVERY_ORDERS = 256

export interface MarketOptions {
  /** At least one; the first trades most. */
  symbols: readonly string[]
  seed: number
  /**
   * Trades a second over all symbols; volatility is scaled by it, so that price moves per second do not depend on it.
   */
  ratePerSecond: number
  /** The next id of a symbol, to continue an earlier run; otherwise from the seed. */
  nextIds?: Readonly<Record<string, number>>
  /** The start and base price of a symbol, to continue an earlier run; otherwise the instrument's. */
  lastPrices?: Readonly<Record<string, number>>
}

/** One taker order and its trades, all at one time. `Market.next` overwrites it. */
export interface Order {
  /** Index of the symbol in `Market.instruments`. */
  instrument: number
  /** Id of the first trade; the others are consecutive. */
  firstId: number
  /** Number of trades: 1 to `FILLS_MAX`. */
  fills: number
  /** Best bid and ask before it, in ticks: its first trade is at one of them. */
  bidTicks: number
  askTicks: number
  /** The taker sells, the buyer is the maker. */
  isSell: boolean
  /** Per trade, in ticks of the instrument. */
  readonly priceTicks: Float64Array
  /** Per trade, in steps of the instrument. */
  readonly volumeSteps: Float64Array
}

export function emptyOrder(): Order {
  return {
    instrument: 0,
    firstId: 0,
    fills: 0,
    bidTicks: 0,
    askTicks: 0,
    isSell: false,
    priceTicks: new Float64Array(FILLS_MAX),
    volumeSteps: new Float64Array(FILLS_MAX),
  }
}

interface Walk {
  readonly random: Random
  readonly basePrice: number
  readonly tick: number
  readonly step: number
  readonly spread: number
  /** The fair price: real-valued, not published. */
  price: number
  fast: number
  slow: number
  isSell: boolean
  /** Trades of the whole market when this symbol last traded. */
  seenTrades: number
  nextId: number
}

export class Market {
  readonly instruments: readonly Instrument[]
  /** Each symbol's long-run share of all trades; the sum is 1. */
  readonly shares: readonly number[]
  readonly #walks: Walk[]
  readonly #random: Random
  readonly #cumulated: Float64Array
  #secondsPerTrade = 0
  #fillsMax = 0
  #orders = 0
  #trades = 0

  constructor(options: MarketOptions) {
    const { symbols, seed } = options
    this.instruments = symbols.map(symbol => instrumentOf(symbol, seed))
    this.#random = new Random(seed)
    this.setRate(options.ratePerSecond)
    this.#cumulated = new Float64Array(symbols.length)
    const weights = symbols.map((_, index) => 1 / (index + 1))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    this.shares = weights.map(weight => weight / total)
    this.#walks = this.instruments.map(instrument => {
      const random = new Random(seed, `walk ${instrument.symbol}`)
      const price = options.lastPrices?.[instrument.symbol] ?? instrument.basePrice
      return {
        random,
        basePrice: price,
        tick: instrument.tickUnits / UNITS_PER_ONE,
        step: instrument.stepUnits / UNITS_PER_ONE,
        spread: instrument.spread,
        price,
        fast: random.normal() * FAST.size,
        slow: random.normal() * SLOW.size,
        isSell: random.uniform() < 0.5,
        seenTrades: 0,
        nextId: options.nextIds?.[instrument.symbol] ?? firstId(instrument.symbol, seed),
      }
    })
  }

  /**
   * Scales the walk to another rate, above 0, from the next order on. The sequence then depends on when this is called.
   */
  setRate(ratePerSecond: number): void {
    this.#secondsPerTrade = 1 / ratePerSecond
    this.#fillsMax = Math.min(FILLS_MAX, Math.max(FILLS_MIN, Math.floor(ratePerSecond / 20)))
  }

  /** The id of an instrument's next trade. */
  nextId(instrument: number): number {
    return this.#walks[instrument]!.nextId
  }

  /** Best bid and ask of an instrument before its first order, in ticks. */
  opening(instrument: number): { bidTicks: number; askTicks: number } {
    const walk = this.#walks[instrument]!
    const halfSpreadTicks = halfSpread(walk, 1)
    return { bidTicks: bidOf(walk, halfSpreadTicks), askTicks: askOf(walk, halfSpreadTicks) }
  }

  /** Picks an instrument by its present activity. */
  pick(random: Random): number {
    const last = this.#cumulated.length - 1
    const target = random.uniform() * this.#cumulated[last]!
    let low = 0
    let high = last
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#cumulated[middle]! > target) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Writes the next order of the market into `order`. */
  next(order: Order): void {
    if (this.#orders++ % ACTIVITY_EVERY_ORDERS === 0) this.#weighActivity()
    const index = this.pick(this.#random)
    const walk = this.#walks[index]!
    const random = walk.random
    if (random.uniform() >= SAME_SIDE) walk.isSell = !walk.isSell
    const volatility = this.#move(walk)

    let fills = 1
    while (fills < this.#fillsMax && random.uniform() < ANOTHER_FILL) fills++
    const direction = walk.isSell ? -1 : 1
    const halfSpreadTicks = halfSpread(walk, volatility)
    order.bidTicks = bidOf(walk, halfSpreadTicks)
    order.askTicks = askOf(walk, halfSpreadTicks)
    let ticks = walk.isSell ? order.bidTicks : order.askTicks
    const stepValue = walk.step * walk.price
    for (let fill = 0; fill < fills; fill++) {
      if (fill > 0 && random.uniform() < NEXT_LEVEL) {
        const gap = 1 + Math.floor(random.uniform() * halfSpreadTicks * SWEEP_GAP)
        ticks = Math.max(1, ticks + direction * gap)
      }
      const value = Math.min(TRADE_VALUE_MAX, TRADE_VALUE_MEDIAN * Math.exp(TRADE_VALUE_SIGMA * random.normal()))
      order.priceTicks[fill] = ticks
      order.volumeSteps[fill] = Math.max(1, Math.round(value / stepValue))
    }
    order.instrument = index
    order.firstId = walk.nextId
    order.fills = fills
    order.isSell = walk.isSell
    walk.nextId += fills
    this.#trades += fills
  }

  /** Advances a symbol's volatility and fair price to now; returns its volatility relative to the base. */
  #move(walk: Walk): number {
    const seconds = Math.max(1, this.#trades - walk.seenTrades) * this.#secondsPerTrade
    walk.seenTrades = this.#trades
    const random = walk.random
    walk.fast = wander(walk.fast, FAST.size, seconds / FAST.seconds, random)
    walk.slow = wander(walk.slow, SLOW.size, seconds / SLOW.seconds, random)
    const volatility = Math.exp(walk.fast + walk.slow)
    const direction = walk.isSell ? -1 : 1
    const impulse = FLOW_SHARE * direction + Math.sqrt(1 - FLOW_SHARE * FLOW_SHARE) * random.normal()
    const pull = Math.log(walk.basePrice / walk.price) * Math.min(1, seconds / REVERSION_SECONDS)
    walk.price *= Math.exp(VOLATILITY_PER_SECOND * volatility * Math.sqrt(seconds) * impulse + pull)
    return volatility
  }

  #weighActivity(): void {
    let sum = 0
    for (let index = 0; index < this.#walks.length; index++) {
      const walk = this.#walks[index]!
      sum += this.shares[index]! * Math.exp(walk.fast + 0.5 * walk.slow)
      this.#cumulated[index] = sum
    }
  }
}

/** At a volatility relative to the base, in ticks. */
function halfSpread(walk: Walk, volatility: number): number {
  return Math.max(0.5, (walk.spread / 2) * Math.sqrt(volatility) * (walk.price / walk.tick))
}

const bidOf = (walk: Walk, halfSpreadTicks: number): number =>
  Math.max(1, Math.floor(walk.price / walk.tick - halfSpreadTicks))

const askOf = (walk: Walk, halfSpreadTicks: number): number =>
  Math.max(1, Math.ceil(walk.price / walk.tick + halfSpreadTicks))

/**
 * One step of an Ornstein-Uhlenbeck process around 0: `size` is its standard deviation, `steps` the time in relaxation
 * times.
 */
function wander(value: number, size: number, steps: number, random: Random): number {
  const kept = Math.exp(-steps)
  return value * kept + size * Math.sqrt(1 - kept * kept) * random.normal()
}

/** A symbol's first id without earlier runs: nine to ten digits, as on a venue some years old. */
function firstId(symbol: string, seed: number): number {
  return 100_000_000 + ((hash(`${symbol} ${seed}`) >>> 0) % 3_900_000_000)
}
