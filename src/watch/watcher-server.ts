/** Lets the watcher be seen after in its turn, where `METRICS_LISTEN` says. */
import type { Config } from '../config.ts'
import { serveHealthOnly } from '../serve/http/health-server.ts'
import { type HealthAnswer, healthAlone, type Self } from '../status/health.ts'
import { measureEvents } from '../telemetry/event-counts.ts'
import type { Journal } from '../telemetry/journal.ts'
import type { Measurement } from '../telemetry/metrics.ts'
import { measureProcess, ProcessGauge } from '../telemetry/process.ts'
import type { Outbox } from './outbox.ts'
import type { Watcher } from './watcher.ts'

/** A watcher whose last probe ended longer ago than so many distances stands still. */
const PROBES_LATE_MAX = 6

/** Null where no address is set. */
export function serveWatcher(config: Config, journal: Journal, self: Self, watcher: Watcher, outbox: Outbox) {
  const gauge = new ProcessGauge()
  const lateMs = () => Date.now() - (watcher.last?.atMs ?? self.startedAtMs)
  const health = async (): Promise<HealthAnswer> => ({
    ...healthAlone(self, {}, null),
    state: lateMs() > PROBES_LATE_MAX * config.WATCH_EVERY_SECONDS * 1000 ? 'trouble' : 'ok',
  })
  const measurements = async (): Promise<Measurement[]> => [
    { name: 'watch_house_well', labels: {}, value: watcher.last?.well ? 1 : 0 },
    { name: 'watch_probe_age_seconds', labels: {}, value: lateMs() / 1000 },
    ...(['critical', 'warning'] as const).map(severity => ({
      name: 'watch_alerts_open' as const,
      labels: { severity },
      value: watcher.openAlerts.filter(alert => alert.severity === severity).length,
    })),
    { name: 'watch_messages_unsent', labels: {}, value: outbox.unsent.length },
    { name: 'watch_messages_sent_total', labels: {}, value: outbox.counts.sent },
    { name: 'watch_send_failures_total', labels: {}, value: outbox.counts.failed },
    ...measureProcess(self.process, gauge.read()),
    ...measureEvents(self.process, journal.counts),
  ]
  return serveHealthOnly(config, journal.emit, { health, measurements, own: [] })
}
