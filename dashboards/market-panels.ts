/** The kinds of panel that show a market: candles, volume by who took, activity by symbol. */
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
import { bars, type Frame, GREEN, legend, NONE, thresholds } from './panels.ts'
import { ALL_DIGITS } from './tables.ts'

export const UP = 'green'
export const DOWN = 'red'
/** Steps of a picture's time range: 10 s of a quarter of an hour, 30 s of an hour, 10 min of a day. */
const CANDLES_MAX = 120
const CELLS_MAX = 90
/** Pixels between a panel's edge and its picture: pictures below each other have one time axis by it. */
const AXIS_WIDTH = 70
/** A cell as bright as can be: so many times what is usual. */
const BRIGHTEST = 4

/**
 * Candles and whatever other lines the statement gives after time, open, high, low and close. A line `last` is the price that the
 * legend shows, with its change; it is not drawn.
 */
export const candles = (
  { title, description, width, height = 12 }: Frame,
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

/** Volume in each step, by who took, under candles: columns `buy` and `sell`. */
export const volume = (frame: Frame, sql: string): TimeSeries =>
  bars(frame, 'short', sql)
    .interval('1s')
    .maxDataPoints(CANDLES_MAX)
    .axisWidth(AXIS_WIDTH)
    .overrideByRegexp('/buy$/', [{ id: 'color', value: { mode: 'fixed', fixedColor: UP } }])
    .overrideByRegexp('/sell$/', [{ id: 'color', value: { mode: 'fixed', fixedColor: DOWN } }])

/** Activity: a row of cells for each value of column `series`, from nothing to several times what is usual. */
export const activity = ({ title, description, width, height = 9 }: Frame, sql: string): Heatmap =>
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
