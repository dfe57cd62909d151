/** What a metric is: see ../metrics.ts for the list. */
import type { Stage } from './event.ts'

/** What a figure should be, where it is divided by labels: of those that bear these. */
export interface Target {
  labels?: Readonly<Record<string, string>>
  atMost?: number
  atLeast?: number
}

export interface MetricDefinition {
  station: Stage
  /** A counter only rises while a process runs and begins at 0 with the next. */
  kind: 'gauge' | 'counter'
  /** Units are in the names: seconds, bytes, ticks, ratio, else a count. */
  help: string
  labels: readonly string[]
  targets?: readonly Target[]
}
