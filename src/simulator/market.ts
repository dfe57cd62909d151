/**
 * The seeded market: an endless, reproducible sequence of taker orders. One seed, symbol list and nominal rate give one
 * sequence of ids, prices, volumes and sides, whatever the wall clock does; when each trade happens is the exchange's matter.
 *
 * What makes it look like a market: each symbol's fair price is a random walk that is pulled back to its base price, with a
 * volatility that itself wanders (calm and wild minutes); buyers pay the ask and sellers get the bid; buyers follow buyers;
 * an order is filled in several trades at one moment and may sweep several prices; volumes are log-normal in money; few
 * symbols trade much and many little, and a symbol trades more while it moves more.
 */

import { UNITS_PER_ONE } from '../venues/binance/units.ts'
import { type Instrument, instrumentOf } from './instruments.ts'
import { hash, Random } from './random.ts'

/** Most trades of one order. Lower at low rates, so that one order never holds more than a twentieth of a second's trades. */
const FILLS_MAX = 40
const FILLS_MIN = 4
/** Chance that an order goes on to one more trade, and that this one is at the next price. */
const ANOTHER_FILL = 0.62
const NEXT_LEVEL = 0.3
/** Chance that the next order of a symbol takes the same side: flow comes in runs. */
const SAME_SIDE = 0.68

/** Volatility of a symbol in calm weather: relative to its price, for one second. */
const VOLATILITY_PER_SECOND = 0.7e-4
/** How far log-volatility wanders, and how many seconds it takes to forget: quick gusts on slow weather. */
const GUST = { size: 0.45, seconds: 12 }
const WEATHER = { size: 0.4, seconds: 420 }
/** Seconds until a deviation from the base price has decayed to a third: an hour, so a chart shows trends. */
const REVERSION_SECONDS = 3_600
/** Share of a price move that order flow explains; the rest is news. */
const FLOW_SHARE = 0.45
/** Distance between bid and ask relative to the price, in calm weather. */
const SPREAD = 3e-5
/** How far a sweep's next price lies at most, in half spreads: what gives candles their wicks. */
const SWEEP_GAP = 1.5
/** The median trade in quote currency, and the spread of its logarithm. */
const TRADE_VALUE_MEDIAN = 160
const TRADE_VALUE_SIGMA = 1.7
const TRADE_VALUE_MAX = 2_000_000
/** Orders between two looks at which symbols are busy. */
const ACTIVITY_ORDERS = 256

export interface MarketOptions {
  /** At least one; the first is the busiest. */
  symbols: readonly string[]
  seed: number
  /** Trades a second over all symbols that volatility is scaled for: at any rate a second moves the price alike. */
  ratePerSecond: number
  /** The next id of a symbol, where an earlier run ended; otherwise from the seed. */
  nextIds?: Readonly<Record<string, number>>
  /** The price to go on from and to return to, where an earlier run ended; otherwise that of the instrument. */
  lastPrices?: Readonly<Record<string, number>>
}

/** One taker order and its trades, which happen at one moment. Filled anew by each call of `Market.next`. */
export interface Order {
  /** Index of the symbol in `Market.instruments`. */
  instrument: number
  /** Id of the first trade; the others follow by one. */
  firstId: number
  /** How many trades: 1 to `FILLS_MAX`. */
  fills: number
  /** The taker sells: then the buyer is the maker. */
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
  /** The fair price: real-valued, never shown. */
  price: number
  gust: number
  weather: number
  isSell: boolean
  /** Trades of the whole market when this symbol last traded: its own clock. */
  seenTrades: number
  nextId: number
}

export class Market {
  readonly instruments: readonly Instrument[]
  /** Each symbol's long-run part of all trades; they sum to 1. */
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
        price,
        gust: random.normal() * GUST.size,
        weather: random.normal() * WEATHER.size,
        isSell: random.uniform() < 0.5,
        seenTrades: 0,
        nextId: options.nextIds?.[instrument.symbol] ?? firstId(instrument.symbol, seed),
      }
    })
  }

  /** Scales the walk for another rate, above 0, from the next order on: the call's place is then part of the sequence. */
  setRate(ratePerSecond: number): void {
    this.#secondsPerTrade = 1 / ratePerSecond
    this.#fillsMax = Math.min(FILLS_MAX, Math.max(FILLS_MIN, Math.floor(ratePerSecond / 20)))
  }

  /** The id that the next trade of an instrument will have. */
  nextId(instrument: number): number {
    return this.#walks[instrument]!.nextId
  }

  /** Makes the next order of the market and writes it into `order`. */
  next(order: Order): void {
    if (this.#orders++ % ACTIVITY_ORDERS === 0) this.#weighActivity()
    const index = this.#pick()
    const walk = this.#walks[index]!
    const random = walk.random
    if (random.uniform() >= SAME_SIDE) walk.isSell = !walk.isSell
    const volatility = this.#move(walk)

    let fills = 1
    while (fills < this.#fillsMax && random.uniform() < ANOTHER_FILL) fills++
    const direction = walk.isSell ? -1 : 1
    const halfSpreadTicks = Math.max(0.5, (SPREAD / 2) * Math.sqrt(volatility) * (walk.price / walk.tick))
    const best = walk.price / walk.tick + direction * halfSpreadTicks
    let ticks = Math.max(1, walk.isSell ? Math.floor(best) : Math.ceil(best))
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

  /** Lets a symbol's weather and fair price go on to now; returns its volatility relative to calm weather. */
  #move(walk: Walk): number {
    const seconds = Math.max(1, this.#trades - walk.seenTrades) * this.#secondsPerTrade
    walk.seenTrades = this.#trades
    const random = walk.random
    walk.gust = wander(walk.gust, GUST.size, seconds / GUST.seconds, random)
    walk.weather = wander(walk.weather, WEATHER.size, seconds / WEATHER.seconds, random)
    const volatility = Math.exp(walk.gust + walk.weather)
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
      sum += this.shares[index]! * Math.exp(walk.gust + 0.5 * walk.weather)
      this.#cumulated[index] = sum
    }
  }

  #pick(): number {
    const last = this.#cumulated.length - 1
    const target = this.#random.uniform() * this.#cumulated[last]!
    let low = 0
    let high = last
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#cumulated[middle]! > target) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** One step of a value that wanders around 0 with the given size and forgets after `steps` = 1 (Ornstein and Uhlenbeck). */
function wander(value: number, size: number, steps: number, random: Random): number {
  const kept = Math.exp(-steps)
  return value * kept + size * Math.sqrt(1 - kept * kept) * random.normal()
}

/** Where a symbol's ids begin when nothing is known of earlier runs: nine to ten digits, as on a venue of some years. */
function firstId(symbol: string, seed: number): number {
  return 100_000_000 + ((hash(`${symbol} ${seed}`) >>> 0) % 3_900_000_000)
}
