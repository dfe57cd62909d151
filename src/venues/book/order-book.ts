import { Levels } from './levels.ts'

/** An order book by price level, built from a venue's snapshot and the updates after it. */
export class OrderBook {
  readonly bids = new Levels('bids')
  readonly asks = new Levels('asks')
  #bidPrice = 0
  #bidSize = 0
  #askPrice = 0
  #askSize = 0

  clear(): void {
    this.bids.clear()
    this.asks.clear()
  }

  /** Whether the best bid or ask, or one of their sizes, differs from the call before. */
  topChanged(): boolean {
    const { bids, asks } = this
    const { bestPrice: bidPrice, bestSize: bidSize } = bids
    const { bestPrice: askPrice, bestSize: askSize } = asks
    const same =
      bidPrice === this.#bidPrice &&
      bidSize === this.#bidSize &&
      askPrice === this.#askPrice &&
      askSize === this.#askSize
    this.#bidPrice = bidPrice
    this.#bidSize = bidSize
    this.#askPrice = askPrice
    this.#askSize = askSize
    return !same
  }
}
