/** Metrics of the archive's transparency log: see `metrics.ts`. */
import type { MetricDefinition } from './metric.ts'

export const SEAL_METRICS = {
  seal_entries: {
    station: 'archive',
    kind: 'gauge',
    help: 'Entries in the transparency log, under the last checkpoint',
    labels: [],
  },
  seal_waiting_objects: {
    station: 'archive',
    kind: 'gauge',
    help: 'Archived objects that are not sealed yet',
    labels: [],
  },
  seal_checkpoint_age_seconds: {
    station: 'archive',
    kind: 'gauge',
    help: 'Time since the last checkpoint was signed',
    labels: [],
  },
  seal_cosigned_entries: {
    station: 'archive',
    kind: 'gauge',
    help: 'Entries under the last checkpoint that a witness cosigned',
    labels: [],
  },
  seal_failing: {
    station: 'archive',
    kind: 'gauge',
    help: '1 while sealing fails',
    labels: [],
    targets: [{ atMost: 0 }],
  },
  cosigned_entries: {
    station: 'watch',
    kind: 'gauge',
    help: 'Entries under the last checkpoint that this watcher cosigned',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>
