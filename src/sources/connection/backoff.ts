/** Exponential backoff with full jitter, so that many clients do not return at the same moment. */
export class Backoff {
  readonly #floorMs: number
  readonly #firstMs: number
  readonly #msMax: number
  readonly #random: () => number
  #failures = 0

  /** Waits lie between `floorMs` and a ceiling that starts at `firstMs` and doubles up to `msMax`. */
  constructor(floorMs: number, firstMs: number, msMax: number, random: () => number = Math.random) {
    this.#floorMs = floorMs
    this.#firstMs = firstMs
    this.#msMax = msMax
    this.#random = random
  }

  /** The wait after one more failure, ms. */
  next(): number {
    const ceiling = Math.min(this.#msMax, this.#firstMs * 2 ** this.#failures++)
    return this.#floorMs + Math.round(this.#random() * Math.max(0, ceiling - this.#floorMs))
  }

  reset(): void {
    this.#failures = 0
  }
}
