/**
 * Detects silence by each feed's own longest gap. A venue's server may answer pings for hours and send no trade (a
 * subscription lost on its side), and a small market may be quiet for an hour, so no fixed timeout fits both.
 */
import type { Timings } from './timings.ts'

/** The longest gap is forgotten after one to two of these, so the limit can also fall. */
const MEMORY_MS = 10 * 60 * 1000
/** Minimum number of frames before a limit is known. */
const FRAMES_MIN = 50

/** The gaps between one feed's frames. It outlives the feed's connections. */
export class Liveness {
  readonly #quietMsMin: number
  readonly #factor: number
  readonly #livenessLearnMs: number
  #firstMs = Number.NaN
  #lastMs = Number.NaN
  #frames = 0
  #longestMs = 0
  #longestBeforeMs = 0
  #memorySinceMs = Number.NaN
  /** The usual gaps were known when a silence was reported: a longer limit does not make them unknown. */
  #reported = false

  /** See `timings.ts`. */
  constructor({
    quietMsMin,
    quietFactor,
    livenessLearnMs,
  }: Pick<Timings, 'quietMsMin' | 'quietFactor' | 'livenessLearnMs'>) {
    this.#quietMsMin = quietMsMin
    this.#factor = quietFactor
    this.#livenessLearnMs = livenessLearnMs
  }

  frame(nowMs: number): void {
    if (this.#frames++ === 0) {
      this.#firstMs = nowMs
      this.#memorySinceMs = nowMs
    } else this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs)
    this.#lastMs = nowMs
    if (nowMs - this.#memorySinceMs < MEMORY_MS) return
    this.#longestBeforeMs = this.#longestMs
    this.#longestMs = 0
    this.#memorySinceMs = nowMs
  }

  /** Reading starts or resumes: the time before does not count as a gap. */
  resume(nowMs: number): void {
    this.#lastMs = nowMs
  }

  /** Doubles the limit after a report: the market may only be quiet. */
  reportedSilent(): void {
    this.#reported = true
    this.#longestMs = Math.max(this.#longestMs, (2 * this.silentAfterMs) / this.#factor)
  }

  /** True if the feed has been quiet for longer than its limit. */
  isSilent(nowMs: number): boolean {
    return this.quietMs(nowMs) >= this.silentAfterMs
  }

  /** Since the last frame, or since reading started, ms. */
  quietMs(nowMs: number): number {
    return nowMs - this.#lastMs
  }

  /** The gap from which on this feed counts as silent, ms; infinite while its usual gaps are not known. */
  get silentAfterMs(): number {
    const longestMs = Math.max(this.#longestMs, this.#longestBeforeMs)
    const silentMs = Math.max(this.#quietMsMin, this.#factor * longestMs)
    const known =
      this.#reported ||
      (this.#frames >= FRAMES_MIN && this.#lastMs - this.#firstMs >= Math.max(this.#livenessLearnMs, silentMs))
    return known ? silentMs : Number.POSITIVE_INFINITY
  }
}
