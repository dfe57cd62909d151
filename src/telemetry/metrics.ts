/**
 * Every figure the house keeps, defined once: what it says, its unit, how it is divided, and what it should be. `/metrics`, the
 * table `metrics`, the dashboards, the alert rules and `docs/metrics.md` all take it from here.
 *
 * Few labels, and never a symbol: what is known by symbol is asked of the ticks themselves.
 */
import type { MetricDefinition, Target } from './definitions/metric.ts'
import { SOURCE_METRICS } from './definitions/metrics-of-sources.ts'

export type { MetricDefinition, Target }

const define = <T extends Record<string, MetricDefinition>>(
  metrics: T,
): { readonly [Name in keyof T]: MetricDefinition } => metrics

const PARTITION = ['partition']
/** Label `quantile` is p50, p99 or max, of the last few hundred. */
const QUANTILE = ['quantile']

export const METRICS = define({
  station_trouble: {
    station: 'house',
    kind: 'gauge',
    help: '1 while the station needs a person',
    labels: ['station'],
    targets: [{ atMost: 0 }],
  },
  events_total: {
    station: 'house',
    kind: 'counter',
    help: 'Occurrences told, by name',
    labels: ['process', 'event', 'level'],
  },
  diagnostics_left_out_total: {
    station: 'house',
    kind: 'counter',
    help: 'Figures and lines that did not reach the tables metrics and events, since they could not be written for long',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  process_cpu_seconds_total: {
    station: 'house',
    kind: 'counter',
    help: 'Processor time used',
    labels: ['process'],
  },
  process_memory_bytes: {
    station: 'house',
    kind: 'gauge',
    help: 'Resident memory',
    labels: ['process'],
    targets: [{ atMost: 4 * 2 ** 30 }],
  },
  process_memory_used_ratio: {
    station: 'house',
    kind: 'gauge',
    help: "Resident memory as a share of the container's limit, or of the machine's memory",
    labels: ['process'],
    targets: [{ atMost: 0.9 }],
  },
  process_event_loop_delay_seconds: {
    station: 'house',
    kind: 'gauge',
    help: 'How late timers ran since the last sample',
    labels: ['process', ...QUANTILE],
    targets: [{ labels: { quantile: 'p99' }, atMost: 0.25 }],
  },
  disk_free_bytes: {
    station: 'house',
    kind: 'gauge',
    help: 'Free on the disk of an embedded store',
    labels: [],
    targets: [{ atLeast: 2 ** 30 }],
  },

  ...SOURCE_METRICS,

  log_appended_ticks_per_second: {
    station: 'log',
    kind: 'gauge',
    help: 'Ticks appended to the log a second',
    labels: [],
  },
  log_append_seconds: {
    station: 'log',
    kind: 'gauge',
    help: 'From a record being cut to it being durable in the log',
    labels: QUANTILE,
    targets: [{ labels: { quantile: 'p99' }, atMost: 0.25 }],
  },
  log_bytes: { station: 'log', kind: 'gauge', help: 'Bytes the log takes, on all machines', labels: [] },
  log_first_offset: { station: 'log', kind: 'gauge', help: 'Oldest record the log holds', labels: PARTITION },
  log_next_offset: { station: 'log', kind: 'gauge', help: 'Where the next record will go', labels: PARTITION },
  log_stored_offset: { station: 'log', kind: 'gauge', help: 'All records below are in the tables', labels: PARTITION },
  log_archived_offset: {
    station: 'log',
    kind: 'gauge',
    help: 'All records below are archived and verified',
    labels: PARTITION,
  },

  ingest_lag_ticks: {
    station: 'ingest',
    kind: 'gauge',
    help: 'Ticks in the log that are not stored yet',
    labels: PARTITION,
  },
  ingest_lag_seconds: {
    station: 'ingest',
    kind: 'gauge',
    help: 'Age of the oldest record that is not stored yet',
    labels: PARTITION,
    targets: [{ atMost: 5 }],
  },
  ingest_stored_ticks_total: { station: 'ingest', kind: 'counter', help: 'Ticks stored', labels: [] },
  ingest_stored_ticks_per_second: { station: 'ingest', kind: 'gauge', help: 'Ticks stored a second', labels: [] },
  ingest_refused_ticks_total: {
    station: 'ingest',
    kind: 'counter',
    help: 'Ticks put in quarantine, by reason; repeated ones are among them',
    labels: ['reason'],
  },
  ingest_open_gaps: {
    station: 'ingest',
    kind: 'gauge',
    help: 'Ranges of trade ids known to be missing',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  ingest_batch_ticks: { station: 'ingest', kind: 'gauge', help: 'Ticks of the last batch', labels: [] },
  ingest_batch_age_seconds: {
    station: 'ingest',
    kind: 'gauge',
    help: 'From a record being read to its batch being stored, oldest of the batch',
    labels: QUANTILE,
    targets: [{ labels: { quantile: 'p99' }, atMost: 1 }],
  },
  ingest_insert_seconds: {
    station: 'ingest',
    kind: 'gauge',
    help: 'Duration of an insert',
    labels: QUANTILE,
    targets: [{ labels: { quantile: 'p99' }, atMost: 0.5 }],
  },

  store_trades: { station: 'store', kind: 'gauge', help: 'Trades in the table', labels: [] },
  store_bytes: { station: 'store', kind: 'gauge', help: 'Bytes of the tables on disk', labels: [] },
  store_bytes_per_trade: { station: 'store', kind: 'gauge', help: 'Bytes on disk that a trade takes', labels: [] },
  store_parts: {
    station: 'store',
    kind: 'gauge',
    help: 'Active parts of all tables',
    labels: [],
    targets: [{ atMost: 1_000 }],
  },
  store_merges: { station: 'store', kind: 'gauge', help: 'Merges under way', labels: [] },
  store_freshness_seconds: {
    station: 'store',
    kind: 'gauge',
    help: "From the venue's time of a tick to a query finding it: first, middle and newest of each batch",
    labels: QUANTILE,
    targets: [
      { labels: { quantile: 'p50' }, atMost: 0.5 },
      { labels: { quantile: 'p99' }, atMost: 1 },
    ],
  },
  store_audit_passed: {
    station: 'store',
    kind: 'gauge',
    help: '1 if the last audit found each tick of the log in the tables exactly once',
    labels: PARTITION,
    targets: [{ atLeast: 1 }],
  },
  store_audit_age_seconds: {
    station: 'store',
    kind: 'gauge',
    help: 'Since the last audit',
    labels: PARTITION,
    targets: [{ atMost: 300 }],
  },

  requests_refused_total: {
    station: 'serve',
    kind: 'counter',
    help: 'Requests of the page and its SQL refused, by class: denied, limit, token, failed or mistake',
    labels: ['reason'],
  },

  archive_behind_seconds: {
    station: 'archive',
    kind: 'gauge',
    help: 'How long ago the oldest slice ended that could be archived and is not',
    labels: [],
    targets: [{ atMost: 600 }],
  },
  archive_failing: {
    station: 'archive',
    kind: 'gauge',
    help: '1 while archiving fails',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  archive_objects: { station: 'archive', kind: 'gauge', help: 'Objects archived and verified', labels: [] },
  archive_rows: { station: 'archive', kind: 'gauge', help: 'Rows archived and verified', labels: [] },
  archive_bytes: { station: 'archive', kind: 'gauge', help: 'Bytes archived and verified', labels: [] },

  watch_house_well: {
    station: 'watch',
    kind: 'gauge',
    help: '1 if the last probe found the house recording, storing and fresh',
    labels: [],
    targets: [{ atLeast: 1 }],
  },
  watch_probe_age_seconds: {
    station: 'watch',
    kind: 'gauge',
    help: 'Since the last probe ended',
    labels: [],
    targets: [{ atMost: 60 }],
  },
  watch_alerts_open: { station: 'watch', kind: 'gauge', help: 'Alerts that are open', labels: ['severity'] },
  watch_messages_unsent: {
    station: 'watch',
    kind: 'gauge',
    help: 'Messages that some route has not taken yet',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  watch_messages_sent_total: { station: 'watch', kind: 'counter', help: 'Messages taken, by all routes', labels: [] },
  watch_send_failures_total: { station: 'watch', kind: 'counter', help: 'Attempts to send that failed', labels: [] },
})

export type MetricName = keyof typeof METRICS

/** A figure as it stands. `labels` has all labels of its definition and no others. */
export interface Measurement {
  name: MetricName
  labels: Readonly<Record<string, string>>
  value: number
}

/** The figures of quantiles in ms as measurements in seconds; none where nothing was measured yet. */
export function quantilesOf(
  name: MetricName,
  labels: Readonly<Record<string, string>>,
  milliseconds: { p50: number; p99: number; max: number } | null,
): Measurement[] {
  if (!milliseconds) return []
  return (['p50', 'p99', 'max'] as const).map(quantile => ({
    name,
    labels: { ...labels, quantile },
    value: milliseconds[quantile] / 1000,
  }))
}
