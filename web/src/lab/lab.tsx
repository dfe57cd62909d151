/** The lab: runs of strategies on paper; the chosen one with its curves, positions, limits, orders and fills. */
import { useSignalEffect } from '@preact/signals'
import type { LabRun, LabRunDetail } from '../../../src/serve/lab/protocol.ts'
import { usePolling } from '../ui/use-polling.ts'
import { view } from '../view.ts'
import { Curves } from './curves.tsx'
import { Breaches, Limits } from './limits.tsx'
import { Fills, Orders } from './orders.tsx'
import { Positions } from './positions.tsx'
import { RunHead } from './run-head.tsx'
import { RunList } from './run-list.tsx'
import { isLive, runs, shownName, totalOf } from './shown-run.ts'
import { Strategies } from './strategies.tsx'

const LIST_EVERY_MS = 5_000
const LIVE_EVERY_MS = 5_000
/** A run that has ended changes no more, but it may be verified. */
const ENDED_EVERY_MS = 60_000

export function Lab() {
  const answer = usePolling<LabRun[]>('/api/lab/runs', LIST_EVERY_MS)
  useSignalEffect(() => {
    if (answer.value) runs.value = answer.value
  })
  const list = runs.value
  const name = shownName(list, view.value.lab)
  if (list?.length === 0) return <Empty />
  return (
    <main class="lab" data-testid="lab">
      <RunList list={list} shown={name} />
      {name === null ? <Reading /> : <Run key={name} name={name} listed={list?.find(({ run }) => run === name)} />}
    </main>
  )
}

const Reading = () => (
  <section class="panel lab-head">
    <p class="hint">Reading…</p>
  </section>
)

function Run({ name, listed }: { name: string; listed: LabRun | undefined }) {
  const every = listed && isLive(listed) ? LIVE_EVERY_MS : ENDED_EVERY_MS
  const detail = usePolling<LabRunDetail>(`/api/lab/run?${new URLSearchParams({ run: name })}`, every).value
  const run = listed ?? detail?.run
  if (!run) return <Reading />
  return (
    <>
      <RunHead run={run} />
      <Curves curves={detail?.curves ?? null} currency={run.currency} />
      <Positions positions={detail?.positions ?? null} run={run} />
      <Strategies run={run} curves={detail?.curves ?? []} />
      <Limits limits={detail?.limits ?? null} currency={run.currency} />
      <Fills
        fills={detail?.fills ?? null}
        capital={totalOf(run.strategies).capital}
        count={run.strategies.reduce((sum, { fills }) => sum + fills, 0)}
      />
      <Orders orders={detail?.orders ?? null} />
      <Breaches breaches={detail?.breaches ?? null} />
    </>
  )
}

function Empty() {
  return (
    <main class="lab lab-empty" data-testid="lab">
      <section class="panel" data-testid="lab-empty">
        <h2>No strategy has run yet</h2>
        <p>
          The lab plays the recorded ticks to strategies and fills their orders against the quotes that were there.{' '}
          <b>Paper only:</b> no order is ever sent to a venue.
        </p>
        <ol>
          <li>
            <span>Over everything that is stored</span>
            <code>tickhouse lab run portfolio.yaml</code>
          </li>
          <li>
            <span>On live ticks, beside this instance</span>
            <code>tickhouse lab start portfolio.yaml</code>
          </li>
        </ol>
        <p class="quiet">docs/lab.md shows a portfolio, and how a strategy is written. Results appear here.</p>
      </section>
    </main>
  )
}
