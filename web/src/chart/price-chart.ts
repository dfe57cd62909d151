/** The candles: price, volume and trades of each bar over one time axis. Wraps lightweight-charts; knows no signals. */
import {
  type CandlestickData,
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  createTextWatermark,
  type HistogramData,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ITextWatermarkPluginApi,
  LineStyle,
  type MouseEventParams,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { Bar, Interval, SpreadBar } from '../../../src/serve/page/protocol.ts'
import {
  count,
  day,
  dayOfMonth,
  decimal,
  monthName,
  timeOfDay,
  volume,
  year,
  type Zone,
  zoneShiftMs,
} from '../ui/format.ts'
import { color } from '../ui/theme.ts'
import { captionOf, SpreadPane } from './spread-pane.ts'

/** Scrolled to within this many bars of the oldest one, older bars are fetched. */
const NEAR_START_BARS = 60

export interface PriceChartEvents {
  /** The bar under the crosshair by its time (ms), or null when the crosshair has left. */
  onHover: (timeMs: number | null) => void
  /** The oldest bars are nearly in sight. */
  onNearStart: () => void
}

/** Time zone of the axes. A bar of a day is a day of UTC, whatever the zone. */
export interface Scale {
  decimals: number
  zone: Zone
  interval: Interval
}

export class PriceChart {
  readonly #chart: IChartApi
  readonly #candles: ISeriesApi<'Candlestick'>
  readonly #volumes: ISeriesApi<'Histogram'>
  readonly #trades: ISeriesApi<'Histogram'>
  readonly #tradesCaption: ITextWatermarkPluginApi<Time>
  readonly #spreads: SpreadPane
  /** Seconds added to bar times: the library sets its marks at UTC midnight, a local axis needs them at local midnight. */
  #shiftSeconds = 0
  #zone: Zone = 'utc'
  #interval: Interval = '1m'
  #volumeColors = { up: '', down: '' }
  #lastColors = { up: '', down: '' }
  /** The newest price, marked wherever the reader has scrolled to; the library's own label follows the last bar in sight. */
  readonly #lastPrice: IPriceLine

  constructor(host: HTMLElement, events: PriceChartEvents) {
    this.#chart = createChart(host, {
      autoSize: true,
      layout: { attributionLogo: false, panes: { enableResize: false } },
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.04, bottom: 0.2 } },
      timeScale: {
        borderVisible: false,
        rightOffset: 4,
        barSpacing: 7,
        minBarSpacing: 1,
        tickMarkFormatter: (time: Time, type: TickMarkType) => this.#markText(time, type),
      },
      localization: { timeFormatter: (time: Time) => this.#timeText(time) },
    })
    this.#candles = this.#chart.addSeries(CandlestickSeries, { lastValueVisible: false, priceLineVisible: false })
    this.#lastPrice = this.#candles.createPriceLine({
      price: 0,
      lineStyle: LineStyle.Dotted,
      lineWidth: 1,
      lineVisible: false,
    })
    this.#volumes = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      lastValueVisible: false,
      priceLineVisible: false,
      priceFormat: { type: 'custom', minMove: 1e-8, formatter: volume },
    })
    this.#volumes.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } })
    this.#trades = this.#chart.addSeries(
      HistogramSeries,
      {
        lastValueVisible: false,
        priceLineVisible: false,
        priceFormat: { type: 'custom', minMove: 1, formatter: count },
      },
      1,
    )
    this.#trades.priceScale().applyOptions({ entireTextOnly: true, scaleMargins: { top: 0.35, bottom: 0 } })
    this.#chart.panes()[0]?.setStretchFactor(6)
    this.#chart.panes()[1]?.setStretchFactor(1)
    this.#tradesCaption = createTextWatermark(this.#chart.panes()[1]!, { horzAlign: 'left', vertAlign: 'top' })
    this.#spreads = new SpreadPane(this.#chart, timeMs => this.#axisTime(timeMs))
    this.#chart.subscribeCrosshairMove((event: MouseEventParams) => {
      events.onHover(event.time === undefined ? null : this.#barTimeMs(event.time))
    })
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(range => {
      if (range && range.from < NEAR_START_BARS) events.onNearStart()
    })
    this.paint()
  }

  remove(): void {
    this.#chart.remove()
  }

  /** Takes the palette's present colours. Bars keep their volume's colour until `draw`. */
  paint(): void {
    const up = color('up')
    const down = color('down')
    const hair = color('hair')
    this.#lastColors = { up, down }
    this.#volumeColors = { up: color('up-faint'), down: color('down-faint') }
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: color('panel') },
        textColor: color('ink-2'),
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 11,
        panes: { separatorColor: hair, separatorHoverColor: hair },
      },
      grid: { vertLines: { color: color('grid') }, horzLines: { color: color('grid') } },
      crosshair: {
        vertLine: { color: color('ink-3'), labelBackgroundColor: color('label-ground') },
        horzLine: { color: color('ink-3'), labelBackgroundColor: color('label-ground') },
      },
    })
    // Rising candles are hollow: direction is visible without colour.
    this.#candles.applyOptions({
      upColor: color('panel'),
      downColor: down,
      borderUpColor: up,
      borderDownColor: down,
      wickUpColor: up,
      wickDownColor: down,
    })
    this.#trades.applyOptions({ color: color('neutral-bar') })
    this.#tradesCaption.applyOptions(captionOf(' trades per bar'))
    this.#spreads.paint()
  }

  setScale({ decimals, zone, interval }: Scale): void {
    this.#zone = interval === '1d' ? 'utc' : zone
    this.#interval = interval
    this.#shiftSeconds = zoneShiftMs(Date.now(), this.#zone) / 1000
    this.#candles.applyOptions({
      priceFormat: { type: 'custom', minMove: 10 ** -decimals, formatter: (price: number) => decimal(price, decimals) },
    })
    this.#chart.applyOptions({
      timeScale: { timeVisible: interval !== '1d', secondsVisible: interval === '1s' || interval === '10s' },
    })
  }

  /** Redraws all bars, oldest first; keeps the visible range of the time axis. */
  draw(bars: Bar[], spreads: ReadonlyMap<number, number>): void {
    this.#candles.setData(bars.map(bar => this.#candle(bar)))
    this.#volumes.setData(bars.map(bar => this.#volume(bar)))
    this.#trades.setData(bars.map(bar => this.#tradeCount(bar)))
    this.#spreads.draw(bars, spreads)
    const last = bars.at(-1)
    if (last) this.#markLastPrice(last)
    else this.#lastPrice.applyOptions({ lineVisible: false, axisLabelVisible: false })
  }

  /** Sets one new or changed bar. `isLast`: no bar is later. */
  update(bar: Bar, isLast: boolean): void {
    this.#candles.update(this.#candle(bar), !isLast)
    this.#volumes.update(this.#volume(bar), !isLast)
    this.#trades.update(this.#tradeCount(bar), !isLast)
    if (isLast) this.#markLastPrice(bar)
  }

  updateSpread(spread: SpreadBar, newestBarMs: number): void {
    this.#spreads.update(spread, newestBarMs)
  }

  /** Back to the newest bar, at the usual width. */
  showNewest(): void {
    this.#chart.timeScale().resetTimeScale()
    this.#chart.priceScale('right').applyOptions({ autoScale: true })
  }

  #markLastPrice([, open, , , close]: Bar): void {
    const last = close >= open ? this.#lastColors.up : this.#lastColors.down
    this.#lastPrice.applyOptions({
      price: close,
      color: last,
      axisLabelColor: last,
      lineVisible: true,
      axisLabelVisible: true,
    })
  }

  #candle([timeMs, open, high, low, close]: Bar): CandlestickData {
    return { time: this.#axisTime(timeMs), open, high, low, close }
  }

  #volume([timeMs, open, , , close, size]: Bar): HistogramData {
    return {
      time: this.#axisTime(timeMs),
      value: size,
      color: close >= open ? this.#volumeColors.up : this.#volumeColors.down,
    }
  }

  #tradeCount([timeMs, , , , , , trades]: Bar): HistogramData {
    return { time: this.#axisTime(timeMs), value: trades }
  }

  #axisTime(timeMs: number): UTCTimestamp {
    return (timeMs / 1000 + this.#shiftSeconds) as UTCTimestamp
  }

  #barTimeMs(time: Time): number {
    return ((time as UTCTimestamp) - this.#shiftSeconds) * 1000
  }

  #timeText(time: Time): string {
    const timeMs = this.#barTimeMs(time)
    const date = day(timeMs, this.#zone)
    return this.#interval === '1d' ? date : `${date} ${timeOfDay(timeMs, this.#zone)}`
  }

  #markText(time: Time, type: TickMarkType): string {
    const timeMs = this.#barTimeMs(time)
    if (type === TickMarkType.Year) return year(timeMs, this.#zone)
    if (type === TickMarkType.Month) return monthName(timeMs, this.#zone)
    if (type === TickMarkType.DayOfMonth) return dayOfMonth(timeMs, this.#zone)
    return timeOfDay(timeMs, this.#zone, type === TickMarkType.TimeWithSeconds)
  }
}
