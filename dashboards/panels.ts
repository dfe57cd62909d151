/** The kinds of panel that the dashboards are made of, each with the looks that all of its kind have. */
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
  PER_SECOND,
  risen,
  standing,
  TARGET_SERIES,
  type Threshold,
  thresholdsOf,
  unitOf,
} from './figures.ts'

/** What every panel says of itself, and how large it is: the grid is 24 wide. */
export interface Frame {
  title: string
  description: string
  width: number
  height?: number
}

const HEIGHT = 8
/** What a line is called: the value of the text column `series`. */
const SERIES_NAME = `\${__field.labels.series}`
/** Figures are sampled every 5 s: a finer step would have holes. */
const STEP_LEAST = '10s'
/** Where no rows are good news. */
export const NONE = 'none'
/** Where no rows mean that nothing measures. */
const NOT_MEASURED = 'not measured'
/** How much an axis of counts shows at least. */
const LEAST_SHOWN = 5
/** However few bars there are: one alone would fill its panel. */
const BAR_PIXELS_MAX = 24

export const thresholds = (steps: readonly Threshold[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps])

export const GREEN: Threshold[] = [{ value: null, color: 'green' }]

export const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true)

/** Lines over time. */
export function lines({ title, description, width, height = HEIGHT }: Frame, unit: string, sql: string): TimeSeries {
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
  // A line that is 0 throughout would be drawn on an axis up to 100. Up to 5 its marks are whole: Grafana writes `noValue` beside others.
  return unit === 'short' || unit === PER_SECOND ? panel.axisSoftMax(LEAST_SHOWN) : panel
}

/** Lines that a text column divides; each is called what that column says. */
export const divided = (frame: Frame, unit: string, sql: string): TimeSeries =>
  lines(frame, unit, sql).displayName(SERIES_NAME)

/** Amounts in each step, on top of each other. */
export const bars = (frame: Frame, unit: string, sql: string): TimeSeries =>
  divided(frame, unit, sql)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(0)
    .showPoints(VisibilityMode.Never)
    .barMaxWidth(BAR_PIXELS_MAX)
    .noValue(NONE)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))

export interface FigureLooks {
  /** Instead of the figure's own words. */
  title: string
  width: number
  /** How a counter is drawn: by its rises, unless it is a total that should stay where it is. */
  counter?: 'per second' | 'in each step' | 'total'
  /** Instead of that of its name. */
  unit?: string
}

/** A figure of the house over time; its targets are dashed lines that the legend names. */
export function figure(name: MetricName, { title, width, counter = 'in each step', unit }: FigureLooks): TimeSeries {
  const rises = definitionOf(name).kind === 'counter' && counter !== 'total'
  const frame = { title, width, description: descriptionOf(name) }
  const sql = rises ? risen(name, { perSecond: counter === 'per second' }) : standing(name)
  const drawn = rises && counter === 'in each step' ? bars : divided
  const panel = drawn(frame, unit ?? (rises && counter === 'per second' ? PER_SECOND : unitOf(name)), sql)
  if (unitOf(name) === 'short' && counter !== 'per second') panel.decimals(0)
  const steps = thresholdsOf(name)
  if (steps.length > 0) panel.thresholds(thresholds(steps))
  if (rises || boundsOf(name).length === 0) return panel
  return panel.overrideByRegexp(TARGET_SERIES, [
    { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
    { id: 'custom.fillOpacity', value: 0 },
    { id: 'custom.showPoints', value: VisibilityMode.Never },
    { id: 'custom.spanNulls', value: true },
  ])
}

/** Several figures with the same labels in one picture, each by the title given. */
export function figures(
  { title, width }: FigureLooks,
  titles: Readonly<Partial<Record<MetricName, string>>>,
): TimeSeries {
  const names = Object.keys(titles) as MetricName[]
  const description = names.map(name => `${titles[name]}: ${descriptionOf(name)}`).join(' ')
  return divided({ title, width, description }, unitOf(names[0]!), compared(titles))
}

/** Values that a person reads as words, over time: each value's word and colour. */
export type Words = Readonly<Record<string, { text: string; color: string }>>

function timeline({ title, description, width, height = HEIGHT }: Frame, words: Words): StateTimeline {
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
      .mappings(mapped(words))
      .mergeValues(true)
      // In the middle of what is seen of it: at its beginning, left of the panel's edge, it would be cut.
      .alignValue(TimelineValueAlignment.Center)
  )
}

export const mapped = (words: Words): ValueMapping[] => [{ type: MappingType.ValueToText, options: { ...words } }]

/** A figure that is 0 or 1. */
export const switched = (name: MetricName, { title, width }: FigureLooks, words: Words): StateTimeline =>
  timeline({ title, width, description: descriptionOf(name) }, words)
    .withTarget(query('timeseries', standing(name)))
    .displayName(SERIES_NAME)

/** Columns of words over time, each a line of its own. */
export const states = (frame: Frame, words: Words, sql: string): StateTimeline =>
  timeline(frame, words).withTarget(query('table', sql))

/** One number, or one for each column. */
export function number({ title, description, width, height = 4 }: Frame, unit: string, sql: string): Stat {
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

/** A number with the steps from which it changes its colour. */
export const judged = (frame: Frame, unit: string, steps: readonly Threshold[], sql: string): Stat =>
  number(frame, unit, sql).thresholds(thresholds(steps))

/** Lines of a log, the newest first. */
export const logLines = ({ title, description, width, height = 16 }: Frame, sql: string): Logs =>
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

/** A share, with a text column `series` that says of what. */
export const share = (
  { title, description, width, height = 4 }: Frame,
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

/** The newest value of a figure, coloured by its targets, on a picture of how it came there. */
export const tile = (
  { title, description, width, height = 5 }: Frame,
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
