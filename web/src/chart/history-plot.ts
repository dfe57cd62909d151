/** One small curve over the last minutes: one line per series, no axes, a crosshair shared by all plots. */
import uPlot from 'uplot'
import { color } from '../ui/theme.ts'

export interface PlotLine {
  /** A token of the palette. */
  token: string
  filled?: boolean
}

/** `atMs` and one array of values per line, all of the same length, oldest first. */
export type PlotData = [atMs: number[], ...figures: number[][]]

export class HistoryPlot {
  readonly #plot: uPlot

  /** `onHover` receives the index of the sample under the crosshair, null when it leaves. */
  constructor(host: HTMLElement, lines: PlotLine[], zeroBased: boolean, onHover: (index: number | null) => void) {
    this.#plot = new uPlot(
      {
        width: Math.max(1, host.clientWidth),
        height: Math.max(1, host.clientHeight),
        padding: [2, 1, 1, 1],
        ms: 1,
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: { x: { time: false }, y: { range: (_, low, high) => bounds(low, high, zeroBased) } },
        cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false }, sync: { key: 'pipeline' } },
        series: [
          {},
          ...lines.map(({ token, filled }) => ({
            stroke: () => color(token),
            width: 1,
            points: { show: false },
            ...(filled ? { fill: () => color(`${token}-faint`) } : {}),
          })),
        ],
        hooks: { setCursor: [plot => onHover(plot.cursor.idx ?? null)] },
      },
      [[], ...lines.map(() => [])],
      host,
    )
  }

  draw(data: PlotData): void {
    this.#plot.setData(data)
  }

  /** Redraws in the current palette. */
  paint(): void {
    this.#plot.redraw(true, false)
  }

  resize(width: number, height: number): void {
    if (width > 0 && height > 0) this.#plot.setSize({ width, height })
  }

  remove(): void {
    this.#plot.destroy()
  }
}

/** A flat or empty run gets a band of its own, so that its line is drawn and does not fill the whole height. */
function bounds(low: number | null, high: number | null, zeroBased: boolean): [number, number] {
  const top = high ?? 1
  const bottom = zeroBased ? 0 : (low ?? 0)
  return top > bottom ? [bottom, top] : [bottom, bottom + Math.max(1, Math.abs(bottom) * 0.01)]
}
