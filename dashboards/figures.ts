/** Figures of `src/observe/metrics.ts` as statements over table `metrics`, with their units and targets. */
import { METRICS, type MetricDefinition, type MetricName, type Target } from '../src/observe/metrics.ts'
import { isChosen } from './clickhouse.ts'

/** Between two samples of a figure, and some more. */
const FIRST_SAMPLE_SECONDS = 15

export const definitionOf = (name: MetricName): MetricDefinition => METRICS[name]

/** Grafana's unit of a figure. */
export function unitOf(name: MetricName): string {
  if (name.endsWith('_per_second')) return 'cps'
  if (/_seconds(_total)?$/.test(name)) return 's'
  if (/_bytes(_|$)/.test(name)) return 'bytes'
  return 'short'
}

/** What divides the lines of a figure: its labels, or where it has none the process that tells it. */
function seriesOf(name: MetricName): string {
  const { labels } = definitionOf(name)
  return labels.length === 0 ? 'toString(process)' : labels.map(label => `labels['${label}']`).join(` || ' ' || `)
}

const OF_CHOSEN = isChosen('process', 'process')
const sampled = (names: readonly MetricName[]) =>
  `${names.length === 1 ? `name = '${names[0]}'` : `name IN (${names.map(name => `'${name}'`).join(', ')})`}
    AND $__timeFilter_ms(at) AND ${OF_CHOSEN}`

/** Of the samples of one step the worst, by what it should be. */
const worst = ({ targets = [] }: MetricDefinition) =>
  targets.some(({ atLeast }) => atLeast !== undefined) ? 'min' : 'max'

/**
 * A gauge, or a counter as it stands. Of several processes rates add up; of anything else each tells the same or its own, and the
 * worst is drawn.
 */
export function standing(name: MetricName): string {
  const each = worst(definitionOf(name))
  const [ofStep, ofProcesses] = name.endsWith('_per_second') ? ['avg', 'sum'] : [each, each]
  return `SELECT time, series, ${ofProcesses}(step_value) AS value
FROM (
  SELECT $__timeInterval(at) AS time, ${seriesOf(name)} AS series, ${ofStep}(value) AS step_value
  FROM metrics
  WHERE ${sampled([name])}
  GROUP BY time, series, instance
)
GROUP BY time, series
ORDER BY time, series`
}

/** Several gauges with the same labels in one picture, each by its title. */
export function compared(titles: Readonly<Partial<Record<MetricName, string>>>): string {
  const names = Object.keys(titles) as MetricName[]
  const texts = (values: readonly string[]) => `[${values.map(value => `'${value}'`).join(', ')}]`
  const title = `transform(toString(name), ${texts(names)}, ${texts(Object.values(titles))}, '')`
  return `SELECT $__timeInterval(at) AS time, ${title} || ' ' || ${seriesOf(names[0]!)} AS series, max(value) AS value
FROM metrics
WHERE ${sampled(names)}
GROUP BY time, series
ORDER BY time, series`
}

/**
 * How much a counter rose in each step. It begins at 0 with each run of a process, so runs are told apart by `instance`: a run, or
 * a label, that is first heard of within the time range began there.
 */
export function risen(name: MetricName, { perSecond }: { perSecond: boolean }): string {
  return `SELECT time, series, sum(rise)${perSecond ? ' / $__interval_s' : ''} AS value
FROM (
  SELECT time, series,
    highest - lagInFrame(highest, 1, if(since > $__fromTime_ms + INTERVAL ${FIRST_SAMPLE_SECONDS} SECOND, 0, lowest))
      OVER (PARTITION BY series, instance ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS rise
  FROM (
    SELECT $__timeInterval(at) AS time, ${seriesOf(name)} AS series, instance,
      min(at) AS since, min(value) AS lowest, max(value) AS highest
    FROM metrics
    WHERE ${sampled([name])}
    GROUP BY time, series, instance
  )
)
GROUP BY time, series
ORDER BY time, series`
}

/** A target in words: `p99 at most 1 s`. */
export function targetText(name: MetricName, { labels = {}, atMost, atLeast }: Target): string {
  const unit = unitOf(name)
  const amount = (value: number) => {
    if (unit === 'bytes') return `${value / 2 ** 30} GiB`
    return unit === 's' ? `${value} s` : value.toLocaleString('en-US')
  }
  const bounds = [
    ...(atMost === undefined ? [] : [`at most ${amount(atMost)}`]),
    ...(atLeast === undefined ? [] : [`at least ${amount(atLeast)}`]),
  ]
  return [...Object.values(labels), bounds.join(' and ')].join(' ')
}

/** What a figure says and should be, for a panel. */
export function descriptionOf(name: MetricName): string {
  const { help, targets = [] } = definitionOf(name)
  return [help, ...targets.map(target => `Target: ${targetText(name, target)}`)].map(line => `${line}.`).join(' ')
}

export interface Threshold {
  value: number | null
  color: string
}

/** The targets of a figure as steps of colour; of several the outermost is red. Empty where it has none. */
export function thresholdsOf(name: MetricName): Threshold[] {
  const { targets = [] } = definitionOf(name)
  const least = targets.flatMap(({ atLeast }) => atLeast ?? [])
  if (least.length > 0)
    return [
      { value: null, color: 'red' },
      { value: Math.max(...least), color: 'green' },
    ]
  // A count that should be 0 is wrong from 1 on.
  const most = targets.flatMap(({ atMost }) => (atMost === 0 ? 1 : (atMost ?? []))).sort((a, b) => a - b)
  if (most.length === 0) return []
  const steps = most.map((value, index) => ({ value, color: index === most.length - 1 ? 'red' : 'orange' }))
  return [{ value: null, color: 'green' }, ...steps]
}
