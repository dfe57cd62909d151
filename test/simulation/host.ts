/** A process that ingests: it can be killed, and stand still while the world goes on. It has a clock of its own. */
import type { Clock } from '../../src/clock.ts'
import type { Timeline } from './timeline.ts'

/** Our clocks at the beginning, µs since 1970 UTC. */
export const START_MICROS = Date.UTC(2026, 10, 22, 23, 59, 55) * 1000

export class Host {
  readonly timeline: Timeline
  readonly clock: Clock
  alive = true
  /** It stands still until then. */
  pausedUntilMs = 0
  /** How far its clock is ahead. */
  skewMicros = 0

  constructor(timeline: Timeline) {
    this.timeline = timeline
    this.clock = {
      elapsedMs: () => timeline.nowMs,
      nowMicros: () => START_MICROS + Math.floor(timeline.nowMs * 1000) + this.skewMicros,
      sleep: (ms, signal) => this.sleep(ms, signal),
      after: (ms, call) => {
        let cancelled = false
        this.after(ms, () => {
          if (!cancelled) call()
        })
        return () => {
          cancelled = true
        }
      },
    }
  }

  /** Does something in this process after so long: never, if it is killed before; later, if it stands still then. */
  after(ms: number, act: () => void): void {
    this.timeline.after(ms, () => {
      if (!this.alive) return
      const waitMs = this.pausedUntilMs - this.timeline.nowMs
      if (waitMs > 0) this.after(waitMs, act)
      else act()
    })
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    this.after(ms, () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    return promise
  }
}
