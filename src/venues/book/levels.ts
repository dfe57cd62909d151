/** One side of an order book. */

const LEVELS_MIN = 64

/**
 * The price levels of a side, sorted with the best at the end: most changes are near the best, so that an insertion
 * moves few levels.
 */
export class Levels {
  /** 1 where a higher price is better (bids), -1 where a lower one is (asks). */
  readonly #direction: 1 | -1
  #prices = new Float64Array(LEVELS_MIN)
  #sizes = new Float64Array(LEVELS_MIN)
  #length = 0

  constructor(side: 'bids' | 'asks') {
    this.#direction = side === 'bids' ? 1 : -1
  }

  get length(): number {
    return this.#length
  }

  /** Price and size of the best level; 0 if there is none. */
  get bestPrice(): number {
    return this.#length === 0 ? 0 : this.#prices[this.#length - 1]!
  }
  get bestSize(): number {
    return this.#length === 0 ? 0 : this.#sizes[this.#length - 1]!
  }

  clear(): void {
    this.#length = 0
  }

  /** Sets the size at a price; 0 removes the level. Allocates only to grow. */
  set(price: number, size: number): void {
    const at = this.#find(price)
    const found = at < this.#length && this.#prices[at] === price
    if (found && size > 0) this.#sizes[at] = size
    else if (found) {
      this.#prices.copyWithin(at, at + 1, this.#length)
      this.#sizes.copyWithin(at, at + 1, this.#length)
      this.#length--
    } else if (size > 0) {
      if (this.#length === this.#prices.length) this.#grow()
      this.#prices.copyWithin(at + 1, at, this.#length)
      this.#sizes.copyWithin(at + 1, at, this.#length)
      this.#prices[at] = price
      this.#sizes[at] = size
      this.#length++
    }
  }

  /** The index of a price, or where it belongs. */
  #find(price: number): number {
    const rank = price * this.#direction
    let below = 0
    let above = this.#length
    while (below < above) {
      const middle = (below + above) >>> 1
      if (this.#prices[middle]! * this.#direction < rank) below = middle + 1
      else above = middle
    }
    return below
  }

  #grow(): void {
    const [prices, sizes] = [this.#prices, this.#sizes]
    this.#prices = new Float64Array(prices.length * 2)
    this.#sizes = new Float64Array(sizes.length * 2)
    this.#prices.set(prices)
    this.#sizes.set(sizes)
  }
}
