import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** The fast clock is set again when it differs by more from the system clock, e.g. after a step by NTP. */
const DRIFT_MS_MAX = 2

let anchorMs = performance.timeOrigin

/** Microseconds since 1970 UTC. Finer than `Date.now`, and follows steps of the system clock. */
export function nowMicros(): number {
  const fine = performance.now()
  const coarse = Date.now()
  // Date.now() truncates to the millisecond, so up to 1 ms ahead of it is not drift.
  if (Math.abs(anchorMs + fine - 0.5 - coarse) > DRIFT_MS_MAX) anchorMs = coarse - fine
  return Math.floor((anchorMs + fine) * 1000)
}

/** The time of a loop, so that a simulation can run a day in a millisecond. */
export interface Clock {
  /** Monotonic milliseconds, from any origin. */
  elapsedMs(): number
  /** Microseconds since 1970 UTC. */
  nowMicros(): number
  /** Resolves after `ms`; rejects with an AbortError when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls once after `ms`, unless the returned function is called before. */
  after(ms: number, call: () => void): () => void
}

export const MS_PER_HOUR = 3_600_000
export const MS_PER_DAY = 24 * MS_PER_HOUR

/** Ms since 1970 as text, to the minute: `2026-11-25 14:00 UTC`. */
export const minuteText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** The longest wait of a timer of Node, ms: a longer one fires immediately. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Caps a wait at the longest timer, 24.8 days: for callers that check again whether their time has come. */
export function timerMs(ms: number): number {
  return Math.min(ms, TIMER_MS_MAX)
}

/** Calls once after `ms` of any length, unless the returned function is called before. */
function callAfter(ms: number, call: () => void): () => void {
  const dueMs = performance.now() + ms
  let timer = setTimeout(fire, timerMs(ms))
  function fire(): void {
    const leftMs = dueMs - performance.now()
    if (ms > TIMER_MS_MAX && leftMs > 0) timer = setTimeout(fire, timerMs(leftMs))
    else call()
  }
  return () => clearTimeout(timer)
}

async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > TIMER_MS_MAX; leftMs -= TIMER_MS_MAX) {
    await sleep(TIMER_MS_MAX, undefined, { signal })
    ms = leftMs - TIMER_MS_MAX
  }
  await sleep(ms, undefined, { signal })
}

/** The clock of this machine. */
export const SYSTEM_CLOCK: Clock = {
  elapsedMs: () => performance.now(),
  nowMicros,
  sleep: sleepFor,
  after: callAfter,
}

/** The same, with waits that do not keep the process running. */
export const BACKGROUND_CLOCK: Clock = {
  ...SYSTEM_CLOCK,
  sleep: (ms, signal) => sleep(timerMs(ms), undefined, { signal, ref: false }),
}
