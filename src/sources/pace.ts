/**
 * Keeps to a venue's limit of so many actions (connects, frames) in any window of a given length. Pure: it says how long to
 * wait, and the caller waits. Times are ms of one clock of the caller's choice.
 */
export class Pace {
  readonly #count: number
  readonly #windowMs: number
  /** When the latest `count` actions were, or are to be, done; oldest first. */
  readonly #times: number[] = []
  #heldUntilMs = 0

  constructor(count: number, windowMs: number) {
    this.#count = count
    this.#windowMs = windowMs
  }

  /** Takes the next free place; the wait until then, ms. The action counts, whether the caller carries it out or not. */
  reserve(nowMs: number): number {
    const oldest = this.#times.length === this.#count ? this.#times.shift()! + this.#windowMs : nowMs
    const latest = this.#times.at(-1) ?? nowMs
    const atMs = Math.max(nowMs, oldest, latest, this.#heldUntilMs)
    this.#times.push(atMs)
    return atMs - nowMs
  }

  /** Allows nothing before then: the server asked for a pause. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs)
  }
}
