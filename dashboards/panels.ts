/** The kinds of panel that the dashboards are made of, each with the looks that all of its kind have. */
import {
  CandlestickColorsBuilder,
  PanelBuilder as Candlesticks,
  VizDisplayMode,
} from '@grafana/grafana-foundation-sdk/candlestick'
import {
  BigValueColorMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { MappingType, ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Logs } from '@grafana/grafana-foundation-sdk/logs'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import type { MetricName } from '../src/observe/metrics.ts'
import { query, SOURCE } from './clickhouse.ts'
import {
  compared,
  definitionOf,
  descriptionOf,
  risen,
  standing,
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

const thresholds = (steps: readonly Threshold[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps])

const GREEN: Threshold[] = [{ value: null, color: 'green' }]

/** Lines over time. */
export function lines({ title, description, width, height = HEIGHT }: Frame, unit: string, sql: string): TimeSeries {
  return new TimeSeries()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('timeseries', sql))
    .unit(unit)
    .axisSoftMin(0)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Auto)
    .interval(STEP_LEAST)
    .thresholds(thresholds(GREEN))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
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

/** A figure of the house over time, with its targets as dashed lines. */
export function figure(name: MetricName, { title, width, counter = 'in each step', unit }: FigureLooks): TimeSeries {
  const rises = definitionOf(name).kind === 'counter' && counter !== 'total'
  const frame = { title, width, description: descriptionOf(name) }
  const sql = rises ? risen(name, { perSecond: counter === 'per second' }) : standing(name)
  const drawn = rises && counter === 'in each step' ? bars : divided
  const panel = drawn(frame, unit ?? (rises && counter === 'per second' ? 'cps' : unitOf(name)), sql)
  const steps = thresholdsOf(name)
  if (steps.length === 0) return panel
  return panel
    .thresholds(thresholds(steps))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
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
  return new StateTimeline()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .interval(STEP_LEAST)
    .unit('none')
    .thresholds(thresholds(GREEN))
    .mappings([{ type: MappingType.ValueToText, options: { ...words } }])
    .mergeValues(true)
}

/** A figure that is 0 or 1. */
export const switched = (name: MetricName, { title, width }: FigureLooks, words: Words): StateTimeline =>
  timeline({ title, width, description: descriptionOf(name), height: 6 }, words)
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
    .colorMode(BigValueColorMode.Value)
    .thresholds(thresholds(GREEN))
}

/** A number with the steps from which it changes its colour. */
export const judged = (frame: Frame, unit: string, steps: readonly Threshold[], sql: string): Stat =>
  number(frame, unit, sql).thresholds(thresholds(steps))

/** Rows. `units` are those of columns that have one. */
export function table(
  { title, description, width, height = 10 }: Frame,
  sql: string,
  units: Readonly<Record<string, string>> = {},
): Table {
  const panel = new Table()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('table', sql))
    .unit('none')
    .filterable(true)
    .thresholds(thresholds(GREEN))
  for (const [column, unit] of Object.entries(units)) panel.overrideByName(column, [{ id: 'unit', value: unit }])
  return panel
}

/** Lines of a log, the newest first. */
export const logLines = ({ title, description, width, height = 16 }: Frame, sql: string): Logs =>
  new Logs()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('logs', sql))
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)

/** Candles; the statement gives time, open, high, low and close. */
export const candles = ({ title, description, width, height = 14 }: Frame, sql: string): Candlesticks =>
  new Candlesticks()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('timeseries', sql))
    .interval('1s')
    .unit('none')
    .thresholds(thresholds(GREEN))
    .mode(VizDisplayMode.Candles)
    .colors(new CandlestickColorsBuilder().up('green').down('red').flat('gray'))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(false)
        .calcs([]),
    )
