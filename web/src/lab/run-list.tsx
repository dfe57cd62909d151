/** The runs, live ones first. */
import type { LabRun } from '../../../src/serve/lab/protocol.ts'
import { serverNowMs } from '../store.ts'
import { day, percent, timeOfDay } from '../ui/format.ts'
import { StatusIcon, type StatusKind } from '../ui/status-icon.tsx'
import { show, zone } from '../view.ts'
import { Signed } from './cells.tsx'
import { badgeOf, stateOf, totalOf } from './shown-run.ts'

const STATE_KINDS: Record<ReturnType<typeof stateOf>, StatusKind> = {
  ...{ live: 'ok', paused: 'behind', ending: 'waiting', running: 'waiting', ended: 'off', stopped: 'off' },
}

export function RunState({ run }: { run: LabRun }) {
  const state = stateOf(run, serverNowMs.value)
  return (
    <span class="lab-state" title={state === 'paused' ? 'its process does not run: tickhouse lab start' : undefined}>
      <StatusIcon kind={STATE_KINDS[state]} />
      {run.mode === 'run' && state === 'ended' ? 'over stored ticks' : state}
    </span>
  )
}

export function RunList({ list, shown }: { list: readonly LabRun[] | null; shown: string | null }) {
  return (
    <section class="panel lab-runs" aria-label="runs of the lab">
      <header class="panel-head">
        <h2>Runs</h2>
        <span class="spring" />
        <span class="quiet">
          <kbd>j</kbd> <kbd>k</kbd>
        </span>
      </header>
      <div class="rows">
        {list?.map(run => (
          <RunRow key={run.run} run={run} isShown={run.run === shown} />
        ))}
      </div>
      <footer class="panel-foot">Paper only: no order is sent to a venue</footer>
    </section>
  )
}

function RunRow({ run, isShown }: { run: LabRun; isShown: boolean }) {
  const { capital, equity } = totalOf(run.strategies)
  const badge = badgeOf(run)
  return (
    <button
      type="button"
      class="lab-run"
      aria-current={isShown}
      data-testid="lab-run"
      onClick={() => show({ lab: run.run })}
    >
      <b>{run.portfolio}</b>
      <Signed text={percent(equity, capital)} unit="%" />
      <RunState run={run} />
      <time>
        {day(run.beganAtMs, zone.value).slice(5)} {timeOfDay(run.beganAtMs, zone.value, false)}
      </time>
      <span class={`lab-run-badge lab-badge-${badge.kind}`}>
        <StatusIcon kind={badge.kind} />
        <span>{badge.kind === 'trouble' ? 'differs from its replay' : badge.text}</span>
      </span>
    </button>
  )
}
