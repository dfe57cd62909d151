/** Definition of a metric: see `../metrics.ts` for the list. */
import type { Stage } from './event.ts'

/** Bounds that a metric should keep: of the series with these labels, else of all its series. */
export interface Target {
  labels?: Readonly<Record<string, string>>
  atMost?: number
  atLeast?: number
}

export interface MetricDefinition {
  station: Stage
  /** A counter only rises while a process runs, and starts at 0 in the next run. */
  kind: 'gauge' | 'counter'
  /** The unit is in the name: seconds, bytes, ticks, ratio, else a count. */
  help: string
  labels: readonly string[]
  targets?: readonly Target[]
}
