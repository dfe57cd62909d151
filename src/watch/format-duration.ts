/** A span of time for people: `12 s`, `3 min`, `5 h`, `2 days`. */
import { MS_PER_DAY, MS_PER_HOUR } from '../clock.ts'

export function formatDuration(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  if (ms < 2 * MS_PER_HOUR) return `${Math.round(ms / 60_000)} min`
  return ms < 2 * MS_PER_DAY ? `${Math.round(ms / MS_PER_HOUR)} h` : `${Math.round(ms / MS_PER_DAY)} days`
}
