/** Figures of `src/telemetry/metrics.ts` as statements over table `metrics`, with their units and targets. */
import { METRICS, type MetricDefinition, type MetricName, type Target } from '../src/telemetry/metrics.ts'
import { isChosen } from './clickhouse.ts'

/** Between two samples of a figure. */
const SAMPLE_SECONDS = 5
/** A run whose first sample is so long after the beginning of the time range began within it. */
const FIRST_SAMPLE_SECONDS = 3 * SAMPLE_SECONDS

export const definitionOf = (name: MetricName): MetricDefinition => METRICS[name]

/** Grafana's unit of a rate: its own `cps` says `c/s`. */
export const PER_SECOND = 'suffix:/s'

/** Grafana's unit of a figure. */
export function unitOf(name: MetricName): string {
  if (name.endsWith('_per_second')) return PER_SECOND
  if (/_seconds(_total)?$/.test(name)) return 's'
  if (/_bytes(_|$)/.test(name)) return 'bytes'
  if (name.endsWith('_ratio')) return 'percentunit'
  return 'short'
}

/**
 * What divides the lines of a figure: its labels, or where it has none the process that it is of. The name of a connection begins
 * with that of its venue; a number alone says nothing.
 */
function seriesOf(name: MetricName): string {
  const { labels } = definitionOf(name)
  const said = labels.includes('connection') ? labels.filter(label => label !== 'venue') : labels
  if (said.length === 0) return 'toString(process)'
  return said
    .map(label => (label === 'partition' ? `'partition ' || labels['partition']` : `labels['${label}']`))
    .join(` || ' ' || `)
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
  GROUP BY time, series, instance${bounds(name)}
)
GROUP BY time, series
ORDER BY time, series`
}

/** How the series of a target is called, as a regular expression: Grafana may put the name of the column before it. */
export const TARGET_SERIES = '/(^| )target /'

/** The targets of an amount that is more than 0, each as a line from end to end that says what it is. */
function bounds(name: MetricName): string {
  return boundsOf(name)
    .map(
      ({ text, bound }) => `
  UNION ALL
  SELECT arrayJoin([$__fromTime, $__toTime]) AS time, 'target ${text}' AS series, toFloat64(${bound}) AS step_value`,
    )
    .join('')
}

/** Targets that are drawn as lines: none for what only is or is not, nor where the bound is 0. */
export function boundsOf(name: MetricName): { text: string; bound: number }[] {
  const { targets = [], help } = definitionOf(name)
  if (/^[01] (while|if) /.test(help)) return []
  return targets.flatMap(target => {
    const bound = target.atMost ?? target.atLeast ?? 0
    return bound > 0 ? [{ text: targetText(name, target), bound }] : []
  })
}

/**
 * A gauge as one number for all that have it, over time: rates add up, of anything else the worst counts. `labels` are those of
 * the series that are meant, all where there are none.
 */
export function overall(name: MetricName, labels: Readonly<Record<string, string>> = {}): string {
  const each = worst(definitionOf(name))
  const [ofStep, ofSeries] = name.endsWith('_per_second') ? ['avg', 'sum'] : [each, each]
  const meant = Object.entries(labels).map(([label, value]) => ` AND labels['${label}'] = '${value}'`)
  return `SELECT time, ${ofSeries}(step_value) AS value
FROM (
  SELECT $__timeInterval(at) AS time, ${seriesOf(name)} AS series, ${ofStep}(value) AS step_value
  FROM metrics
  WHERE ${sampled([name])}${meant.join('')}
  GROUP BY time, series, instance
)
GROUP BY time
ORDER BY time`
}

/** Several gauges with the same labels in one picture, each by its title, its labels before it. */
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
 * How much a counter rose in each step, or how fast. It begins at 0 with each run of a process, so runs are told apart by
 * `instance`: a run, or a label, that is first heard of within the time range began there, one sample before.
 *
 * A rate is what was counted between the last samples of two steps, divided by the time between them: a step holds one sample or
 * three as it happens, and divided by its own length it would show falls that never were.
 */
export function risen(name: MetricName, { perSecond }: { perSecond: boolean }): string {
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

/** What a figure says and should be, for a panel. */
export function descriptionOf(name: MetricName): string {
  const { help, targets = [] } = definitionOf(name)
  return [help, ...targets.map(target => `Target: ${targetText(name, target)}`)].map(line => `${line}.`).join(' ')
}

export interface Threshold {
  value: number | null
  color: string
}

/** Targets of a figure as steps of colour; of several the outermost is red. Empty where it has none. */
export function thresholdsOf(name: MetricName, targets = definitionOf(name).targets ?? []): Threshold[] {
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
