/** What the tables know of processes that store and archive elsewhere. Ages are by the store's clock, against theirs. */

import { sinceOffsets } from '../store/since-offsets.ts'
import type { Store } from '../store/store.ts'
import type { LogLine } from '../telemetry/journal.ts'
import type { MetricName } from '../telemetry/metrics.ts'

/** The last value of a figure, as one run of a process wrote it. */
export interface LastValue {
  instance: string
  name: MetricName
  labels: Record<string, string>
  value: number
  ageMs: number
}

export interface RemoteReports extends LogLine {
  instance: string
}

/** Figures are written every five seconds: whoever wrote none for so long does not run. */
const FIGURES_SECONDS = 15
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
/** An archiver that stopped is missed for so long. */
const ARCHIVER_HOURS = 24
const ARCHIVE: readonly MetricName[] = [
  'archive_behind_seconds',
  'archive_failing',
  'archive_objects',
  'archive_rows',
  'archive_bytes',
]
const LINES_MAX = 500

/** The figures of storing processes that run. */
export function ingestMetrics(store: Store): Promise<LastValue[]> {
  return lastMetrics(store, INGEST, `INTERVAL ${FIGURES_SECONDS} SECOND`)
}

/** The figures of archiving processes, of those that stopped too. */
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

/** By partition: the last record with a refused tick, of those from the given offset on that were logged lately. */
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

/** What was told in the last so many seconds, oldest first, but for recorders, which say it through the log, and `instance`. */
export async function remoteReports(store: Store, seconds: number, instance: string): Promise<RemoteReports[]> {
  const rows = await store.rows<Omit<RemoteReports, 'id' | 'atMs'> & { id: string; at_ms: string }>(
    `SELECT instance, toString(id) AS id, toString(toUnixTimestamp64Milli(at)) AS at_ms, toString(level) AS level, station, event,
            text, fields
     FROM events
     WHERE at > now64(3) - toIntervalSecond({seconds:UInt32}) AND process != 'record' AND instance != {instance:String}
     ORDER BY at DESC, instance DESC, events.id DESC LIMIT ${LINES_MAX}`,
    { seconds, instance },
  )
  return rows.map(({ at_ms, id, ...told }) => ({ ...told, id: Number(id), atMs: Number(at_ms) })).reverse()
}
