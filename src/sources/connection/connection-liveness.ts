import { isSporadic } from '../../tick/kinds.ts'
import { Liveness } from './liveness.ts'
import type { Timings } from './timings.ts'

/** The wait before a connection without any frame is replaced doubles each time, up to this factor. */
const WAIT_FACTOR_MAX = 32

/**
 * Detects a silent connection: no frame for far longer than usual, or none since it opened. It outlives the sockets.
 * Pure; times are ms of one clock of the caller.
 */
export class ConnectionLiveness {
  readonly #timings: Timings
  readonly #liveness: Liveness
  /** Hours without a frame are usual: only pings try the socket. */
  readonly #sporadic: boolean
  #openedMs = 0
  /** No frame since it opened. */
  #nothingReceived = true
  #waitFactor = 1
  #silent = false
  #lastFrameMs: number | undefined
  readonly #sinceMs: number

  /** `kinds`: of the ticks that the connection requests. */
  constructor(timings: Timings, nowMs: number, kinds: readonly string[]) {
    this.#sporadic = kinds.every(isSporadic)
    this.#sinceMs = nowMs
    this.#timings = timings
    this.#liveness = new Liveness(timings)
  }

  /** Reported as silent, and no frame since. */
  get silent(): boolean {
    return this.#silent
  }

  get lastFrameMs(): number | undefined {
    return this.#lastFrameMs
  }

  /** Since the last frame; before the first one, since the start. */
  quietMs(nowMs: number): number {
    return Math.max(0, nowMs - (this.#lastFrameMs ?? this.#sinceMs))
  }

  /** A socket becomes the current one; `received`: it has delivered a frame already. */
  opened(nowMs: number, received: boolean): void {
    this.#openedMs = nowMs
    this.#nothingReceived = !received
    this.#liveness.resume(nowMs)
  }

  /** Reading resumes: the pause does not count as silence. */
  resume(nowMs: number): void {
    this.#openedMs = nowMs
    this.#liveness.resume(nowMs)
  }

  frame(nowMs: number): void {
    this.#lastFrameMs = nowMs
    this.#nothingReceived = false
    this.#waitFactor = 1
    this.#silent = false
    this.#liveness.frame(nowMs)
  }

  /** True if the last frame is recent: the connection is not about to be reported as silent. */
  receiving(nowMs: number): boolean {
    return this.#lastFrameMs !== undefined && nowMs - this.#lastFrameMs < this.#timings.quietMsMin / 2
  }

  /**
   * For how long it has been silent, and why that is too long; undefined if it is not. The next wait is twice as long.
   */
  check(nowMs: number): { silentMs: number; why: string } | undefined {
    if (this.#sporadic) return undefined
    if (this.#liveness.isSilent(nowMs)) {
      this.#silent = true
      const silentMs = Math.round(this.#liveness.quietMs(nowMs))
      this.#liveness.reportedSilent()
      return { silentMs, why: 'silent for far longer than usual' }
    }
    const silentMs = Math.round(nowMs - this.#openedMs)
    if (!this.#nothingReceived || silentMs < this.#timings.firstFrameMsMax * this.#waitFactor) return undefined
    this.#silent = true
    this.#waitFactor = Math.min(WAIT_FACTOR_MAX, 2 * this.#waitFactor)
    return { silentMs, why: 'no data since it opened' }
  }
}
