/** Results over time: a line for each strategy, and a thin dashed one of its instruments held. Wraps uPlot; knows no signals. */
import uPlot from 'uplot'
import type { LabCurve } from '../../../src/serve/lab/protocol.ts'
import { dayOfMonth, monthName, timeOfDay, type Zone, zoneShiftMs } from '../ui/format.ts'
import { color } from '../ui/theme.ts'

/** Colours; further strategies use them again. */
export const SERIES = 6

const FONT = '11px Inter, -apple-system, "Segoe UI", Roboto, sans-serif'
/** The least range of the axis, in percent: a flat curve is not drawn as a mountain. */
const RANGE_MIN = 0.02

/** Times in seconds and a result and a holding of each curve, in percent; null where a curve has no mark. */
export type JoinedCurves = [seconds: number[], ...percents: (number | null)[][]]

/** All curves over one axis of time. */
export function joined(curves: readonly LabCurve[]): JoinedCurves {
  const times = [...new Set(curves.flatMap(({ atMs }) => atMs))].sort((a, b) => a - b)
  const place = new Map(times.map((time, at) => [time, at]))
  const series = curves.flatMap(({ atMs, result, holding }) => {
    const own = new Array<number | null>(times.length).fill(null)
    const held = new Array<number | null>(times.length).fill(null)
    atMs.forEach((time, at) => {
      own[place.get(time)!] = result[at]! * 100
      held[place.get(time)!] = holding[at] == null ? null : holding[at] * 100
    })
    return [own, held]
  })
  return [times.map(time => time / 1000), ...series]
}

export class CurvePlot {
  readonly #plot: uPlot

  /** `onHover` gets the time under the crosshair, ms; null when it leaves. */
  constructor(host: HTMLElement, curves: readonly LabCurve[], zone: Zone, onHover: (atMs: number | null) => void) {
    const axis = {
      stroke: () => color('ink-3'),
      font: FONT,
      grid: { stroke: () => color('grid'), width: 1 },
      ticks: { show: false },
    }
    const names = curves.length
    this.#plot = new uPlot(
      {
        width: Math.max(1, host.clientWidth),
        height: Math.max(1, host.clientHeight),
        padding: [8, 22, 0, 0],
        legend: { show: false },
        // A date whose UTC fields read as the zone's.
        tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000 + zoneShiftMs(seconds * 1000, zone)), 'Etc/UTC'),
        scales: { y: { range: (_, low, high) => rangeOf(low, high) } },
        axes: [
          { ...axis, space: 72, size: 24, values: (_, seconds) => timeTexts(seconds, zone) },
          { ...axis, space: 32, size: 62, values: (_, ticks) => texts(ticks) },
        ],
        cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
        series: [
          {},
          ...Array.from({ length: names }, (_, at) => `series-${(at % SERIES) + 1}`).flatMap(token => [
            { stroke: () => color(token), width: 1.75, points: { show: false }, spanGaps: true },
            {
              ...{ stroke: () => color(token), width: 1, dash: [3, 4], alpha: 0.55, spanGaps: true },
              points: { show: false },
            },
          ]),
        ],
        hooks: {
          setCursor: [
            plot =>
              onHover(plot.cursor.idx == null || plot.cursor.left! < 0 ? null : plot.data[0][plot.cursor.idx]! * 1000),
          ],
          drawAxes: [drawZero],
        },
      },
      [[], ...Array.from({ length: names * 2 }, () => [])] as unknown as uPlot.AlignedData,
      host,
    )
  }

  draw(data: JoinedCurves): void {
    this.#plot.setData(data as uPlot.AlignedData)
  }

  resize(width: number, height: number): void {
    if (width > 0 && height > 0) this.#plot.setSize({ width, height })
  }

  remove(): void {
    this.#plot.destroy()
  }
}

/** Zero is always in sight: above it is won, below it is lost. */
function rangeOf(low: number | null, high: number | null): [number, number] {
  const bottom = Math.min(0, low ?? 0)
  const top = Math.max(0, high ?? 0)
  const margin = Math.max(RANGE_MIN, (top - bottom) * 0.08)
  return [bottom - (bottom < 0 ? margin : margin / 4), top + margin]
}

function texts(ticks: readonly number[]): string[] {
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0))
  const decimals = Math.min(4, Math.max(0, Math.ceil(-Math.log10(step))))
  return ticks.map(tick => `${tick > 0 ? '+' : tick < 0 ? '−' : ''}${Math.abs(tick).toFixed(decimals)} %`)
}

/** Times of the day; at midnight, and where steps are days, the date. */
function timeTexts(seconds: readonly number[], zone: Zone): string[] {
  return seconds.map(second => {
    const [ms, text] = [second * 1000, timeOfDay(second * 1000, zone, (seconds[1] ?? 60) % 60 !== 0)]
    return /^00:00(:00)?$/.test(text) ? `${dayOfMonth(ms, zone)} ${monthName(ms, zone)}` : text
  })
}

function drawZero(plot: uPlot): void {
  const { ctx, bbox } = plot
  const y = Math.round(plot.valToPos(0, 'y', true)) + 0.5
  ctx.save()
  ctx.strokeStyle = color('hair-strong')
  ctx.lineWidth = devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.restore()
}
