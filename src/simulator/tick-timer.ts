/**
 * Computes how many trades are due at a rate, by a monotonic clock. Orders are whole: a large one leaves a debt that
 * the next steps work off, so the rate is exact over any longer time.
 */

/** After a stall (machine suspended or overloaded) at most this much is caught up; the rest is skipped and counted. */
const CATCH_UP_MS_MAX = 1_000

export class RateTimer {
  #ratePerSecond: number
  #lastMs: number
  #due = 0
  /** Trades due but never made, because the exchange could not keep the rate. */
  skipped = 0

  constructor(ratePerSecond: number, nowMs: number) {
    this.#ratePerSecond = ratePerSecond
    this.#lastMs = nowMs
  }

  get ratePerSecond(): number {
    return this.#ratePerSecond
  }

  /** Trades due by now; below 1 if none. `nowMs` is of a monotonic clock. */
  due(nowMs: number): number {
    this.#due += ((nowMs - this.#lastMs) / 1000) * this.#ratePerSecond
    this.#lastMs = nowMs
    const most = Math.max(1, (this.#ratePerSecond * CATCH_UP_MS_MAX) / 1000)
    if (this.#due > most) {
      this.skipped += Math.floor(this.#due - most)
      this.#due = most
    }
    return this.#due
  }

  made(trades: number): void {
    this.#due -= trades
  }

  /** Changes the rate from now on; 0 pauses. */
  setRate(ratePerSecond: number, nowMs: number): void {
    this.due(nowMs)
    this.#ratePerSecond = ratePerSecond
    if (ratePerSecond === 0) this.#due = 0
  }
}
