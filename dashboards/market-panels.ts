/** Panel types for a market: candles, volume by side, activity by symbol. */
import {
  CandlestickColorsBuilder,
  PanelBuilder as Candlesticks,
  type VizDisplayMode,
} from '@grafana/grafana-foundation-sdk/candlestick'
import {
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common'
import {
  CellValuesBuilder,
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import type { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { query, SOURCE } from './clickhouse.ts'
import { bars, GREEN, legend, NONE, type PanelOptions, thresholds } from './panels.ts'
import { ALL_DIGITS } from './tables.ts'

export const UP = 'green'
export const DOWN = 'red'
/** Steps of a graph: 10 s for 15 minutes, 30 s for an hour, 10 min for a day. */
const CANDLES_MAX = 120
const CELLS_MAX = 90
/** Pixels between a panel's edge and its graph: it aligns the time axes of graphs below each other. */
const AXIS_WIDTH = 70
/** The multiple of the usual volume at which a cell is brightest. */
const BRIGHTEST = 4

/**
 * Candles, and a line for each further column after time, open, high, low and close. Column `last` is the price in the
 * legend, with its change; it is not drawn.
 */
export const candles = (
  { title, description, width, height = 12 }: PanelOptions,
  mode: VizDisplayMode,
  sql: string,
): Candlesticks =>
  new Candlesticks()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('timeseries', sql))
    .interval('1s')
    .maxDataPoints(CANDLES_MAX)
    .unit(ALL_DIGITS)
    .noValue(NONE)
    .axisWidth(AXIS_WIDTH)
    .thresholds(thresholds(GREEN))
    .mode(mode)
    .includeAllFields(true)
    .colors(new CandlestickColorsBuilder().up(UP).down(DOWN).flat('gray'))
    .overrideByName('last', [
      { id: 'custom.lineWidth', value: 0 },
      { id: 'custom.showPoints', value: VisibilityMode.Never },
      { id: 'color', value: { mode: 'fixed', fixedColor: 'text' } },
    ])
    .overrideByName('VWAP', [
      { id: 'custom.lineWidth', value: 2 },
      { id: 'custom.showPoints', value: VisibilityMode.Never },
      { id: 'color', value: { mode: 'fixed', fixedColor: 'blue' } },
    ])
    .legend(legend().calcs(['lastNotNull', 'diffperc']))

/** Volume of each step by side of the taker, below candles: series `buy` and `sell`. */
export const volume = (options: PanelOptions, sql: string): TimeSeries =>
  bars(options, 'short', sql)
    .interval('1s')
    .maxDataPoints(CANDLES_MAX)
    .axisWidth(AXIS_WIDTH)
    .overrideByRegexp('/buy$/', [{ id: 'color', value: { mode: 'fixed', fixedColor: UP } }])
    .overrideByRegexp('/sell$/', [{ id: 'color', value: { mode: 'fixed', fixedColor: DOWN } }])

/** A heat map with a row for each value of column `series`, from 0 to several times the usual value. */
export const activity = ({ title, description, width, height = 9 }: PanelOptions, sql: string): Heatmap =>
  new Heatmap()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('timeseries', sql))
    .interval('10s')
    .maxDataPoints(CELLS_MAX)
    .unit('suffix:×')
    .noValue(NONE)
    .thresholds(thresholds(GREEN))
    .calculate(false)
    .cellGap(1)
    .scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Linear))
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Oranges')
        .reverse(false)
        .steps(32)
        .min(0)
        .max(BRIGHTEST),
    )
    .cellValues(new CellValuesBuilder().unit('suffix:×').decimals(2))
    .yAxis(new YAxisConfigBuilder().reverse(true))
    .tooltip(new HeatmapTooltipBuilder().showColorScale(true))
    .showLegend()
