/** Share of each period that was recorded, from the table `uptime`, where a missing row means that nothing ran. */
import type { UptimePeriod } from '../../../src/serve/page/protocol.ts'

export const DAY_MS = 86_400_000
export const QUARTER_MS = 900_000
/** What is newer may not have reached the table yet. */
const SETTLED_AFTER_MS = 30_000

/** A day, or a quarter of an hour. */
export interface Stretch {
  startMs: number
  /** Of the elapsed part of the period, 0 to 1; null before the first run. */
  recorded: number | null
  stored: number | null
}

/**
 * The last `count` stretches of `stepMs`, oldest first. The first one in which it ran counts from its first row on, unless it is
 * known to have run before (`ranBefore`): then all that has no row is lost.
 */
export function stretches(
  stood: readonly UptimePeriod[],
  nowMs: number,
  stepMs: number,
  count: number,
  ranBefore = false,
): Stretch[] {
  const byStart = new Map(stood.map(each => [each.startMs, each]))
  const firstMs = ranBefore ? Number.NEGATIVE_INFINITY : (stood[0]?.startMs ?? Number.POSITIVE_INFINITY)
  const lastMs = Math.floor(nowMs / stepMs) * stepMs
  return Array.from({ length: count }, (_, index) => {
    const startMs = lastMs - (count - 1 - index) * stepMs
    const passedSeconds = Math.min(stepMs, nowMs - SETTLED_AFTER_MS - startMs) / 1000
    if (startMs < firstMs || passedSeconds <= 0) return { startMs, recorded: null, stored: null }
    const found = byStart.get(startMs)
    const wholeSeconds = startMs === firstMs ? (found?.covered ?? 0) : passedSeconds
    const ratio = (seconds: number) => (wholeSeconds === 0 ? 0 : Math.min(1, seconds / wholeSeconds))
    return { startMs, recorded: ratio(found?.recorded ?? 0), stored: ratio(found?.stored ?? 0) }
  })
}

/** The mean of the stretches that are known; null if none is. */
export function meanRecorded(list: readonly Stretch[]): number | null {
  const known = list.flatMap(({ recorded }) => recorded ?? [])
  return known.length === 0 ? null : known.reduce((sum, ratio) => sum + ratio, 0) / known.length
}

/** Truncated, not rounded: only a complete period shows 100 %. */
export function availabilityText(ratio: number): string {
  if (ratio === 1) return '100 %'
  return `${(Math.floor(ratio * 100_000) / 1_000).toFixed(ratio < 0.99 ? 1 : 3)} %`
}
