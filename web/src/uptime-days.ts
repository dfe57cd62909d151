/** How much of each of the last days the house recorded: from what its own table says, where no row means that nothing ran. */
import type { Stood } from '../../src/serve/protocol.ts'

const DAY_MS = 86_400_000

export interface UptimeDay {
  startMs: number
  /** Of the day as far as it has passed, 0 to 1; null before the house first ran. */
  recorded: number | null
  stored: number | null
}

/** The last `count` UTC days, oldest first. The first day in which it ran counts from its first row on. */
export function uptimeDays(stood: readonly Stood[], nowMs: number, count: number): UptimeDay[] {
  const byStart = new Map(stood.map(day => [day.startMs, day]))
  const firstMs = stood[0]?.startMs ?? Number.POSITIVE_INFINITY
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS
  return Array.from({ length: count }, (_, index) => {
    const startMs = todayMs - (count - 1 - index) * DAY_MS
    if (startMs < firstMs) return { startMs, recorded: null, stored: null }
    const day = byStart.get(startMs)
    const passedSeconds = Math.min(DAY_MS, nowMs - startMs) / 1000
    const wholeSeconds = startMs === firstMs ? (day?.covered ?? 0) : passedSeconds
    const ratio = (seconds: number) => (wholeSeconds === 0 ? 0 : Math.min(1, seconds / wholeSeconds))
    return { startMs, recorded: ratio(day?.recorded ?? 0), stored: ratio(day?.stored ?? 0) }
  })
}

/** The mean of the days that are known; null if none is. */
export function meanRecorded(days: readonly UptimeDay[]): number | null {
  const known = days.flatMap(({ recorded }) => recorded ?? [])
  return known.length === 0 ? null : known.reduce((sum, ratio) => sum + ratio, 0) / known.length
}

/** Cut off, not rounded: 100 % is said only of what is whole. */
export function availabilityText(ratio: number): string {
  if (ratio === 1) return '100 %'
  return `${(Math.floor(ratio * 100_000) / 1_000).toFixed(ratio < 0.99 ? 1 : 3)} %`
}
