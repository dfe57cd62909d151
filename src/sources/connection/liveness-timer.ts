import { Liveness } from './liveness.ts'
import type { Timings } from './timings.ts'

/** A connection on which nothing ever comes is replaced ever more rarely, up to so many times the first wait. */
const PATIENCE_MAX = 32

/**
 * Is a connection silent that should not be: against its own rhythm, or since it opened? It outlives the sockets. Pure; times are
 * ms of one clock of the caller's.
 */
export class LivenessTimer {
  readonly #timings: Timings
  readonly #liveness: Liveness
  #openedMs = 0
  /** Nothing came since it opened. */
  #mute = true
  #patience = 1
  #silent = false
  #lastFrameMs: number | undefined
  readonly #sinceMs: number

  constructor(timings: Timings, nowMs: number) {
    this.#sinceMs = nowMs
    this.#timings = timings
    this.#liveness = new Liveness(timings)
  }

  /** Called silent, and nothing came since. */
  get silent(): boolean {
    return this.#silent
  }

  get lastFrameMs(): number | undefined {
    return this.#lastFrameMs
  }

  /** Since the last frame; before the first one, since we began. */
  quietMs(nowMs: number): number {
    return Math.max(0, nowMs - (this.#lastFrameMs ?? this.#sinceMs))
  }

  /** A socket takes over; `heard`: something came on it already. */
  opened(nowMs: number, heard: boolean): void {
    this.#openedMs = nowMs
    this.#mute = !heard
    this.#liveness.resume(nowMs)
  }

  /** We begin to listen again: the time before says nothing. */
  resume(nowMs: number): void {
    this.#openedMs = nowMs
    this.#liveness.resume(nowMs)
  }

  frame(nowMs: number): void {
    this.#lastFrameMs = nowMs
    this.#mute = false
    this.#patience = 1
    this.#silent = false
    this.#liveness.frame(nowMs)
  }

  /** Did something come so lately that the connection is not about to be called silent? */
  framesGoOn(nowMs: number): boolean {
    return this.#lastFrameMs !== undefined && nowMs - this.#lastFrameMs < this.#timings.quietMsMin / 2
  }

  /** How long it has been silent and since when, if that is too long; each time it is then given twice as long. */
  check(nowMs: number): { silentMs: number; why: string } | undefined {
    if (this.#liveness.isSilent(nowMs)) {
      this.#silent = true
      const silentMs = Math.round(this.#liveness.quietMs(nowMs))
      this.#liveness.calledSilent()
      return { silentMs, why: 'silent against its usual rhythm' }
    }
    const silentMs = Math.round(nowMs - this.#openedMs)
    if (!this.#mute || silentMs < this.#timings.firstFrameMsMax * this.#patience) return undefined
    this.#silent = true
    this.#patience = Math.min(PATIENCE_MAX, 2 * this.#patience)
    return { silentMs, why: 'nothing came since it opened' }
  }
}
