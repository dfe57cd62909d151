/**
 * How far a clock may fall before that counts as a step: NTP's small corrections, and the clocks of brokers beside each other, stay
 * below. See docs/decisions/clock.md.
 */
export const CLOCK_STEP_MS = 10_000

/**
 * The log's time of a record, ms since 1970 UTC, after one that had `lastMs`, where the clock says `nowMs`. A clock that falls a little
 * is held: times stay in order. One that falls further was wrong before or is wrong now, and holding it would put a wrong time, day
 * and hour on all that comes until it has caught up: it is followed.
 */
export function logTime(lastMs: number, nowMs: number): number {
  return nowMs < lastMs && nowMs >= lastMs - CLOCK_STEP_MS ? lastMs : nowMs
}
