import { timerMs } from '../../clock.ts'
import type { RateLimiter } from './rate-limiter.ts'

/** When a connection opens its next socket: after a wait, within the venue's limit on connects, which all its connections share. */
export class NextOpening {
  readonly #connects: RateLimiter
  readonly #open: () => void
  #timer: NodeJS.Timeout | undefined
  /** By `performance.now`. */
  #atMs = 0
  #cancelled = false

  constructor(connects: RateLimiter, open: () => void) {
    this.#connects = connects
    this.#open = open
  }

  get isScheduled(): boolean {
    return this.#timer !== undefined
  }

  /** Opens now, or when another connection has ended. */
  start(ended: Promise<unknown> | undefined): void {
    if (ended) void ended.then(() => this.after(0))
    else this.after(0)
  }

  /** Opens after at least this wait. Returns the wait, ms. */
  after(waitMs: number): number {
    if (this.#cancelled) return 0
    const nowMs = performance.now()
    const reservedMs = this.#connects.reserve(nowMs, nowMs + waitMs)
    this.#atMs = nowMs + reservedMs
    this.#timer = setTimeout(() => this.#openUnlessPaused(), timerMs(reservedMs))
    return Math.round(reservedMs)
  }

  /** Time until then, ms; 0 if none is scheduled. */
  inMs(): number {
    if (!this.#timer) return 0
    const nowMs = performance.now()
    return Math.round(Math.max(0, this.#atMs - nowMs, this.#connects.pausedMs(nowMs)))
  }

  /** Nothing opens from now on. */
  cancel(): void {
    this.#cancelled = true
    clearTimeout(this.#timer)
  }

  /** The venue may have paused all connections meanwhile, by an answer to another one. */
  #openUnlessPaused(): void {
    const pausedMs = this.#connects.pausedMs(performance.now())
    if (pausedMs > 0) {
      this.after(pausedMs)
      return
    }
    this.#timer = undefined
    this.#open()
  }
}
