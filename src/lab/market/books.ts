/** The last quote and the last trade of each instrument, in columns. Prices are doubles: equal decimals are equal doubles. */

export class Books {
  readonly bidPrice: Float64Array
  readonly bidSize: Float64Array
  readonly askPrice: Float64Array
  readonly askSize: Float64Array
  readonly lastPrice: Float64Array
  /** When the last quote or trade was received, µs; 0 before the first. */
  readonly seenMicros: Float64Array
  /** Counts the states of the book. */
  readonly version: Uint32Array

  constructor(instruments: number) {
    const column = () => new Float64Array(instruments).fill(Number.NaN)
    this.bidPrice = column()
    this.bidSize = column()
    this.askPrice = column()
    this.askSize = column()
    this.lastPrice = column()
    this.seenMicros = new Float64Array(instruments)
    this.version = new Uint32Array(instruments)
  }

  setQuote(at: number, bidPrice: number, bidSize: number, askPrice: number, askSize: number): void {
    this.bidPrice[at] = bidPrice
    this.bidSize[at] = bidSize
    this.askPrice[at] = askPrice
    this.askSize[at] = askSize
    this.version[at]!++
  }

  /** Both sides are there. */
  isQuoted(at: number): boolean {
    return this.bidPrice[at]! > 0 && this.askPrice[at]! > 0
  }

  /** The middle of the quote, else the last trade; NaN before the first. */
  mark(at: number): number {
    return this.isQuoted(at) ? (this.bidPrice[at]! + this.askPrice[at]!) / 2 : this.lastPrice[at]!
  }
}
