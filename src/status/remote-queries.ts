/**
 * Queries for the status of other processes that store and archive. Ages are by the store's clock, compared with
 * theirs.
 */

import { sinceOffsets } from '../store/since-offsets.ts'
import type { Store } from '../store/store.ts'
import type { LogEntry } from '../telemetry/journal.ts'
import type { MetricName } from '../telemetry/metrics.ts'

/** The last value of a metric, written by one run of a process. */
export interface LastValue {
  instance: string
  name: MetricName
  labels: Record<string, string>
  value: number
  ageMs: number
}

export interface RemoteEntry extends LogEntry {
  instance: string
}

/** Metrics are written every 5 s: a process without any for this long does not run. */
const METRICS_SECONDS = 15
const INGEST: readonly MetricName[] = [
  'station_trouble',
  'ingest_stored_ticks_total',
  'ingest_stored_ticks_per_second',
  'ingest_refused_ticks_total',
  'ingest_batch_ticks',
  'ingest_batch_age_seconds',
  'ingest_insert_seconds',
  'ingest_lag_seconds',
  'ingest_lag_ticks',
  'log_next_offset',
  'log_stored_offset',
]
/** A stopped archiver is reported for this long. */
const ARCHIVER_HOURS = 24
const ARCHIVE: readonly MetricName[] = [
  'archive_behind_seconds',
  'archive_failing',
  'archive_objects',
  'archive_rows',
  'archive_bytes',
]
const ENTRIES_MAX = 500

/** The metrics of running processes that store. */
export function ingestMetrics(store: Store): Promise<LastValue[]> {
  return lastMetrics(store, INGEST, `INTERVAL ${METRICS_SECONDS} SECOND`)
}

/** The metrics of archiving processes, including stopped ones. */
export function archiveMetrics(store: Store): Promise<LastValue[]> {
  return lastMetrics(store, ARCHIVE, `INTERVAL ${ARCHIVER_HOURS} HOUR`)
}

function lastMetrics(store: Store, names: readonly MetricName[], since: string): Promise<LastValue[]> {
  return store.rows<LastValue>(
    `SELECT instance, name, labels, argMax(value, at) AS value,
            toFloat64(toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(max(at))) AS ageMs
     FROM metrics WHERE name IN {names:Array(String)} AND at > now64(3) - ${since} GROUP BY instance, name, labels`,
    { names },
  )
}

/** Open gaps by symbol. */
export function openGaps(store: Store): Promise<{ venue: string; symbol: string; gaps: number }[]> {
  return store.rows(
    "SELECT venue, symbol, toUInt32(count()) AS gaps FROM gaps FINAL WHERE state = 'open' GROUP BY venue, symbol",
  )
}

/** By partition: the last recently logged record with a refused tick, from the given offset on. */
export async function lastRefused(
  store: Store,
  from: ReadonlyMap<number, number>,
): Promise<{ partition: number; last: string }[]> {
  if (from.size === 0) return []
  return await store.rows(
    `SELECT log_partition AS partition, max(log_offset) AS last FROM quarantine
     WHERE ${sinceOffsets(from)} GROUP BY log_partition`,
  )
}

/**
 * Log entries of the last `seconds`, oldest first, without those of `instance` and of recorders, which report through
 * the log.
 */
export async function remoteEntries(store: Store, seconds: number, instance: string): Promise<RemoteEntry[]> {
  const rows = await store.rows<Omit<RemoteEntry, 'id' | 'atMs'> & { id: string; at_ms: string }>(
    `SELECT instance, toString(id) AS id, toString(toUnixTimestamp64Milli(at)) AS at_ms, toString(level) AS level, station, event,
            text, fields
     FROM events
     WHERE at > now64(3) - toIntervalSecond({seconds:UInt32}) AND process != 'record' AND instance != {instance:String}
     ORDER BY at DESC, instance DESC, events.id DESC LIMIT ${ENTRIES_MAX}`,
    { seconds, instance },
  )
  return rows.map(({ at_ms, id, ...row }) => ({ ...row, id: Number(id), atMs: Number(at_ms) })).reverse()
}
