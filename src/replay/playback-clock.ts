import type { Clock } from '../clock.ts'

/**
 * Market time during a replay: runs from a start time at `speed` times wall-clock speed, and can be paused. It is
 * always computed from its start, so one delay does not delay everything after it.
 */
export class PlaybackClock {
  readonly speed: number
  readonly #clock: Clock
  #startNanos = 0n
  #startMs = 0
  #pausedAtMs: number | undefined

  /** `speed` is 1 for the original spacing, `Infinity` for none. */
  constructor(clock: Clock, speed: number) {
    this.#clock = clock
    this.speed = speed
  }

  /** Sets market time. */
  start(nanos: bigint): void {
    this.#startNanos = nanos
    this.#startMs = this.#pausedAtMs ?? this.#clock.elapsedMs()
  }

  pause(): void {
    this.#pausedAtMs ??= this.#clock.elapsedMs()
  }

  resume(): void {
    if (this.#pausedAtMs === undefined) return
    this.#startMs += this.#clock.elapsedMs() - this.#pausedAtMs
    this.#pausedAtMs = undefined
  }

  /** Market time, ns since 1970 UTC: ticks up to it are due. Undefined at infinite speed. */
  nowNanos(): bigint {
    const elapsedMs = (this.#pausedAtMs ?? this.#clock.elapsedMs()) - this.#startMs
    return this.#startNanos + BigInt(Math.floor(elapsedMs * 1e6 * this.speed))
  }

  /** Wall-clock time until market time reaches `nanos`, ms. */
  waitMs(nanos: bigint): number {
    return Number(nanos - this.nowNanos()) / 1e6 / this.speed
  }
}
