/**
 * Is this machine's clock right? Every trade carries the venue's time of it, and comes a moment later. Where all of them come seconds
 * late, the clock is ahead (or the venue is that late); where all come before they happened, it is behind. Old trades that a venue sends
 * after subscribing and single absurd times do not decide: all trades of a while do.
 */

/** Further apart than this is no latency, ms. */
const APART_MS_MAX = 10_000
/** So long, and so many trades, before anything is said. */
const WINDOW_MS = 30_000
const TRADES_MIN = 10

export class VenueClock {
  /** How far our clock is ahead of the venue's, ms; negative where it is behind, 0 where nothing is wrong with it. */
  aheadMs = 0
  readonly #changed: (aheadMs: number) => void
  #sinceMs = Number.NEGATIVE_INFINITY
  #trades = 0
  #leastMs = 0
  #mostMs = 0

  /** `changed` is told when the clock is found to be wrong, and with 0 when it is right again. */
  constructor(changed: (aheadMs: number) => void) {
    this.#changed = changed
  }

  /** A trade came `lateMs` after its own time by our clock; `nowMs` is of a clock that never falls. Nothing is allocated. */
  add(lateMs: number, nowMs: number): void {
    if (nowMs - this.#sinceMs >= WINDOW_MS && (this.#trades >= TRADES_MIN || this.#trades === 0)) this.#turn(nowMs)
    this.#leastMs = Math.min(this.#leastMs, lateMs)
    this.#mostMs = Math.max(this.#mostMs, lateMs)
    this.#trades += 1
  }

  #turn(nowMs: number): void {
    if (this.#trades > 0) {
      const before = this.aheadMs
      this.aheadMs = this.#leastMs > APART_MS_MAX ? this.#leastMs : this.#mostMs < -APART_MS_MAX ? this.#mostMs : 0
      if ((before === 0) !== (this.aheadMs === 0)) this.#changed(this.aheadMs)
    }
    this.#sinceMs = nowMs
    this.#trades = 0
    this.#leastMs = Number.POSITIVE_INFINITY
    this.#mostMs = Number.NEGATIVE_INFINITY
  }
}
