/** Metrics of archiving: see `telemetry/metrics.ts`. */
import type { Measurement } from '../telemetry/metrics.ts'
import type { ArchiveMetrics } from './archive.ts'

export function measureArchive({
  behindMs,
  failure,
  objects,
  rows,
  bytes,
  archivedBelow,
}: ArchiveMetrics): Measurement[] {
  return [
    { name: 'archive_behind_seconds', labels: {}, value: behindMs / 1000 },
    { name: 'archive_failing', labels: {}, value: failure ? 1 : 0 },
    { name: 'archive_objects', labels: {}, value: objects },
    { name: 'archive_rows', labels: {}, value: rows },
    { name: 'archive_bytes', labels: {}, value: bytes },
    ...[...archivedBelow].map(
      ([partition, below]): Measurement => ({
        name: 'log_archived_offset',
        labels: { partition: String(partition) },
        value: below,
      }),
    ),
  ]
}
