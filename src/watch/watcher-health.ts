/** Health and metrics of the watcher itself. */
import { type HealthAnswer, healthAlone, type Self, type StageName } from '../status/health.ts'
import { measureEvents } from '../telemetry/event-counts.ts'
import type { Journal } from '../telemetry/journal.ts'
import type { Measurement } from '../telemetry/metrics.ts'
import { measureProcess, ProcessGauge } from '../telemetry/process.ts'
import type { Witness } from './cosigning/witness.ts'
import type { Outbox } from './outbox.ts'
import type { Watcher } from './watcher.ts'

/** The watcher is in trouble if its last probe ended longer ago than this many intervals. */
const INTERVALS_LATE_MAX = 6

/** What a health server serves. */
export interface HealthSource {
  health(): Promise<HealthAnswer>
  measurements(): Promise<readonly Measurement[]>
  /** The process is ready while none of these stages is in trouble. */
  own: readonly StageName[]
}

/** Serves the watcher's health; null if no address is configured. */
export type ServeHealth = (source: HealthSource) => Promise<{ close(): Promise<unknown> } | null>

export interface WatcherHealthOptions {
  self: Self
  watcher: Watcher
  witness: Witness | null
  outbox: Outbox
  journal: Journal
  everyMs: number
}

export function watcherHealth({
  self,
  watcher,
  witness,
  outbox,
  journal,
  everyMs,
}: WatcherHealthOptions): HealthSource {
  const gauge = new ProcessGauge()
  const ageMs = () => Date.now() - (watcher.last?.atMs ?? self.startedAtMs)
  return {
    health: async () => ({
      ...healthAlone(self, {}, null),
      state: ageMs() > INTERVALS_LATE_MAX * everyMs ? 'trouble' : 'ok',
    }),
    measurements: async () => [
      { name: 'watch_house_well', labels: {}, value: watcher.last?.healthy ? 1 : 0 },
      { name: 'watch_probe_age_seconds', labels: {}, value: ageMs() / 1000 },
      ...(['critical', 'warning'] as const).map(severity => ({
        name: 'watch_alerts_open' as const,
        labels: { severity },
        value: watcher.openAlerts.filter(alert => alert.severity === severity).length,
      })),
      ...(witness?.size === undefined ? [] : [{ name: 'cosigned_entries' as const, labels: {}, value: witness.size }]),
      { name: 'watch_messages_unsent', labels: {}, value: outbox.unsent.length },
      { name: 'watch_messages_sent_total', labels: {}, value: outbox.counts.sent },
      { name: 'watch_send_failures_total', labels: {}, value: outbox.counts.failed },
      ...measureProcess(self.process, gauge.read()),
      ...measureEvents(self.process, journal.counts),
    ],
    own: [],
  }
}
