/** The way of a tick, stage by stage: rate, lag behind the previous stage, state. */
import type { StageState, StageStatuses } from '../../../src/status/model.ts'
import { STAGES, type StripStage } from '../address.ts'
import { stages } from '../store.ts'
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
    <nav class="strip" aria-label="the pipeline of a tick" data-testid="strip">
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
  const stage = stages.value?.[name]
  const state = stage?.state ?? 'idle'
  const works = stage && state !== 'off'
  return (
    <li>
      <button
        type="button"
        class={`stage state-${state}`}
        aria-expanded={open}
        aria-controls="stage-details"
        data-testid={`stage-${name}`}
        data-state={stage ? state : 'unknown'}
        title={stage?.advice}
        onClick={() => show({ open: open ? null : name })}
      >
        <span class="stage-head">
          <StatusIcon kind={state} />
          <span class="stage-name">{name}</span>
          <span class="stage-state">{stage ? STATE_WORDS[state] : ''}</span>
          <span class="track" />
        </span>
        <span class="stage-rate">
          <b data-testid={`stage-${name}-rate`}>{works ? rate(stage.ticksPerSecond) : '–'}</b>{' '}
          <span class="stage-unit">ticks</span>/s
        </span>
        <span class="stage-lag" data-testid={`stage-${name}-lag`}>
          {stage && (state === 'trouble' || state === 'off') ? stage.advice : <Lag name={name} stages={stages.value} />}
        </span>
      </button>
    </li>
  )
}

/** How far a stage is behind the previous one; for the sources, behind the venues. */
function Lag({ name, stages }: { name: StripStage; stages: StageStatuses | null }) {
  if (!stages) return <>–</>
  const { lagTicks, lagMs } = stages[name]
  const behind = <span class="stage-behind">{name === 'sources' ? ' behind the venues' : ' behind'}</span>
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
