/** The spread under the candles, in a pane that is there only while there is something to draw: a venue may send no quotes. */
import {
  createTextWatermark,
  type IChartApi,
  type ISeriesApi,
  type ITextWatermarkPluginApi,
  LineSeries,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts'
import type { Bar, SpreadBar } from '../../../src/serve/page/protocol.ts'
import { basisPoints } from '../ui/format.ts'
import { color } from '../ui/theme.ts'

const PANE = 2

/** The caption of a pane. */
export const captionOf = (text: string) => ({
  lines: [{ text, color: color('ink-3'), fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily }],
})

const CAPTION = ' spread, basis points'

interface Drawn {
  series: ISeriesApi<'Line'>
  caption: ITextWatermarkPluginApi<Time>
  newestMs: number
}

export class SpreadPane {
  readonly #chart: IChartApi
  readonly #axisTime: (timeMs: number) => UTCTimestamp
  #drawn: Drawn | undefined

  constructor(chart: IChartApi, axisTime: (timeMs: number) => UTCTimestamp) {
    this.#chart = chart
    this.#axisTime = axisTime
  }

  /** Redraws all: the spreads of these bars. */
  draw(bars: readonly Bar[], spreads: ReadonlyMap<number, number>): void {
    const points = bars.flatMap(([timeMs]) => {
      const value = spreads.get(timeMs)
      return value === undefined ? [] : [{ timeMs, time: this.#axisTime(timeMs), value }]
    })
    if (points.length === 0) {
      if (this.#drawn) this.#chart.removeSeries(this.#drawn.series)
      this.#drawn = undefined
      return
    }
    this.#drawn ??= this.#open()
    this.#drawn.series.setData(points.map(({ time, value }) => ({ time, value })))
    this.#drawn.newestMs = points.at(-1)!.timeMs
  }

  /** Sets the spread of one bar, if that bar is drawn: the time axis is that of the candles. */
  update([timeMs, value]: SpreadBar, newestBarMs: number): void {
    if (timeMs > newestBarMs) return
    this.#drawn ??= this.#open()
    this.#drawn.series.update({ time: this.#axisTime(timeMs), value }, timeMs < this.#drawn.newestMs)
    this.#drawn.newestMs = Math.max(this.#drawn.newestMs, timeMs)
  }

  /** Takes the palette's present colours. */
  paint(): void {
    this.#drawn?.series.applyOptions({ color: color('accent') })
    this.#drawn?.caption.applyOptions(captionOf(CAPTION))
  }

  #open(): Drawn {
    const series = this.#chart.addSeries(
      LineSeries,
      {
        lineWidth: 1,
        color: color('accent'),
        lastValueVisible: false,
        priceLineVisible: false,
        crosshairMarkerRadius: 2,
        priceFormat: { type: 'custom', minMove: 0.01, formatter: basisPoints },
      },
      PANE,
    )
    series.priceScale().applyOptions({ entireTextOnly: true, scaleMargins: { top: 0.35, bottom: 0.08 } })
    const pane = series.getPane()
    for (const [index, each] of this.#chart.panes().entries()) each.setStretchFactor(index === 0 ? 6 : 1)
    const caption = createTextWatermark(pane, { horzAlign: 'left', vertAlign: 'top', ...captionOf(CAPTION) })
    return { series, caption, newestMs: Number.NEGATIVE_INFINITY }
  }
}
