import type { Clock } from '../clock.ts'

/**
 * The market's time during a replay: begins at a moment, runs so many times as fast as ours, and can be held. It is always
 * reckoned from where it began, so being late once does not make everything after it late.
 */
export class PlaybackClock {
  readonly speed: number
  readonly #clock: Clock
  #anchorNanos = 0n
  #anchorMs = 0
  #heldAtMs: number | undefined

  /** `speed` is 1 for the original spacing, `Infinity` for none. */
  constructor(clock: Clock, speed: number) {
    this.#clock = clock
    this.speed = speed
  }

  /** The market's time is this now. */
  begin(nanos: bigint): void {
    this.#anchorNanos = nanos
    this.#anchorMs = this.#heldAtMs ?? this.#clock.elapsedMs()
  }

  hold(): void {
    this.#heldAtMs ??= this.#clock.elapsedMs()
  }

  release(): void {
    if (this.#heldAtMs === undefined) return
    this.#anchorMs += this.#clock.elapsedMs() - this.#heldAtMs
    this.#heldAtMs = undefined
  }

  /** The market's time, ns since 1970 UTC: what happened until now is due. Not to be asked at infinite speed. */
  nowNanos(): bigint {
    const elapsedMs = (this.#heldAtMs ?? this.#clock.elapsedMs()) - this.#anchorMs
    return this.#anchorNanos + BigInt(Math.floor(elapsedMs * 1e6 * this.speed))
  }

  /** Our time from now until the market's is this, ms. */
  waitMs(nanos: bigint): number {
    return Number(nanos - this.nowNanos()) / 1e6 / this.speed
  }
}
