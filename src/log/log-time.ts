/**
 * A clock that falls further than this was set back. NTP's small corrections, and differences between brokers, stay
 * below. See docs/decisions/clock.md.
 */
export const CLOCK_STEP_MS = 10_000

/**
 * The log time of a record, ms since 1970 UTC, after one of `lastMs`, at clock time `nowMs`. If the clock falls a
 * little, `lastMs` is repeated, so times stay in order. If it falls further, it was wrong before or is wrong now;
 * repeating `lastMs` until it has caught up would give records a wrong time, day and hour, so the clock is followed.
 */
export function logTime(lastMs: number, nowMs: number): number {
  return nowMs < lastMs && nowMs >= lastMs - CLOCK_STEP_MS ? lastMs : nowMs
}
