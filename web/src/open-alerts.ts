import type { Alert } from '../../src/watch/report.ts'

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
