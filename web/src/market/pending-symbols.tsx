/** Recorded symbols without a tick so far, above the watch list: requested, acknowledged, or why they do not arrive. */
import { computed } from '@preact/signals'
import { symbolKey, symbols, symbolsLoaded } from '../store.ts'
import { count } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { type TickState, waitingSymbols } from './tick-states.ts'

const SHOWN_MAX = 4

interface PendingSymbol {
  venue: string
  symbol: string
  states: readonly TickState[]
}

const pending = computed<PendingSymbol[]>(() => {
  if (!symbolsLoaded.value) return []
  const known = symbols.value
  return waitingSymbols.value.filter(({ venue, symbol }) => !known.has(symbolKey(venue, symbol)))
})

export function PendingSymbols() {
  const all = pending.value
  if (all.length === 0) return null
  return (
    <ul class="pending" aria-label="symbols without a tick so far" data-testid="pending">
      {all.slice(0, SHOWN_MAX).map(each => (
        <PendingRow key={symbolKey(each.venue, each.symbol)} {...each} />
      ))}
      {all.length > SHOWN_MAX && <li class="quiet">{count(all.length - SHOWN_MAX)} more without a tick so far</li>}
    </ul>
  )
}

function PendingRow({ venue, symbol, states }: PendingSymbol) {
  const down = states.find(({ isDown }) => isDown)
  const shown = down ?? states[0]!
  const kinds = states.filter(({ state }) => state === shown.state).map(({ kind }) => kind)
  return (
    <li
      class={down ? 'is-down' : ''}
      title={shown.detail}
      data-testid="pending-symbol"
      data-symbol={symbol}
      data-state={shown.state}
    >
      <StatusIcon kind={down ? 'trouble' : shown.state === 'halted' ? 'idle' : 'waiting'} />
      <b>{symbol}</b>
      <span class="quiet">{venue}</span>
      <span class="pending-state">
        {kinds.join(', ')} {shown.state}
      </span>
    </li>
  )
}
