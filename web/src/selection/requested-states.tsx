/** The symbols that were requested from this page, from requested to live. */
import { statesOf } from '../market/tick-states.ts'
import { symbolKey, symbols } from '../store.ts'
import { StatusIcon, type StatusKind } from '../ui/status-icon.tsx'
import { type Requested, requested } from './selection.ts'

const SHOWN_MAX = 12

interface State {
  word: string
  kind: StatusKind
  detail: string
}

export function RequestedStates() {
  const all = requested.value
  if (all.length === 0) return null
  return (
    <ul class="requested" aria-label="requested symbols" data-testid="requested">
      {all.slice(0, SHOWN_MAX).map(each => {
        const { word, kind, detail } = stateOf(each)
        return (
          <li key={symbolKey(each.venue, each.symbol)} data-testid="requested-symbol" data-state={word}>
            <b>{each.symbol}</b>
            <span class="quiet">{each.venue}</span>
            <span class="requested-state" title={detail}>
              <StatusIcon kind={kind} />
              {word}
            </span>
            {kind === 'trouble' && <span class="quiet requested-detail">{detail}</span>}
          </li>
        )
      })}
      {all.length > SHOWN_MAX && <li class="quiet">and {all.length - SHOWN_MAX} more</li>}
    </ul>
  )
}

/** The worst of its kinds; live once a tick has come after the request. */
function stateOf({ venue, symbol, kinds, atMs }: Requested): State {
  const states = statesOf(venue, symbol).filter(({ kind }) => kinds.includes(kind))
  const down = states.find(({ isDown }) => isDown)
  if (down) return { word: `${down.kind} ${down.state}`, kind: 'trouble', detail: down.detail }
  const status = symbols.value.get(symbolKey(venue, symbol))?.value
  const tickedMs = status ? Math.max(status.lastAtMs, status.quotedAtMs) : 0
  if (tickedMs > atMs) return { word: 'live', kind: 'ok', detail: '' }
  const [first] = states
  if (first?.state === 'halted') return { word: 'halted', kind: 'idle', detail: first.detail }
  return { word: first?.state === 'acknowledged' ? 'acknowledged' : 'requested', kind: 'waiting', detail: '' }
}
