/** The stages of this process as metrics (`telemetry/metrics.ts`) and as an uptime sample (table `uptime`). */

import { type Measurement, type MetricName, quantilesOf } from '../telemetry/metrics.ts'
import type { PartitionStatus, StageStatuses } from './model.ts'
import type { UptimeSample } from './telemetry-writer.ts'

/** The last audit of each partition. */
export type Audits = ReadonlyMap<number, { atMs: number; passed: boolean }>

/** All metrics except those of the recorders. */
export function measureStages(stages: StageStatuses, audits: Audits): Measurement[] {
  const { log, ingest, store } = stages
  return [
    ...stagesInTrouble(stages),
    one('log_bytes', log.sizeBytes),
    ...log.partitions.flatMap(measurePartition),
    one('ingest_stored_ticks_total', ingest.stored),
    one('ingest_stored_ticks_per_second', ingest.ticksPerSecond),
    ...Object.entries(ingest.refusedByReason).map(([reason, count]) =>
      one('ingest_refused_ticks_total', count, { reason }),
    ),
    one('ingest_open_gaps', ingest.gapsOpen),
    one('ingest_batch_ticks', ingest.batchTicks),
    ...quantilesOf('ingest_batch_age_seconds', {}, ingest.batchAgeMs),
    ...quantilesOf('ingest_insert_seconds', {}, ingest.insertMs),
    one('store_bytes', store.sizeBytes),
    ...Object.entries(store.kinds).flatMap(([kind, { ticks, bytesPerTick }]) => [
      one('store_ticks', ticks, { kind }),
      ...known('store_bytes_per_tick', bytesPerTick, { kind }),
    ]),
    one('store_parts', store.parts),
    one('store_merges', store.merges),
    ...quantilesOf('store_freshness_seconds', {}, store.freshnessQuantilesMs),
    ...[...audits].flatMap(([partition, { atMs, passed }]) => [
      one('store_audit_passed', passed ? 1 : 0, { partition: String(partition) }),
      one('store_audit_age_seconds', (stages.atMs - atMs) / 1000, { partition: String(partition) }),
    ]),
    ...known('disk_free_bytes', store.diskFreeBytes),
  ]
}

function stagesInTrouble({ sources, log, ingest, store, archive }: StageStatuses): Measurement[] {
  return Object.entries({ sources, log, ingest, store, archive }).map(([station, { state }]) =>
    one('station_trouble', state === 'trouble' ? 1 : 0, { station }),
  )
}

function measurePartition(status: PartitionStatus): Measurement[] {
  const labels = { partition: String(status.partition) }
  return [
    one('log_first_offset', status.first, labels),
    one('log_next_offset', status.next, labels),
    one('log_stored_offset', status.stored, labels),
    one('ingest_lag_ticks', status.lagTicks, labels),
    one('ingest_lag_seconds', status.lagMs / 1000, labels),
  ]
}

function one(name: MetricName, value: number, labels: Measurement['labels'] = {}): Measurement {
  return { name, labels, value }
}

function known(name: MetricName, value: number | null, labels: Measurement['labels'] = {}): Measurement[] {
  return value === null ? [] : [one(name, value, labels)]
}

/** Recorded: venues were received and the log accepted their ticks. Stored: ticks were stored without delay. */
export function toUptimeSample({ sources, log, ingest, store, archive }: StageStatuses): UptimeSample {
  return {
    recorded: sources.state !== 'trouble' && log.state === 'ok',
    stored: ingest.state === 'ok' && store.state === 'ok',
    sources: sources.state,
    log: log.state,
    ingest: ingest.state,
    store: store.state,
    archive: archive.state,
  }
}
