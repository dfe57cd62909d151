/**
 * The features of one instrument, from its ticks, one sample after the other: the same code makes the rows that a model is trained with and the
 * ones that it is played with. A sample depends on the last ticks alone, never on where the run began: each sum is taken
 * over its window again, so that no error of rounding is carried on. Nothing is allocated per tick or sample.
 *
 * return_n           log(price / price n samples before)
 * flow_1, flow       (bought - sold) / traded volume by the taker's side, of the last sample, and of the window; 0 where nothing traded
 * quote_imbalance    (bid size - ask size) / (bid size + ask size); NaN without quotes
 * spread_bps         (ask - bid) / middle, basis points; NaN without quotes
 * volatility_bps     root of the mean square of the window's returns from sample to sample, basis points
 * trades_per_second  over the window
 * volume_ratio       volume of the last sample / mean of the window; 1 where nothing traded
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import type { FeatureSchema } from './schema.ts'

const BPS = 10_000

export class FeatureSet {
  /** Of the last sample, in the order of the schema's names. Reused. */
  readonly values: Float64Array
  readonly #everySeconds: number
  readonly #window: number
  readonly #horizons: readonly number[]
  /** Rings of samples: the newest is at `#next` - 1. */
  readonly #prices: Float64Array
  readonly #bought: Float64Array
  readonly #sold: Float64Array
  readonly #trades: Float64Array
  #next = 0
  #samples = 0
  /** Since the last sample. */
  #boughtNow = 0
  #soldNow = 0
  #tradesNow = 0
  #quoteImbalance = Number.NaN
  #spreadBps = Number.NaN

  constructor({ everySeconds, window, horizons, names }: FeatureSchema) {
    this.values = new Float64Array(names.length)
    this.#horizons = horizons
    this.#everySeconds = everySeconds
    this.#window = window
    const size = Math.max(window, ...horizons) + 1
    this.#prices = new Float64Array(size)
    this.#bought = new Float64Array(size)
    this.#sold = new Float64Array(size)
    this.#trades = new Float64Array(size)
  }

  /** Samples until the first one that is whole. */
  get warmUp(): number {
    return this.#prices.length
  }

  trade(volume: number, side: Side): void {
    if (side === SIDE.sell) this.#soldNow += volume
    else if (side === SIDE.buy) this.#boughtNow += volume
    this.#tradesNow++
  }

  quote(bidPrice: number, bidSize: number, askPrice: number, askSize: number): void {
    const isWhole = bidPrice > 0 && askPrice > 0 && bidSize + askSize > 0
    this.#quoteImbalance = isWhole ? (bidSize - askSize) / (bidSize + askSize) : Number.NaN
    this.#spreadBps = isWhole ? ((askPrice - bidPrice) / ((askPrice + bidPrice) / 2)) * BPS : Number.NaN
  }

  /** Takes a sample at a price above 0. True if `values` are whole: enough samples came before. */
  sample(price: number): boolean {
    const at = this.#next
    this.#prices[at] = price
    this.#bought[at] = this.#boughtNow
    this.#sold[at] = this.#soldNow
    this.#trades[at] = this.#tradesNow
    this.#boughtNow = this.#soldNow = this.#tradesNow = 0
    this.#next = (at + 1) % this.#prices.length
    this.#samples = Math.min(this.#samples + 1, this.#prices.length)
    if (this.#samples < this.#prices.length) return false
    this.#fill(price)
    return true
  }

  /** Index of the sample so many before the newest. */
  #before(samples: number): number {
    const size = this.#prices.length
    return (this.#next - 1 - samples + 2 * size) % size
  }

  #fill(price: number): void {
    let column = 0
    for (const samples of this.#horizons) this.values[column++] = Math.log(price / this.#prices[this.#before(samples)]!)
    let [bought, sold, trades, squares] = [0, 0, 0, 0]
    for (let samples = this.#window - 1; samples >= 0; samples--) {
      const at = this.#before(samples)
      bought += this.#bought[at]!
      sold += this.#sold[at]!
      trades += this.#trades[at]!
      const change = Math.log(this.#prices[at]! / this.#prices[this.#before(samples + 1)]!)
      squares += change * change
    }
    const last = this.#before(0)
    const lastVolume = this.#bought[last]! + this.#sold[last]!
    this.values[column++] = lastVolume > 0 ? (this.#bought[last]! - this.#sold[last]!) / lastVolume : 0
    this.values[column++] = bought + sold > 0 ? (bought - sold) / (bought + sold) : 0
    this.values[column++] = this.#quoteImbalance
    this.values[column++] = this.#spreadBps
    this.values[column++] = Math.sqrt(squares / this.#window) * BPS
    this.values[column++] = trades / (this.#window * this.#everySeconds)
    this.values[column++] = bought + sold > 0 ? (lastVolume * this.#window) / (bought + sold) : 1
  }
}
