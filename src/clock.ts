import { performance } from 'node:perf_hooks'

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
