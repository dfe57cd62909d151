/**
 * Sliding-window rate limiter for a venue's limit on actions (connects, frames). Pure: it returns how long to wait, and
 * the caller waits. Times are ms of one clock of the caller.
 */
export class RateLimiter {
  readonly #count: number
  readonly #windowMs: number
  /** Times of the actions within the last window, and of reserved ones; oldest first. */
  #times: number[] = []
  #pausedUntilMs = Number.NEGATIVE_INFINITY

  constructor(count: number, windowMs: number) {
    this.#count = count
    this.#windowMs = windowMs
  }

  /**
   * Reserves the first free time not before `notBeforeMs`; returns the wait from `nowMs`, ms. The action counts even if
   * the caller does not carry it out. A reservation far ahead leaves the times before it free.
   */
  reserve(nowMs: number, notBeforeMs = nowMs): number {
    this.#times = this.#times.filter(time => time > nowMs - this.#windowMs)
    let atMs = Math.max(nowMs, notBeforeMs, this.#pausedUntilMs)
    for (let busyUntilMs = this.#busyUntilMs(atMs); busyUntilMs !== undefined; busyUntilMs = this.#busyUntilMs(atMs)) {
      atMs = busyUntilMs
    }
    this.#times.splice(this.#firstAfter(atMs), 0, atMs)
    return atMs - nowMs
  }

  /** Allows nothing before then: the server requested a pause. */
  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs)
  }

  /** Remaining pause, ms. The caller replaces a reservation made before the pause by a later one. */
  pausedMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs)
  }

  /** The next time to try; undefined if one more action at `atMs` exceeds no window. */
  #busyUntilMs(atMs: number): number | undefined {
    const index = this.#firstAfter(atMs)
    // Each run of `count + 1` actions with the new one must span at least a window.
    for (let first = Math.max(0, index - this.#count); first <= index; first++) {
      const last = first + this.#count - 1
      const begins = first < index ? this.#times[first]! : atMs
      const ends = last < index ? atMs : this.#times[last]
      // The sum, not the difference: it must equal the returned number exactly, or rounding could loop forever.
      if (ends !== undefined && ends < begins + this.#windowMs) return this.#times[first]! + this.#windowMs
    }
    return undefined
  }

  #firstAfter(atMs: number): number {
    const index = this.#times.findIndex(time => time > atMs)
    return index < 0 ? this.#times.length : index
  }
}
