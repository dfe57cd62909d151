/** How long to wait before trying again: exponential, with full jitter, so that many clients do not return at one moment. */

/** The longest a server's own demand is obeyed: Binance's longest ban is three days. */
const RETRY_AFTER_MS_MAX = 3 * 24 * 60 * 60 * 1000

export class Backoff {
  readonly #floorMs: number
  readonly #firstMs: number
  readonly #msMax: number
  #failures = 0

  /** Waits lie between `floorMs` and a ceiling that begins at `firstMs` and doubles up to `msMax`. */
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

/** A `Retry-After` header, in seconds or as a date (RFC 9110, 10.2.3), as ms from now; undefined if it states none. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), RETRY_AFTER_MS_MAX)
}
