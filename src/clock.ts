import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** How far the fast clock may stray from the system's before it is set again: steps by NTP or an administrator show up. */
const DRIFT_MS_MAX = 2

let anchorMs = performance.timeOrigin

/** Our clock: microseconds since 1970 UTC. Finer than `Date.now`, and follows the system clock when that is stepped. */
export function nowMicros(): number {
  const fine = performance.now()
  const coarse = Date.now()
  // Date.now() truncates to the millisecond, so up to 1 ms ahead of it is no drift.
  if (Math.abs(anchorMs + fine - 0.5 - coarse) > DRIFT_MS_MAX) anchorMs = coarse - fine
  return Math.floor((anchorMs + fine) * 1000)
}

/** Time as a loop sees it, so that a simulation can run a day in a millisecond. */
export interface Clock {
  /** Milliseconds since some moment; never falls. */
  elapsedMs(): number
  /** Microseconds since 1970 UTC. */
  nowMicros(): number
  /** Resolves after so long; rejects with an AbortError when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls once after so long, unless the function returned is called before. */
  after(ms: number, call: () => void): () => void
}

export const MS_PER_DAY = 86_400_000

/** The longest that a timer of Node waits, ms: one of more fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** A wait as long as one timer can be, some 24 days: for what looks again whether its time has come. */
export function timerMs(ms: number): number {
  return Math.min(ms, TIMER_MS_MAX)
}

/** Calls once after so long, however long that is, unless the function returned is called before. */
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

/** The machine's own time. */
export const SYSTEM_CLOCK: Clock = {
  elapsedMs: () => performance.now(),
  nowMicros,
  sleep: sleepFor,
  after: callAfter,
}
