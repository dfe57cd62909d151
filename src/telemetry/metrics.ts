/**
 * All metrics, each defined once: help text, unit, labels and targets. `/metrics`, the table `metrics`, the dashboards,
 * the alert rules and `docs/metrics.md` are derived from here.
 *
 * Few labels, and never a symbol: values by symbol are queried from the ticks.
 */
import type { MetricDefinition, Target } from './definitions/metric.ts'
import { SEAL_METRICS } from './definitions/metrics-of-seal.ts'
import { SOURCE_METRICS } from './definitions/metrics-of-sources.ts'

export type { MetricDefinition, Target }

const define = <T extends Record<string, MetricDefinition>>(
  metrics: T,
): { readonly [Name in keyof T]: MetricDefinition } => metrics

const PARTITION = ['partition']
/** A kind of ticks: quotes, trades. */
const KIND = ['kind']
/** Label `quantile` is p50, p99 or max of the last few hundred values. */
const QUANTILE = ['quantile']

export const METRICS = define({
  station_trouble: {
    station: 'house',
    kind: 'gauge',
    help: '1 while the stage needs attention',
    labels: ['station'],
    targets: [{ atMost: 0 }],
  },
  events_total: {
    station: 'house',
    kind: 'counter',
    help: 'Events emitted, by name',
    labels: ['process', 'event', 'level'],
  },
  diagnostics_left_out_total: {
    station: 'house',
    kind: 'counter',
    help: 'Metrics and events dropped because their tables could not be written in time',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  process_cpu_seconds_total: {
    station: 'house',
    kind: 'counter',
    help: 'CPU time used',
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
    help: 'How late timers fired, over the last 5 seconds',
    labels: ['process', ...QUANTILE],
    targets: [{ labels: { quantile: 'p99' }, atMost: 0.25 }],
  },
  disk_free_bytes: {
    station: 'house',
    kind: 'gauge',
    help: 'Free bytes on the disk of an embedded store',
    labels: [],
    targets: [{ atLeast: 2 ** 30 }],
  },

  ...SOURCE_METRICS,

  log_appended_ticks_per_second: {
    station: 'log',
    kind: 'gauge',
    help: 'Ticks appended to the log per second',
    labels: [],
  },
  log_append_seconds: {
    station: 'log',
    kind: 'gauge',
    help: 'Time from closing a record to its durability in the log',
    labels: QUANTILE,
    targets: [{ labels: { quantile: 'p99' }, atMost: 0.25 }],
  },
  log_bytes: { station: 'log', kind: 'gauge', help: 'Size of the log, all replicas included', labels: [] },
  log_first_offset: {
    station: 'log',
    kind: 'gauge',
    help: 'Offset of the oldest record in the log',
    labels: PARTITION,
  },
  log_next_offset: { station: 'log', kind: 'gauge', help: 'Offset of the next record', labels: PARTITION },
  log_stored_offset: {
    station: 'log',
    kind: 'gauge',
    help: 'All records below this offset are stored',
    labels: PARTITION,
  },
  log_archived_offset: {
    station: 'log',
    kind: 'gauge',
    help: 'All records below this offset are archived and verified',
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
  ingest_stored_ticks_per_second: { station: 'ingest', kind: 'gauge', help: 'Ticks stored per second', labels: [] },
  ingest_refused_ticks_total: {
    station: 'ingest',
    kind: 'counter',
    help: 'Ticks quarantined, by reason; includes duplicates',
    labels: ['reason'],
  },
  ingest_open_gaps: {
    station: 'ingest',
    kind: 'gauge',
    help: 'Ranges of trade ids that are missing',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  ingest_batch_ticks: { station: 'ingest', kind: 'gauge', help: 'Ticks in the last batch', labels: [] },
  ingest_batch_age_seconds: {
    station: 'ingest',
    kind: 'gauge',
    help: 'Time from reading a record to storing its batch, for the oldest record of the batch',
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

  store_ticks: { station: 'store', kind: 'gauge', help: 'Ticks in the table of each kind', labels: KIND },
  store_bytes: { station: 'store', kind: 'gauge', help: 'Size of the tables on disk', labels: [] },
  store_bytes_per_tick: { station: 'store', kind: 'gauge', help: 'Bytes on disk per tick of each kind', labels: KIND },
  store_parts: {
    station: 'store',
    kind: 'gauge',
    help: 'Active parts of all tables',
    labels: [],
    targets: [{ atMost: 1_000 }],
  },
  store_merges: { station: 'store', kind: 'gauge', help: 'Merges in progress', labels: [] },
  store_freshness_seconds: {
    station: 'store',
    kind: 'gauge',
    help: "Time from the venue's timestamp of a tick until a query returns it: first, middle and newest tick of each batch",
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
    help: 'Time since the last audit',
    labels: PARTITION,
    targets: [{ atMost: 300 }],
  },

  requests_refused_total: {
    station: 'serve',
    kind: 'counter',
    help: 'Requests to the page and its SQL refused, by class: denied, limit, token, failed or mistake',
    labels: ['reason'],
  },

  archive_behind_seconds: {
    station: 'archive',
    kind: 'gauge',
    help: 'Time since the oldest segment ended that could be archived and is not',
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
  ...SEAL_METRICS,

  watch_house_well: {
    station: 'watch',
    kind: 'gauge',
    help: '1 if the last probe found the instance recording, storing and fresh',
    labels: [],
    targets: [{ atLeast: 1 }],
  },
  watch_probe_age_seconds: {
    station: 'watch',
    kind: 'gauge',
    help: 'Time since the last probe ended',
    labels: [],
    targets: [{ atMost: 60 }],
  },
  watch_alerts_open: { station: 'watch', kind: 'gauge', help: 'Open alerts', labels: ['severity'] },
  watch_messages_unsent: {
    station: 'watch',
    kind: 'gauge',
    help: 'Alert messages that a channel has not accepted yet',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  watch_messages_sent_total: {
    station: 'watch',
    kind: 'counter',
    help: 'Alert messages accepted, over all channels',
    labels: [],
  },
  watch_send_failures_total: {
    station: 'watch',
    kind: 'counter',
    help: 'Failed attempts to send an alert message',
    labels: [],
  },
})

export type MetricName = keyof typeof METRICS

/** A value of a metric. `labels` has exactly the labels of its definition. */
export interface Measurement {
  name: MetricName
  labels: Readonly<Record<string, string>>
  value: number
}

/** Quantiles in ms as measurements in seconds; empty before the first value. */
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
