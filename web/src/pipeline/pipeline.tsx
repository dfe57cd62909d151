/** The pipeline over the last minutes: ticks received, stored and refused, lag and sizes. */
import { effect, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Sample } from '../../../src/serve/page/protocol.ts'
import { HistoryPlot, type PlotData, type PlotLine } from '../chart/history-plot.ts'
import { samples } from '../store.ts'
import { bytes, count, duration, rate, timeOfDay, zoneName } from '../ui/format.ts'
import { paletteVersion } from '../ui/theme.ts'
import { useSize } from '../ui/virtual-list.tsx'
import { zone } from '../view.ts'
import { pointedAt, Uptime } from './uptime.tsx'

interface Curve {
  name: string
  lines: (PlotLine & { of: (sample: Sample) => number })[]
  /** Whether the curve stands on zero: a rate does, a size that only grows shows its growth. */
  zeroBased: boolean
  figure: (sample: Sample) => string
  /** What the whole time shown comes to, oldest first: the peak of a rate, the growth of a size. */
  summary: (list: Sample[]) => string
}

const peak = (list: Sample[], of: (sample: Sample) => number, name: (value: number) => string): string =>
  `peak ${name(list.reduce((most, sample) => Math.max(most, of(sample)), 0))}`

/** A size may also shrink: retention drops archived data. */
function growth(list: Sample[], of: (sample: Sample) => number): string {
  const change = of(list.at(-1)!) - of(list[0]!)
  return `${change < 0 ? '−' : '+'}${bytes(Math.abs(change))}`
}

const CURVES: Curve[] = [
  {
    name: 'received',
    lines: [{ token: 'ink-2', of: sample => sample.received, filled: true }],
    zeroBased: true,
    figure: sample => `${rate(sample.received)} /s`,
    summary: list => peak(list, sample => sample.received, rate),
  },
  {
    name: 'stored',
    lines: [
      { token: 'ink-3', of: sample => sample.received },
      { token: 'accent', of: sample => sample.stored, filled: true },
    ],
    zeroBased: true,
    figure: sample => `${rate(sample.stored)} /s`,
    summary: list => peak(list, sample => sample.stored, rate),
  },
  {
    name: 'refused',
    lines: [{ token: 'down', of: sample => sample.refused, filled: true }],
    zeroBased: true,
    figure: sample => `${count(sample.refused)} /s`,
    summary: list => peak(list, sample => sample.refused, count),
  },
  {
    name: 'lag',
    lines: [{ token: 'ink-2', of: sample => sample.lagMs, filled: true }],
    zeroBased: true,
    figure: sample => duration(sample.lagMs),
    summary: list => peak(list, sample => sample.lagMs, duration),
  },
  {
    name: 'log size',
    lines: [{ token: 'ink-2', of: sample => sample.logBytes }],
    zeroBased: false,
    figure: sample => bytes(sample.logBytes),
    summary: list => growth(list, sample => sample.logBytes),
  },
  {
    name: 'store size',
    lines: [{ token: 'ink-2', of: sample => sample.storeBytes }],
    zeroBased: false,
    figure: sample => bytes(sample.storeBytes),
    summary: list => growth(list, sample => sample.storeBytes),
  },
]

/** The sample under the crosshair, by its place; null shows the newest. */
const hovered = signal<number | null>(null)

export function Pipeline() {
  const list = samples.value
  const told = (hovered.value === null ? undefined : list[hovered.value]) ?? list.at(-1)
  const spanMs = list.length > 1 ? list.at(-1)!.atMs - list[0]!.atMs : 0
  return (
    <section class="panel pipeline" aria-label="pipeline history" data-testid="pipeline">
      <header class="panel-head">
        <h2>Pipeline</h2>
        <span class="spring" />
        <span class="line-count">
          {pointedAt.value !== null
            ? pointedAt.value
            : told && hovered.value !== null
              ? `${timeOfDay(told.atMs, zone.value)} ${zoneName(told.atMs, zone.value)}`
              : list.length > 1
                ? `last ${duration(spanMs)}`
                : 'waiting for the first second'}
        </span>
      </header>
      <div class="curves">
        {CURVES.map(curve => (
          <CurveRow key={curve.name} curve={curve} told={told} />
        ))}
        <Uptime />
      </div>
    </section>
  )
}

function CurveRow({ curve, told }: { curve: Curve; told: Sample | undefined }) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<HistoryPlot>(null)
  useEffect(() => {
    const drawn = new HistoryPlot(host.current!, curve.lines, curve.zeroBased, index => {
      hovered.value = index
    })
    plot.current = drawn
    const partSamples = effect(() => {
      const list = samples.value
      drawn.draw([list.map(sample => sample.atMs), ...curve.lines.map(line => list.map(line.of))] as PlotData)
    })
    const partPalette = effect(() => {
      paletteVersion.value
      drawn.paint()
    })
    return () => {
      partSamples()
      partPalette()
      drawn.remove()
    }
  }, [])
  useSize(host, () => plot.current?.resize(host.current!.clientWidth, host.current!.clientHeight))
  return (
    <div class="curve">
      <span class="curve-name">{curve.name}</span>
      <div class="curve-plot" ref={host} aria-hidden="true" />
      <span class="curve-summary">{told ? curve.summary(samples.value) : ''}</span>
      <span class="curve-figure" data-testid={`pipeline-${curve.name.replace(' ', '-')}`}>
        {told ? curve.figure(told) : '–'}
      </span>
    </div>
  )
}
