/** The panel types of the dashboards, each with its common options. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  TimelineValueAlignment,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Logs } from '@grafana/grafana-foundation-sdk/logs'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import type { MetricName } from '../src/telemetry/metrics.ts'
import { query, SOURCE } from './clickhouse.ts'
import {
  boundsOf,
  compared,
  definitionOf,
  descriptionOf,
  increaseOf,
  PER_SECOND,
  TARGET_SERIES,
  type Threshold,
  thresholdsOf,
  unitOf,
  valuesOf,
} from './metrics.ts'

/** Title, description and size of a panel: the grid is 24 columns wide. */
export interface PanelOptions {
  title: string
  description: string
  width: number
  height?: number
}

const HEIGHT = 8
/** The name of a series: the value of the text column `series`. */
const SERIES_NAME = `\${__field.labels.series}`
/** Metrics are sampled every 5 s: a finer step would have holes. */
const STEP_LEAST = '10s'
/** Text of a panel for which an empty result is good. */
export const NONE = 'none'
/** Text of a panel for which an empty result means that nothing was sampled. */
const NOT_MEASURED = 'not measured'
/** The least maximum of an axis of counts. */
const LEAST_SHOWN = 5
/** Width limit of a bar: a single one would fill the panel. */
const BAR_PIXELS_MAX = 24

export const thresholds = (steps: readonly Threshold[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps])

export const GREEN: Threshold[] = [{ value: null, color: 'green' }]

export const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true)

/** Lines over time. */
export function lines(
  { title, description, width, height = HEIGHT }: PanelOptions,
  unit: string,
  sql: string,
): TimeSeries {
  const panel = new TimeSeries()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('timeseries', sql))
    .unit(unit)
    .noValue(NOT_MEASURED)
    .axisSoftMin(0)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Auto)
    .interval(STEP_LEAST)
    .thresholds(thresholds(GREEN))
    .legend(legend().calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
  // An axis of zeros would reach to 100. Up to 5 its ticks are whole numbers: Grafana prints `noValue` beside others.
  return unit === 'short' || unit === PER_SECOND ? panel.axisSoftMax(LEAST_SHOWN) : panel
}

/** A line for each value of the text column `series`, named by it. */
export const divided = (options: PanelOptions, unit: string, sql: string): TimeSeries =>
  lines(options, unit, sql).displayName(SERIES_NAME)

/** Stacked amounts for each step. */
export const bars = (options: PanelOptions, unit: string, sql: string): TimeSeries =>
  divided(options, unit, sql)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(0)
    .showPoints(VisibilityMode.Never)
    .barMaxWidth(BAR_PIXELS_MAX)
    .noValue(NONE)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))

export interface MetricPanelOptions {
  title: string
  width: number
  /** How a counter is drawn: by its increase, or as a total. Default: in each step. */
  counter?: 'per second' | 'in each step' | 'total'
  /** Overrides the unit derived from the metric's name. */
  unit?: string
}

/** A metric over time; its targets are dashed lines, named in the legend. */
export function metric(
  name: MetricName,
  { title, width, counter = 'in each step', unit }: MetricPanelOptions,
): TimeSeries {
  const increases = definitionOf(name).kind === 'counter' && counter !== 'total'
  const options = { title, width, description: descriptionOf(name) }
  const sql = increases ? increaseOf(name, { perSecond: counter === 'per second' }) : valuesOf(name)
  const draw = increases && counter === 'in each step' ? bars : divided
  const panel = draw(options, unit ?? (increases && counter === 'per second' ? PER_SECOND : unitOf(name)), sql)
  if (unitOf(name) === 'short' && counter !== 'per second') panel.decimals(0)
  const steps = thresholdsOf(name)
  if (steps.length > 0) panel.thresholds(thresholds(steps))
  if (increases || boundsOf(name).length === 0) return panel
  return panel.overrideByRegexp(TARGET_SERIES, [
    { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
    { id: 'custom.fillOpacity', value: 0 },
    { id: 'custom.showPoints', value: VisibilityMode.Never },
    { id: 'custom.spanNulls', value: true },
  ])
}

/** Several metrics with the same labels in one graph, each with the given title. */
export function metrics(
  { title, width }: MetricPanelOptions,
  titles: Readonly<Partial<Record<MetricName, string>>>,
): TimeSeries {
  const names = Object.keys(titles) as MetricName[]
  const description = names.map(name => `${titles[name]}: ${descriptionOf(name)}`).join(' ')
  return divided({ title, width, description }, unitOf(names[0]!), compared(titles))
}

/** Text and colour for each value of a state. */
export type ValueTexts = Readonly<Record<string, { text: string; color: string }>>

function timeline({ title, description, width, height = HEIGHT }: PanelOptions, texts: ValueTexts): StateTimeline {
  return (
    new StateTimeline()
      .title(title)
      .description(description)
      .span(width)
      .height(height)
      .datasource(SOURCE)
      .interval(STEP_LEAST)
      .unit('none')
      .thresholds(thresholds(GREEN))
      .noValue(NOT_MEASURED)
      .mappings(mapped(texts))
      .mergeValues(true)
      // Centred in the visible part: at the start of a state, left of the panel's edge, the text would be cut.
      .alignValue(TimelineValueAlignment.Center)
  )
}

export const mapped = (texts: ValueTexts): ValueMapping[] => [{ type: MappingType.ValueToText, options: { ...texts } }]

/** A metric that is 0 or 1. */
export const switched = (name: MetricName, { title, width }: MetricPanelOptions, texts: ValueTexts): StateTimeline =>
  timeline({ title, width, description: descriptionOf(name) }, texts)
    .withTarget(query('timeseries', valuesOf(name)))
    .displayName(SERIES_NAME)

/** Columns of states over time, one row each. */
export const states = (options: PanelOptions, texts: ValueTexts, sql: string): StateTimeline =>
  timeline(options, texts).withTarget(query('table', sql))

/** One number, or one for each column. */
export function number({ title, description, width, height = 4 }: PanelOptions, unit: string, sql: string): Stat {
  return new Stat()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('table', sql))
    .unit(unit)
    .noValue(NONE)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .thresholds(thresholds(GREEN))
}

/** A number coloured by thresholds. */
export const colouredNumber = (options: PanelOptions, unit: string, steps: readonly Threshold[], sql: string): Stat =>
  number(options, unit, sql).thresholds(thresholds(steps))

/** Log entries, newest first. */
export const logEntries = ({ title, description, width, height = 16 }: PanelOptions, sql: string): Logs =>
  new Logs()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('logs', sql))
    .noValue(NONE)
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)

/** A share; the text column `series` is its label. */
export const share = (
  { title, description, width, height = 4 }: PanelOptions,
  steps: readonly Threshold[],
  sql: string,
): Stat =>
  new Stat()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('timeseries', sql))
    .displayName(SERIES_NAME)
    .unit('percentunit')
    .decimals(2)
    .noValue(NOT_MEASURED)
    .textMode(BigValueTextMode.ValueAndName)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .thresholds(thresholds(steps))

/** The newest value of a metric, coloured by its targets, over a graph of its history. */
export const tile = (
  { title, description, width, height = 5 }: PanelOptions,
  unit: string,
  steps: readonly Threshold[],
  sql: string,
): Stat =>
  new Stat()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('timeseries', sql))
    .interval(STEP_LEAST)
    .unit(unit)
    .noValue(NOT_MEASURED)
    .graphMode(BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value)
    .thresholds(thresholds(steps))
