/** A row for each strategy of a run. */
import type { LabCurve, LabRun, LabStrategy } from '../../../src/serve/lab/protocol.ts'
import { count, percent } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { money, Signed, share, TablePanel } from './cells.tsx'
import { Key } from './curves.tsx'
import { words } from './limits.tsx'
import { isLive } from './shown-run.ts'

const HEAD = ['<strategy', '<kind', '<state', 'capital', 'equity', 'result', 'max drawdown', 'fees', 'fills']

export function Strategies({ run, curves }: { run: LabRun; curves: readonly LabCurve[] }) {
  const rows = run.strategies.map((each, at) => [
    <span class="lab-strategy" key="strategy" title={`${each.symbols.join(', ')} ${each.parameters}`}>
      <Key at={at} />
      <b>{each.strategy}</b>
    </span>,
    each.kind,
    <State key="state" of={each} run={run} />,
    money(each.capital, each.capital),
    money(each.equity, each.capital),
    <Signed key="result" text={percent(each.equity, each.capital)} unit="%" />,
    drawdownText(curves, each.strategy),
    money(each.fees, each.capital),
    count(each.fills),
  ])
  return (
    <TablePanel
      name="strategies"
      title="Strategies"
      note={run.currency}
      head={HEAD}
      rows={rows}
      empty="No strategy is on."
    />
  )
}

function drawdownText(curves: readonly LabCurve[], strategy: string): string {
  const curve = curves.find(each => each.strategy === strategy)
  return curve ? share(curve.drawdown, 2) : '–'
}

function State({ of, run }: { of: LabStrategy; run: LabRun }) {
  if (of.off) {
    return (
      <span class="with-mark lab-off">
        <StatusIcon kind="warn" />
        off{of.off.isForTheDay ? ' for the day' : ''}: {words(of.off.limit)}
      </span>
    )
  }
  return (
    <span class="with-mark">
      <StatusIcon kind={isLive(run) ? 'ok' : 'off'} />
      {isLive(run) ? 'on' : 'ended'}
    </span>
  )
}
