/** The shapes of states and levels: each has its own outline, so that none depends on colour. */

import type { StageState } from '../../../src/status/model.ts'
import type { Level } from '../../../src/telemetry/events.ts'

export type StatusKind = StageState | Level | 'waiting'

const SHAPES: Record<StatusKind, preact.JSX.Element> = {
  ok: <circle cx="6" cy="6" r="4" />,
  idle: <circle class="open" cx="6" cy="6" r="3.5" />,
  waiting: <path class="open" d="M6 1.5a4.5 4.5 0 1 1-4.5 4.5" />,
  behind: <path d="M6 1 11.5 10.5H.5Z" />,
  trouble: <path d="M1 1h10v10H1Z" />,
  off: <path class="open" d="M2 6h8" />,
  debug: <circle cx="6" cy="6" r="1.5" />,
  info: <circle class="open" cx="6" cy="6" r="3" />,
  warn: <path d="M6 1 11.5 10.5H.5Z" />,
  error: <path d="M1 1h10v10H1Z" />,
}

export function StatusIcon({ kind }: { kind: StatusKind }) {
  return (
    <svg class={`mark mark-${kind}`} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[kind]}
      {(kind === 'trouble' || kind === 'error') && <path class="cut" d="m3.5 3.5 5 5m0-5-5 5" />}
    </svg>
  )
}
