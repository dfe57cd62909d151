/** The metrics of `src/telemetry/metrics.ts` as statements over table `metrics`, with units and targets. */
import { METRICS, type MetricDefinition, type MetricName, type Target } from '../src/telemetry/metrics.ts'
import { isChosen } from './clickhouse.ts'

/** Between two samples of a metric. */
const SAMPLE_SECONDS = 5
/** A run whose first sample is later than this after the start of the time range began within the range. */
const FIRST_SAMPLE_SECONDS = 3 * SAMPLE_SECONDS

export const definitionOf = (name: MetricName): MetricDefinition => METRICS[name]

/** Grafana's unit of a rate: its own `cps` prints `c/s`. */
export const PER_SECOND = 'suffix:/s'

/** Grafana's unit of a metric. */
export function unitOf(name: MetricName): string {
  if (name.endsWith('_per_second')) return PER_SECOND
  if (/_seconds(_total)?$/.test(name)) return 's'
  if (/_bytes(_|$)/.test(name)) return 'bytes'
  if (name.endsWith('_ratio')) return 'percentunit'
  return 'short'
}

/**
 * The name of a series: its labels, or its process if it has none. A connection's name starts with its venue, so
 * `venue` is left out; a partition's number is not clear alone.
 */
function seriesOf(name: MetricName): string {
  const { labels } = definitionOf(name)
  const named = labels.includes('connection') ? labels.filter(label => label !== 'venue') : labels
  if (named.length === 0) return 'toString(process)'
  return named
    .map(label => (label === 'partition' ? `'partition ' || labels['partition']` : `labels['${label}']`))
    .join(` || ' ' || `)
}

const OF_CHOSEN = isChosen('process', 'process')
const sampled = (names: readonly MetricName[]) =>
  `${names.length === 1 ? `name = '${names[0]}'` : `name IN (${names.map(name => `'${name}'`).join(', ')})`}
    AND $__timeFilter_ms(at) AND ${OF_CHOSEN}`

/** The aggregate that takes the worst sample of a step, by the metric's target. */
const worst = ({ targets = [] }: MetricDefinition) =>
  targets.some(({ atLeast }) => atLeast !== undefined) ? 'min' : 'max'

/**
 * The values of a gauge, or the running total of a counter. Rates of several processes are summed; for other metrics
 * the worst value is drawn.
 */
export function valuesOf(name: MetricName): string {
  const each = worst(definitionOf(name))
  const [ofStep, ofProcesses] = name.endsWith('_per_second') ? ['avg', 'sum'] : [each, each]
  return `SELECT time, series, ${ofProcesses}(step_value) AS value
FROM (
  SELECT $__timeInterval(at) AS time, ${seriesOf(name)} AS series, ${ofStep}(value) AS step_value
  FROM metrics
  WHERE ${sampled([name])}
  GROUP BY time, series, instance${bounds(name)}
)
GROUP BY time, series
ORDER BY time, series`
}

/** The series name of a target, as a regular expression: Grafana may put the column's name before it. */
export const TARGET_SERIES = '/(^| )target /'

/** Targets above 0, each as a named line over the whole time range. */
function bounds(name: MetricName): string {
  return boundsOf(name)
    .map(
      ({ text, bound }) => `
  UNION ALL
  SELECT arrayJoin([$__fromTime, $__toTime]) AS time, 'target ${text}' AS series, toFloat64(${bound}) AS step_value`,
    )
    .join('')
}

/** Targets that are drawn as lines: none for metrics that are 0 or 1, nor for a bound of 0. */
export function boundsOf(name: MetricName): { text: string; bound: number }[] {
  const { targets = [], help } = definitionOf(name)
  if (/^[01] (while|if) /.test(help)) return []
  return targets.flatMap(target => {
    const bound = target.atMost ?? target.atLeast ?? 0
    return bound > 0 ? [{ text: targetText(name, target), bound }] : []
  })
}

/**
 * A gauge over time as one number for all its series: the sum of rates, else the worst value. `labels` selects the
 * series; all of them by default.
 */
export function overall(name: MetricName, labels: Readonly<Record<string, string>> = {}): string {
  const each = worst(definitionOf(name))
  const [ofStep, ofSeries] = name.endsWith('_per_second') ? ['avg', 'sum'] : [each, each]
  const selected = Object.entries(labels).map(([label, value]) => ` AND labels['${label}'] = '${value}'`)
  return `SELECT time, ${ofSeries}(step_value) AS value
FROM (
  SELECT $__timeInterval(at) AS time, ${seriesOf(name)} AS series, ${ofStep}(value) AS step_value
  FROM metrics
  WHERE ${sampled([name])}${selected.join('')}
  GROUP BY time, series, instance
)
GROUP BY time
ORDER BY time`
}

/** Several gauges with the same labels in one graph; a series is named by its labels and the gauge's title. */
export function compared(titles: Readonly<Partial<Record<MetricName, string>>>): string {
  const names = Object.keys(titles) as MetricName[]
  const texts = (values: readonly string[]) => `[${values.map(value => `'${value}'`).join(', ')}]`
  const title = `transform(toString(name), ${texts(names)}, ${texts(Object.values(titles))}, '')`
  return `SELECT $__timeInterval(at) AS time, ${seriesOf(names[0]!)} || ': ' || ${title} AS series, max(value) AS value
FROM metrics
WHERE ${sampled(names)}
GROUP BY time, series
ORDER BY time, series`
}

/**
 * The increase of a counter in each step, or its rate. A counter starts at 0 in each run of a process, so runs are
 * separated by `instance`: a run, or a label, whose first sample is in the time range began one sample before it.
 *
 * A rate is the increase between the last samples of two steps, divided by the time between those samples: a step
 * contains one to three samples, so dividing by its length would draw dips that did not happen.
 */
export function increaseOf(name: MetricName, { perSecond }: { perSecond: boolean }): string {
  const began = `since > $__fromTime_ms + INTERVAL ${FIRST_SAMPLE_SECONDS} SECOND`
  const before = (value: string, first: string) =>
    `lagInFrame(${value}, 1, ${first}) OVER (PARTITION BY series, instance ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
  const seconds = `(toUnixTimestamp64Milli(until) - toUnixTimestamp64Milli(until_before)) / 1000`
  const value = perSecond ? `sum(rise / (${seconds}))` : 'sum(rise)'
  return `SELECT time, series, ${value} AS value
FROM (
  SELECT time, series, until, highest - ${before('highest', `if(${began}, 0, lowest)`)} AS rise,
    ${before('until', `if(${began}, since - INTERVAL ${SAMPLE_SECONDS} SECOND, since)`)} AS until_before
  FROM (
    SELECT $__timeInterval(at) AS time, ${seriesOf(name)} AS series, instance,
      min(at) AS since, max(at) AS until, min(value) AS lowest, max(value) AS highest
    FROM metrics
    WHERE ${sampled([name])}
    GROUP BY time, series, instance
  )
)${perSecond ? '\nWHERE until > until_before' : ''}
GROUP BY time, series
ORDER BY time, series`
}

/** A target in words: `p99 at most 1 s`. */
export function targetText(name: MetricName, { labels = {}, atMost, atLeast }: Target): string {
  const unit = unitOf(name)
  const amount = (value: number) => {
    if (unit === 'bytes') return `${value / 2 ** 30} GiB`
    if (unit === 'percentunit') return `${value * 100} %`
    return unit === 's' ? `${value} s` : value.toLocaleString('en-US')
  }
  const bounds = [
    ...(atMost === undefined ? [] : [`at most ${amount(atMost)}`]),
    ...(atLeast === undefined ? [] : [`at least ${amount(atLeast)}`]),
  ]
  return [...Object.values(labels), bounds.join(' and ')].join(' ')
}

/** Help text and targets of a metric, for a panel. */
export function descriptionOf(name: MetricName): string {
  const { help, targets = [] } = definitionOf(name)
  return [help, ...targets.map(target => `Target: ${targetText(name, target)}`)].map(line => `${line}.`).join(' ')
}

export interface Threshold {
  value: number | null
  color: string
}

/** Targets of a metric as colour thresholds; of several, the outermost is red. Empty without targets. */
export function thresholdsOf(name: MetricName, targets = definitionOf(name).targets ?? []): Threshold[] {
  const least = targets.flatMap(({ atLeast }) => atLeast ?? [])
  if (least.length > 0)
    return [
      { value: null, color: 'red' },
      { value: Math.max(...least), color: 'green' },
    ]
  // A count with the target 0 is missed from 1 on.
  const most = targets.flatMap(({ atMost }) => (atMost === 0 ? 1 : (atMost ?? []))).sort((a, b) => a - b)
  if (most.length === 0) return []
  const steps = most.map((value, index) => ({ value, color: index === most.length - 1 ? 'red' : 'orange' }))
  return [{ value: null, color: 'green' }, ...steps]
}
