/** Incremental indicators: one value in, one value out, the same in a replay as live. */

/** Exponential mean with weight 2 / (periods + 1), as pandas' `ewm(span=periods, adjust=False)`. */
export class ExponentialMean {
  value = Number.NaN
  readonly #periods: number
  readonly #weight: number
  #count = 0

  constructor(periods: number) {
    this.#periods = periods
    this.#weight = 2 / (periods + 1)
  }

  add(value: number): void {
    this.value = this.#count++ === 0 ? value : this.value + this.#weight * (value - this.value)
  }

  /** As many values as periods have come. */
  get isWarm(): boolean {
    return this.#count >= this.#periods
  }
}

/** Sum of the last values. Summed again once a turn, so that errors of rounding do not add up. */
export class RollingSum {
  sum = 0
  readonly #values: Float64Array
  #next = 0
  #count = 0

  constructor(periods: number) {
    this.#values = new Float64Array(periods)
  }

  add(value: number): void {
    const values = this.#values
    this.sum += value - values[this.#next]!
    values[this.#next] = value
    this.#next = (this.#next + 1) % values.length
    if (this.#count < values.length) this.#count++
    if (this.#next !== 0) return
    this.sum = 0
    for (const each of values) this.sum += each
  }

  get isFull(): boolean {
    return this.#count === this.#values.length
  }
}
