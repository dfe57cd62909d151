/** The results of all strategies over time, with what holding their instruments would have given. */
import { effect, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { LabCurve } from '../../../src/serve/lab/protocol.ts'
import { day, timeOfDay, zoneName } from '../ui/format.ts'
import { paletteVersion } from '../ui/theme.ts'
import { zone } from '../view.ts'
import { Signed } from './cells.tsx'
import { CurvePlot, joined, SERIES } from './curve-plot.ts'

/** The time under the crosshair, ms; null for the newest. */
const hoveredMs = signal<number | null>(null)
const shown = signal<readonly LabCurve[]>([])

/** The colour of a strategy's curve. */
export const Key = ({ at }: { at: number }) => (
  <i class="lab-key" style={{ background: `var(--series-${(at % SERIES) + 1})` }} aria-hidden="true" />
)

export function Curves({ curves, currency }: { curves: readonly LabCurve[] | null; currency: string }) {
  useEffect(() => {
    shown.value = curves ?? []
  }, [curves])
  const isEmpty = curves?.every(({ atMs }) => atMs.length < 2)
  return (
    <section class="panel lab-curves" aria-label="result over time" data-testid="lab-curves">
      <header class="panel-head">
        <h2>Result</h2>
        <Legend curves={curves ?? []} />
      </header>
      <div class="lab-plot-body">
        {curves !== null && !isEmpty && <Plot label={`results in % of the capital in ${currency}`} />}
        {curves === null && <p class="hint quiet">Reading…</p>}
        {isEmpty && <p class="hint quiet">The first marks of the accounts come within a minute or two.</p>}
      </div>
    </section>
  )
}

function Legend({ curves }: { curves: readonly LabCurve[] }) {
  const atMs = hoveredMs.value
  const last = Math.max(0, ...curves.map(curve => curve.atMs.at(-1) ?? 0))
  const time = atMs ?? last
  return (
    <p class="lab-legend">
      {curves.map((curve, at) => (
        <span key={curve.strategy}>
          <Key at={at} />
          {curve.strategy} <Signed text={signedShare(valueAt(curve.atMs, curve.result, time))} unit="%" />
        </span>
      ))}
      {curves.some(({ holding }) => holding.some(value => value !== null)) && (
        <span class="quiet">
          <i class="lab-key lab-key-dashed" aria-hidden="true" /> its instruments held
        </span>
      )}
      <span class="spring" />
      <time class="quiet">
        {time > 0 && `${day(time, zone.value)} ${timeOfDay(time, zone.value)} ${zoneName(time, zone.value)}`}
      </time>
    </p>
  )
}

/** The last value at or before a time. */
function valueAt(times: readonly number[], values: readonly number[], atMs: number): number | null {
  const at = times.findLastIndex(time => time <= atMs)
  return at < 0 ? null : values[at]!
}

function signedShare(value: number | null): string {
  if (value === null) return '–'
  const text = Math.abs(value * 100).toFixed(2)
  return `${Number(text) === 0 ? '' : value > 0 ? '+' : '−'}${text}`
}

function Plot({ label }: { label: string }) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => joinPlot(host.current!), [])
  return <div class="lab-plot" ref={host} role="img" aria-label={label} />
}

/** Draws the curves as they change; returns what parts them from the plot. */
function joinPlot(host: HTMLElement): () => void {
  let plot: CurvePlot | undefined
  const draw = effect(() => {
    plot?.remove()
    paletteVersion.value
    const { zone: timeZone } = { zone: zone.value }
    plot = new CurvePlot(host, shown.value, timeZone, atMs => {
      hoveredMs.value = atMs
    })
    plot.draw(joined(shown.value))
  })
  const sizes = new ResizeObserver(() => plot?.resize(host.clientWidth, host.clientHeight))
  sizes.observe(host)
  return () => {
    sizes.disconnect()
    draw()
    plot?.remove()
    hoveredMs.value = null
  }
}
