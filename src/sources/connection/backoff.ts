/** Exponential backoff with full jitter, so that many clients do not return at the same moment. */
export class Backoff {
  readonly #floorMs: number
  readonly #firstMs: number
  readonly #msMax: number
  #failures = 0

  /** Waits lie between `floorMs` and a ceiling that starts at `firstMs` and doubles up to `msMax`. */
  constructor(floorMs: number, firstMs: number, msMax: number) {
    this.#floorMs = floorMs
    this.#firstMs = firstMs
    this.#msMax = msMax
  }

  /** The wait after one more failure, ms. */
  next(): number {
    const ceiling = Math.min(this.#msMax, this.#firstMs * 2 ** this.#failures++)
    return this.#floorMs + Math.round(Math.random() * Math.max(0, ceiling - this.#floorMs))
  }

  reset(): void {
    this.#failures = 0
  }
}
