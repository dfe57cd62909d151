/** Watchers' reports, prepared for display. */
import type { Alert, DayAvailability } from '../../../src/status/watch-report.ts'

/** Of several watchers, each alert once, since the first of them saw it. */
export function openAlerts(reports: readonly { open: readonly Alert[] }[]): Alert[] {
  const byName = new Map<string, Alert>()
  for (const alert of reports.flatMap(({ open }) => open)) {
    const known = byName.get(alert.name)
    if (!known || alert.sinceMs < known.sinceMs) byName.set(alert.name, alert)
  }
  const rank = ({ severity }: Alert) => (severity === 'critical' ? 0 : 1)
  return [...byName.values()].sort((a, b) => rank(a) - rank(b) || a.sinceMs - b.sinceMs)
}

/** Share of the watched time in which the instance was healthy, 0 to 1; null before the first day. */
export function wellRatio({ availability }: { availability: readonly DayAvailability[] }): number | null {
  const watchedMs = availability.reduce((sum, day) => sum + day.watchedMs, 0)
  const wellMs = availability.reduce((sum, day) => sum + day.ratio * day.watchedMs, 0)
  return watchedMs === 0 ? null : wellMs / watchedMs
}
