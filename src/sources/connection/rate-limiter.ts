/**
 * Keeps to a venue's limit of so many actions (connects, frames) in any window of a given length. Pure: it says how long to
 * wait, and the caller waits. Times are ms of one clock of the caller's choice.
 */
export class RateLimiter {
  readonly #count: number
  readonly #windowMs: number
  /** When actions were done within the last window, or are to be done; oldest first. */
  #times: number[] = []
  #heldUntilMs = Number.NEGATIVE_INFINITY

  constructor(count: number, windowMs: number) {
    this.#count = count
    this.#windowMs = windowMs
  }

  /**
   * Takes the first free place that is no earlier than `notBeforeMs`; the wait until then, ms from `nowMs`. The action counts,
   * whether the caller carries it out or not. A place far ahead takes none from those who come before it.
   */
  reserve(nowMs: number, notBeforeMs = nowMs): number {
    this.#times = this.#times.filter(time => time > nowMs - this.#windowMs)
    let atMs = Math.max(nowMs, notBeforeMs, this.#heldUntilMs)
    for (let busyUntilMs = this.#busyUntilMs(atMs); busyUntilMs !== undefined; busyUntilMs = this.#busyUntilMs(atMs)) {
      atMs = busyUntilMs
    }
    this.#times.splice(this.#firstAfter(atMs), 0, atMs)
    return atMs - nowMs
  }

  /** Allows nothing before then: the server asked for a pause. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs)
  }

  /** How long nothing is allowed yet, ms. A place reserved before the pause was asked for is to be given up for a later one. */
  heldMs(nowMs: number): number {
    return Math.max(0, this.#heldUntilMs - nowMs)
  }

  /** The earliest time that may not be too soon; undefined if one more action at `atMs` makes no window too full. */
  #busyUntilMs(atMs: number): number | undefined {
    const index = this.#firstAfter(atMs)
    // Each run of `count + 1` actions that the new one would be among: as long as a window, or some of them must wait.
    for (let first = Math.max(0, index - this.#count); first <= index; first++) {
      const last = first + this.#count - 1
      const begins = first < index ? this.#times[first]! : atMs
      const ends = last < index ? atMs : this.#times[last]
      // The sum, not the difference: it must be the very number that is returned, or a fraction's rounding would never end.
      if (ends !== undefined && ends < begins + this.#windowMs) return this.#times[first]! + this.#windowMs
    }
    return undefined
  }

  #firstAfter(atMs: number): number {
    const index = this.#times.findIndex(time => time > atMs)
    return index < 0 ? this.#times.length : index
  }
}
