/**
 * Checks this machine's clock by the venue's times of trades. If all trades of a window arrive seconds late, our clock
 * is ahead (or the venue is that late); if all arrive before their own time, it is behind. Old trades sent after
 * subscribing, and single absurd times, do not decide, since all trades of the window count.
 */

/** A larger difference is not latency. */
const APART_MS_MAX = 10_000
/** Minimum length of a window, and minimum number of its trades. */
const WINDOW_MS = 30_000
const TRADES_MIN = 10

export class VenueClock {
  /** How far our clock is ahead of the venue's, ms; negative if it is behind, 0 if it is right. */
  aheadMs = 0
  readonly #onChange: (aheadMs: number) => void
  #sinceMs = Number.NEGATIVE_INFINITY
  #trades = 0
  #leastMs = 0
  #mostMs = 0

  /** `onChange` is called when the clock is found to be wrong, and with 0 when it is right again. */
  constructor(onChange: (aheadMs: number) => void) {
    this.#onChange = onChange
  }

  /** A trade arrived `lateMs` after its own time by our clock; `nowMs` is of a monotonic clock. Allocates nothing. */
  add(lateMs: number, nowMs: number): void {
    if (nowMs - this.#sinceMs >= WINDOW_MS && (this.#trades >= TRADES_MIN || this.#trades === 0)) this.#evaluate(nowMs)
    this.#leastMs = Math.min(this.#leastMs, lateMs)
    this.#mostMs = Math.max(this.#mostMs, lateMs)
    this.#trades += 1
  }

  #evaluate(nowMs: number): void {
    if (this.#trades > 0) {
      const before = this.aheadMs
      this.aheadMs = this.#leastMs > APART_MS_MAX ? this.#leastMs : this.#mostMs < -APART_MS_MAX ? this.#mostMs : 0
      if ((before === 0) !== (this.aheadMs === 0)) this.#onChange(this.aheadMs)
    }
    this.#sinceMs = nowMs
    this.#trades = 0
    this.#leastMs = Number.POSITIVE_INFINITY
    this.#mostMs = Number.NEGATIVE_INFINITY
  }
}
