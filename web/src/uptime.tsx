/** A bar for each of the last days: how much of it was recorded. What is missing is cut out of the bar from above. */
import { useMemo } from 'preact/hooks'
import type { UptimeAnswer } from '../../src/serve/protocol.ts'
import { useAsked } from './asked.ts'
import { day } from './format.ts'
import { serverNowMs } from './store.ts'
import { availabilityText, meanRecorded, type UptimeDay, uptimeDays } from './uptime-days.ts'

const DAYS = 90
const ASK_EVERY_MS = 60_000
/** The least that is drawn of a loss: a minute of a day would be no pixel. */
const LOSS_MIN = 0.12

export function Uptime() {
  const answer = useAsked<UptimeAnswer>(`/api/uptime?days=${DAYS}`, ASK_EVERY_MS).value
  const days = useMemo(() => (answer ? uptimeDays(answer.days, serverNowMs.peek(), DAYS) : []), [answer])
  const mean = meanRecorded(days)
  const seen = days.filter(({ recorded }) => recorded !== null).length
  const said =
    mean === null
      ? 'no day is known yet'
      : `${availabilityText(mean)} of ${seen} ${seen === 1 ? 'day' : 'days'} recorded`
  return (
    <div class="curve uptime" data-testid="uptime" title={said}>
      <span class="curve-name">recorded</span>
      <svg class="uptime-bars" viewBox={`0 0 ${DAYS} 1`} preserveAspectRatio="none" role="img" aria-label={said}>
        {days.map((each, index) => (
          <Day key={each.startMs} each={each} x={index} />
        ))}
      </svg>
      <span class="curve-summary">{seen === 0 ? '' : `${seen} ${seen === 1 ? 'day' : 'days'}, UTC`}</span>
      <span class="curve-figure">{mean === null ? '–' : availabilityText(mean)}</span>
    </div>
  )
}

function Day({ each: { startMs, recorded }, x }: { each: UptimeDay; x: number }) {
  if (recorded === null) return <rect class="uptime-unknown" x={x + 0.1} y={0.9} width={0.8} height={0.1} />
  const loss = recorded === 1 ? 0 : Math.max(LOSS_MIN, 1 - recorded)
  return (
    <g>
      <title>{`${day(startMs, 'utc')}: ${availabilityText(recorded)} recorded`}</title>
      <rect class="uptime-well" x={x + 0.1} y={loss} width={0.8} height={1 - loss} />
      {loss > 0 && <rect class="uptime-lost" x={x + 0.1} y={0} width={0.8} height={loss * 0.6} />}
    </g>
  )
}
