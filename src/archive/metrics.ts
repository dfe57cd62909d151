/** Metrics of archiving: see `telemetry/metrics.ts`. */
import { nowMicros } from '../clock.ts'
import type { Measurement } from '../telemetry/metrics.ts'
import type { ArchiveMetrics, SealMetrics } from './archive.ts'

export function measureArchive({
  behindMs,
  failure,
  objects,
  rows,
  bytes,
  archivedBelow,
  seal,
}: ArchiveMetrics): Measurement[] {
  return [
    { name: 'archive_behind_seconds', labels: {}, value: behindMs / 1000 },
    { name: 'archive_failing', labels: {}, value: failure ? 1 : 0 },
    { name: 'archive_objects', labels: {}, value: objects },
    { name: 'archive_rows', labels: {}, value: rows },
    { name: 'archive_bytes', labels: {}, value: bytes },
    ...(seal ? measureSeal(seal) : []),
    ...[...archivedBelow].map(
      ([partition, below]): Measurement => ({
        name: 'log_archived_offset',
        labels: { partition: String(partition) },
        value: below,
      }),
    ),
  ]
}

function measureSeal({ entries, unsealedObjects, checkpointMs, cosignedEntries, failure }: SealMetrics): Measurement[] {
  const measured: Measurement[] = [
    { name: 'seal_entries', labels: {}, value: entries },
    { name: 'seal_waiting_objects', labels: {}, value: unsealedObjects },
    { name: 'seal_failing', labels: {}, value: failure ? 1 : 0 },
  ]
  if (cosignedEntries !== null) measured.push({ name: 'seal_cosigned_entries', labels: {}, value: cosignedEntries })
  if (checkpointMs !== null) {
    const ageMs = Math.max(0, nowMicros() / 1000 - checkpointMs)
    measured.push({ name: 'seal_checkpoint_age_seconds', labels: {}, value: ageMs / 1000 })
  }
  return measured
}
