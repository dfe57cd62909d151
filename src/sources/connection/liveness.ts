/**
 * When does quiet mean dead? A venue's server may answer pings for hours and send no trade (a subscription lost on its side),
 * and a small market may be quiet for an hour with all in order. So each feed is judged by its own rhythm.
 */
import type { Timings } from './timings.ts'

/** The longest quiet is remembered for this long, at least; so a rhythm may also quicken. */
const MEMORY_MS = 10 * 60 * 1000
/** Fewer frames than this are no rhythm. */
const FRAMES_MIN = 50

/** One feed's rhythm. It outlives the connections that carry the feed. */
export class Liveness {
  readonly #quietMsMin: number
  readonly #factor: number
  readonly #rhythmMs: number
  #firstMs = Number.NaN
  #lastMs = Number.NaN
  #frames = 0
  #longestMs = 0
  #longestBeforeMs = 0
  #memorySinceMs = Number.NaN

  /** See `timings.ts`. */
  constructor({ quietMsMin, quietFactor, rhythmMs }: Pick<Timings, 'quietMsMin' | 'quietFactor' | 'rhythmMs'>) {
    this.#quietMsMin = quietMsMin
    this.#factor = quietFactor
    this.#rhythmMs = rhythmMs
  }

  /** A frame came. */
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

  /** We begin to listen (again): the time before says nothing about the feed. */
  resume(nowMs: number): void {
    this.#lastMs = nowMs
  }

  /** The feed was called silent: next time be twice as patient, since a market may simply have gone to sleep. */
  calledSilent(): void {
    this.#longestMs = Math.max(this.#longestMs, (2 * this.silentAfterMs) / this.#factor)
  }

  /** Has it been quiet for longer than this feed ever is? */
  isSilent(nowMs: number): boolean {
    return this.quietMs(nowMs) >= this.silentAfterMs
  }

  /** Since the last frame, or since we began to listen, ms. */
  quietMs(nowMs: number): number {
    return nowMs - this.#lastMs
  }

  /** The quiet from which on this feed counts as silent, ms; infinite while its rhythm is not known. */
  get silentAfterMs(): number {
    const longestMs = Math.max(this.#longestMs, this.#longestBeforeMs)
    const silentMs = Math.max(this.#quietMsMin, this.#factor * longestMs)
    const known = this.#frames >= FRAMES_MIN && this.#lastMs - this.#firstMs >= Math.max(this.#rhythmMs, silentMs)
    return known ? silentMs : Number.POSITIVE_INFINITY
  }
}
