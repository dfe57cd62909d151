/** How much of each limit is used, and when one was reached. */
import type { LabBreach, LabLimit } from '../../../src/serve/lab/protocol.ts'
import { decimal } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { share, TablePanel, Time } from './cells.tsx'

/** From this share on a bar is marked. */
const NEAR = 0.8

const amount = (limit: string, value: number): string => (limit.endsWith('drawdown') ? share(value) : decimal(value, 0))
export const words = (limit: string): string => limit.replaceAll('_', ' ')

export function Limits({ limits, currency }: { limits: readonly LabLimit[] | null; currency: string }) {
  const rows = limits?.map(({ strategy, limit, bound, used }) => [
    strategy ?? 'all together',
    words(limit),
    <Bar key="bar" part={used === null ? null : used / bound} />,
    used === null ? '–' : amount(limit, used),
    amount(limit, bound),
  ])
  return (
    <TablePanel
      name="limits"
      title="Limits"
      note={currency}
      head={['<strategy', '<limit', '<', 'used', 'bound']}
      rows={rows ?? null}
      empty="The portfolio states no limits."
    />
  )
}

function Bar({ part }: { part: number | null }) {
  if (part === null) return <span class="lab-bar lab-bar-unknown" title="checked at each order" />
  const isNear = part >= NEAR
  return (
    <span class={isNear ? 'lab-bar lab-bar-near' : 'lab-bar'} role="img" aria-label={`${share(part, 0)} used`}>
      <i style={{ width: `${Math.min(100, Math.max(0, part * 100))}%` }} />
    </span>
  )
}

export function Breaches({ breaches }: { breaches: readonly LabBreach[] | null }) {
  const rows = breaches?.map(({ strategy, limit, value, bound, action, atMs }) => [
    <Time key="time" atMs={atMs} />,
    strategy,
    <span class="with-mark" key="limit" title={action}>
      <StatusIcon kind={action.includes('off') ? 'error' : 'warn'} />
      {words(limit)}
    </span>,
    bound === 0 ? '' : `${amount(limit, value)} of ${amount(limit, bound)}`,
  ])
  return (
    <TablePanel
      name="breaches"
      title="Limits reached"
      note="newest first"
      head={['<time', '<strategy', '<limit', 'value']}
      rows={rows ?? null}
      empty="No limit was reached."
    />
  )
}
