/** The way of a tick, station by station, joined by a line: rate, lag to the station before, state. */
import type { StageState, StageStatuses } from '../../../src/status/model.ts'
import { STAGES, type StripStage } from '../address.ts'
import { stations } from '../store.ts'
import { count, duration, rate } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { show, view } from '../view.ts'
import { StageDetails } from './stage-details.tsx'

const STATE_WORDS: Record<StageState, string> = {
  ok: 'ok',
  idle: 'idle',
  behind: 'behind',
  trouble: 'trouble',
  off: 'not configured',
}

export function PipelineStrip() {
  const open = view.value.open
  return (
    <nav class="route" aria-label="the route of a tick" data-testid="route">
      <ol>
        {STAGES.map(name => (
          <StripStop key={name} name={name} open={open === name} />
        ))}
      </ol>
      {open && <StageDetails name={open} />}
    </nav>
  )
}

function StripStop({ name, open }: { name: StripStage; open: boolean }) {
  const station = stations.value?.[name]
  const state = station?.state ?? 'idle'
  const works = station && state !== 'off'
  return (
    <li>
      <button
        type="button"
        class={`station state-${state}`}
        aria-expanded={open}
        aria-controls="station-details"
        data-testid={`station-${name}`}
        data-state={station ? state : 'unknown'}
        title={station?.advice}
        onClick={() => show({ open: open ? null : name })}
      >
        <span class="station-head">
          <StatusIcon kind={state} />
          <span class="station-name">{name}</span>
          <span class="station-state">{station ? STATE_WORDS[state] : ''}</span>
          <span class="track" />
        </span>
        <span class="station-rate">
          <b data-testid={`station-${name}-rate`}>{works ? rate(station.ticksPerSecond) : '–'}</b>{' '}
          <span class="station-unit">ticks</span>/s
        </span>
        <span class="station-lag" data-testid={`station-${name}-lag`}>
          {station && (state === 'trouble' || state === 'off') ? (
            station.advice
          ) : (
            <Lag name={name} stations={stations.value} />
          )}
        </span>
      </button>
    </li>
  )
}

/** How far a station is behind the one before; for the sources, behind the venues. */
function Lag({ name, stations }: { name: StripStage; stations: StageStatuses | null }) {
  if (!stations) return <>–</>
  const { lagTicks, lagMs } = stations[name]
  const behind = <span class="station-behind">{name === 'sources' ? ' behind the venues' : ' behind'}</span>
  if (name === 'sources') {
    return (
      <>
        {duration(lagMs)}
        {behind}
      </>
    )
  }
  return (
    <>
      {count(lagTicks)} {Math.round(lagTicks) === 1 ? 'tick' : 'ticks'} · {duration(lagMs)}
      {behind}
    </>
  )
}
