/** What a run is, what came out of it, and whether that equals its replay. */
import type { LabRun } from '../../../src/serve/lab/protocol.ts'
import { count, day, duration, percent, timeOfDay, zoneName } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { zone } from '../view.ts'
import { money, Signed } from './cells.tsx'
import { RunState } from './run-list.tsx'
import { badgeOf, totalOf } from './shown-run.ts'

export function RunHead({ run }: { run: LabRun }) {
  const { capital, equity, fees } = totalOf(run.strategies)
  const badge = badgeOf(run)
  const began = `${day(run.fromMs, zone.value)} ${timeOfDay(run.fromMs, zone.value)} ${zoneName(run.fromMs, zone.value)}`
  return (
    <header class="panel lab-head" data-testid="lab-head">
      <div class="lab-title">
        <h2>{run.portfolio}</h2>
        <RunState run={run} />
        <span class="lab-paper" title="No order is ever sent to a venue.">
          Paper only
        </span>
        <span class={`lab-badge lab-badge-${badge.kind}`} title={badge.title} data-testid="lab-badge">
          <StatusIcon kind={badge.kind} />
          <span>{badge.text}</span>
        </span>
        <span class="lab-name quiet" title={run.dataset || undefined}>
          {run.run}
          {run.dataset && ` · ${run.dataset}`}
        </span>
      </div>
      <dl class="lab-totals">
        <Total name="equity" value={`${money(equity, capital)} ${run.currency}`} />
        <Total name="result" value={<Signed text={percent(equity, capital)} unit="%" />} />
        <Total name="fees" value={money(fees, capital)} />
        <Total name="since" value={began} />
        <Total name="played" value={`${duration(Math.max(0, run.untilMs - run.fromMs))}, ${count(run.ticks)} ticks`} />
      </dl>
    </header>
  )
}

function Total({ name, value }: { name: string; value: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
