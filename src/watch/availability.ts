/** The share of each UTC day in which the instance was healthy: recording, storing and fresh. Pure. */
import { MS_PER_DAY } from '../clock.ts'
import type { DayAvailability } from '../status/watch-report.ts'

const DAYS_KEPT = 400
/** After a longer pause than this many intervals, the watcher itself was down. */
const INTERVALS_APART_MAX = 3

/** Time of a UTC day that was watched, and the part of it that was healthy, ms. */
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

/** Adds a probe: its result counts for the time since the previous one. `healthy` is null if unknown. */
export function addProbe(
  { lastMs, days }: Availability,
  nowMs: number,
  healthy: boolean | null,
  everyMs: number,
): Availability {
  const spanMs = nowMs - lastMs
  if (healthy === null || spanMs <= 0 || spanMs > INTERVALS_APART_MAX * everyMs) return { lastMs: nowMs, days }
  const byDay = new Map(days.map(day => [day.day, day]))
  for (let fromMs = lastMs; fromMs < nowMs; ) {
    const untilMs = Math.min(nowMs, (Math.floor(fromMs / MS_PER_DAY) + 1) * MS_PER_DAY)
    const day = new Date(fromMs).toISOString().slice(0, 10)
    const { watchedMs, wellMs } = byDay.get(day) ?? { watchedMs: 0, wellMs: 0 }
    const addedMs = untilMs - fromMs
    byDay.set(day, { day, watchedMs: watchedMs + addedMs, wellMs: wellMs + (healthy ? addedMs : 0) })
    fromMs = untilMs
  }
  const sorted = [...byDay.values()].sort((a, b) => (a.day < b.day ? -1 : 1))
  return { lastMs: nowMs, days: sorted.slice(-DAYS_KEPT) }
}

/** The days as a ratio. */
export function toDays({ days }: Availability): DayAvailability[] {
  return days.map(({ day, watchedMs, wellMs }) => ({ day, watchedMs, ratio: wellMs / watchedMs }))
}
