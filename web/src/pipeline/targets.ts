/** Targets of metrics, declared in `telemetry/metrics.ts`, and whether they are met. */
import { METRICS, type MetricName } from '../../../src/telemetry/metrics.ts'
import { count, duration } from '../ui/format.ts'

export interface Target {
  /** Such as `≤ 500 ms`. */
  text: string
  /** Null where the value is unknown. */
  kept: boolean | null
}

/** The target of a metric, if it has one. `value` has the page's units: ms where the metric's name ends in seconds. */
export function targetOf(
  name: MetricName,
  value: number | null | undefined,
  quantile?: 'p50' | 'p99',
): Target | undefined {
  const found = METRICS[name].targets?.find(({ labels }) => labels?.quantile === quantile)
  const inSeconds = name.endsWith('_seconds')
  const [scale, write] = inSeconds ? [1000, duration] : [1, count]
  if (found?.atMost !== undefined) return atMost(found.atMost * scale, value, write)
  if (found?.atLeast !== undefined) return atLeast(found.atLeast * scale, value, write)
  return undefined
}

function atMost(bound: number, value: number | null | undefined, write: (value: number) => string): Target {
  return { text: bound === 0 ? 'should be none' : `≤ ${write(bound)}`, kept: value == null ? null : value <= bound }
}

/** A target from the configuration. */
export function atLeast(bound: number, value: number | null | undefined, write: (value: number) => string): Target {
  return { text: `≥ ${write(bound)}`, kept: value == null ? null : value >= bound }
}
