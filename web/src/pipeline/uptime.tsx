/** How much was recorded, as bars: of each of the last 90 days, and of each quarter of an hour of the last one. */
import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { UptimeAnswer, UptimePeriod } from '../../../src/serve/page/protocol.ts'
import { serverNowMs } from '../store.ts'
import { day, timeOfDay, zoneName } from '../ui/format.ts'
import { usePolling } from '../ui/use-polling.ts'
import { zone } from '../view.ts'
import { availabilityText, DAY_MS, meanRecorded, QUARTER_MS, type Stretch, stretches } from './uptime-days.ts'

const DAYS = 90
const QUARTERS = 96
const ASK_EVERY_MS = 60_000
/** The least that is drawn of a loss: a minute of a day would be no pixel. */
const LOSS_MIN = 0.25
const LEGEND = 'A full bar: all of it was recorded. Cut from above, in red: what was not. A low grey bar: not known.'

/** Text of the bar under the pointer or chosen by arrow keys; null without one. */
export const pointedAt = signal<string | null>(null)

export function Uptime() {
  const answer = usePolling<UptimeAnswer>(`/api/uptime?days=${DAYS}`, ASK_EVERY_MS).value
  const days = useMemo(() => stretches(answer?.days ?? [], serverNowMs.peek(), DAY_MS, DAYS), [answer])
  const quarters = useMemo(() => lastDay(answer), [answer])
  const dayName = ({ startMs }: Stretch) => `${day(startMs, 'utc')} UTC`
  const quarterName = ({ startMs }: Stretch) => {
    const name = timeOfDay(startMs, zone.value, false)
    return `${name}–${timeOfDay(startMs + QUARTER_MS, zone.value, false)} ${zoneName(startMs, zone.value)}`
  }
  return (
    <>
      <Strip name="24 hours" bars={quarters} of="by quarter" nameOf={quarterName} testId="uptime-recent" />
      <Strip name="90 days" bars={days} of="by day, UTC" nameOf={dayName} testId="uptime" />
    </>
  )
}

/** Tickhouse ran before these if any earlier day has a row. */
function lastDay(answer: UptimeAnswer | null): Stretch[] {
  const nowMs = serverNowMs.peek()
  const firstMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS - (QUARTERS - 1) * QUARTER_MS
  const within: UptimePeriod[] = (answer?.recent ?? []).filter(({ startMs }) => startMs >= firstMs)
  const ranBefore = (answer?.days ?? []).some(({ startMs }) => startMs + DAY_MS <= firstMs)
  return stretches(within, nowMs, QUARTER_MS, QUARTERS, ranBefore)
}

interface StripProps {
  name: string
  bars: Stretch[]
  of: string
  nameOf: (bar: Stretch) => string
  testId: string
}

function Strip({ name, bars, of, nameOf, testId }: StripProps) {
  const pointed = useMemo(() => signal<number | null>(null), [])
  const mean = meanRecorded(bars)
  const point = (index: number | null) => {
    pointed.value = index === null ? null : Math.min(bars.length - 1, Math.max(0, index))
    pointedAt.value = pointed.value === null ? null : barText(nameOf(bars[pointed.value]!), bars[pointed.value]!)
  }
  const placeOf = ({ clientX, currentTarget }: { clientX: number; currentTarget: Element }) => {
    const { left, width } = currentTarget.getBoundingClientRect()
    return Math.floor(((clientX - left) / width) * bars.length)
  }
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (step === 0) return
    event.preventDefault()
    point((pointed.peek() ?? bars.length - (step < 0 ? 0 : 1)) + step)
  }
  const summary = mean === null ? 'not known yet' : `${availabilityText(mean)} recorded`
  return (
    <div class="curve uptime" data-testid={testId}>
      <span class="curve-name">{name}</span>
      <div
        class="uptime-bars"
        role="slider"
        tabIndex={0}
        title={LEGEND}
        aria-label={`recorded in the last ${name}: ${summary}. ${LEGEND}`}
        aria-valuemin={1}
        aria-valuemax={bars.length}
        aria-valuenow={(pointed.value ?? bars.length - 1) + 1}
        aria-valuetext={pointed.value === null ? summary : (pointedAt.value ?? summary)}
        onPointerMove={event => point(placeOf(event))}
        onPointerDown={event => point(placeOf(event))}
        onPointerLeave={() => point(null)}
        onKeyDown={onKey}
        onBlur={() => point(null)}
      >
        <svg viewBox={`0 0 ${bars.length} 1`} preserveAspectRatio="none" aria-hidden="true">
          {bars.map((bar, index) => (
            <Bar key={bar.startMs} bar={bar} x={index} pointed={index === pointed.value} />
          ))}
        </svg>
      </div>
      <span class="curve-summary">{of}</span>
      <span class="curve-value">{mean === null ? '–' : availabilityText(mean)}</span>
    </div>
  )
}

function barText(name: string, { recorded, stored }: Stretch): string {
  if (recorded === null || stored === null) return `${name} · not known`
  return `${name} · ${availabilityText(recorded)} recorded · ${availabilityText(stored)} stored`
}

function Bar({ bar: { recorded }, x, pointed }: { bar: Stretch; x: number; pointed: boolean }) {
  const kept = recorded === null ? 0.15 : recorded === 1 ? 1 : 1 - Math.max(LOSS_MIN, 1 - recorded)
  return (
    <g class={pointed ? 'pointed' : undefined}>
      <rect class={recorded === null ? 'uptime-unknown' : 'uptime-well'} x={x} y={1 - kept} width={1} height={kept} />
      {recorded !== null && kept < 1 && (
        <rect class="uptime-lost" x={x} y={0} width={1} height={Math.max(LOSS_MIN, (1 - kept) * 0.9)} />
      )}
    </g>
  )
}
