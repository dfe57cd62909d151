/** How much of each UTC day the house was well: recording, storing and fresh, as its watcher saw it. Pure. */
import type { DayAvailability } from '../status/watch-report.ts'

const DAY_MS = 86_400_000
const DAYS_KEPT = 400
/** Probes further apart than so many usual distances were not made: the watcher itself was away. */
const PROBES_APART_MAX = 3

/** Time of a UTC day that was watched, and of it the time that was well, ms. */
export interface WatchedDay {
  day: string
  watchedMs: number
  wellMs: number
}

export interface Availability {
  /** The last probe, ms since 1970 UTC; 0 before the first. */
  lastMs: number
  /** Oldest first. */
  days: readonly WatchedDay[]
}

export const NOTHING_WATCHED: Availability = { lastMs: 0, days: [] }

/** Takes a probe: the time since the one before was as this one found it. `well` is null where it could not be told. */
export function watched(
  { lastMs, days }: Availability,
  nowMs: number,
  well: boolean | null,
  everyMs: number,
): Availability {
  const spanMs = nowMs - lastMs
  if (well === null || spanMs <= 0 || spanMs > PROBES_APART_MAX * everyMs) return { lastMs: nowMs, days }
  const byDay = new Map(days.map(day => [day.day, day]))
  for (let fromMs = lastMs; fromMs < nowMs; ) {
    const untilMs = Math.min(nowMs, (Math.floor(fromMs / DAY_MS) + 1) * DAY_MS)
    const day = new Date(fromMs).toISOString().slice(0, 10)
    const { watchedMs, wellMs } = byDay.get(day) ?? { watchedMs: 0, wellMs: 0 }
    const addedMs = untilMs - fromMs
    byDay.set(day, { day, watchedMs: watchedMs + addedMs, wellMs: wellMs + (well ? addedMs : 0) })
    fromMs = untilMs
  }
  const sorted = [...byDay.values()].sort((a, b) => (a.day < b.day ? -1 : 1))
  return { lastMs: nowMs, days: sorted.slice(-DAYS_KEPT) }
}

/** The days as they are told. */
export function toDays({ days }: Availability): DayAvailability[] {
  return days.map(({ day, watchedMs, wellMs }) => ({ day, watchedMs, ratio: wellMs / watchedMs }))
}
