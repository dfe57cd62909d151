/** One symbol of the watch list, in two lines: prices above, sizes and spread below. Redraws when its symbol, its age or its selection changed. */
import type { Signal } from '@preact/signals'
import type { SymbolStatus } from '../../../src/serve/page/protocol.ts'
import { serverNowMs } from '../store.ts'
import { age, basisPoints, count, decimal, percent, rate, spreadOf, volume } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { rowStyle } from '../ui/virtual-list.tsx'
import { useFlash } from './flash.ts'
import { Sparkline } from './sparkline.tsx'
import { statesOf } from './tick-states.ts'

interface WatchRowProps {
  status: Signal<SymbolStatus>
  index: number
  rowCount: number
  rowHeightPx: number
  chosen: boolean
}

export function WatchRow({ status, index, rowCount, rowHeightPx, chosen }: WatchRowProps) {
  const { venue, symbol, last, reference, decimals, ticksPerSecond, lastAtMs, spark } = status.value
  const { bid, bidSize, ask, askSize, quotesPerSecond } = status.value
  const flash = useFlash(last, `${venue}/${symbol}`)
  const change = percent(last, reference)
  const quoted = ask > 0
  const noQuotes = statesOf(venue, symbol).some(({ kind, isDown }) => kind === 'quotes' && isDown)
  return (
    <div
      class={`watch-row watch-grid ${noQuotes ? 'without-quotes' : ''}`}
      role="option"
      tabIndex={-1}
      id={`watch-${index}`}
      aria-selected={chosen}
      aria-setsize={rowCount}
      aria-posinset={index + 1}
      style={rowStyle(index, rowHeightPx)}
      data-testid="watch-row"
      data-venue={venue}
      data-symbol={symbol}
    >
      <span class="cell-symbol" title={symbol}>
        {symbol}
      </span>
      <Venue venue={venue} symbol={symbol} />
      <span class="cell-bid">{quoted ? decimal(bid, decimals) : '–'}</span>
      <span class="cell-bid-size">{quoted ? volume(bidSize) : ''}</span>
      <span class="cell-ask">{quoted ? decimal(ask, decimals) : '–'}</span>
      <span class="cell-ask-size">{quoted ? volume(askSize) : ''}</span>
      <span class={`cell-last ${flash}`}>{last > 0 ? decimal(last, decimals) : '–'}</span>
      <span class={`cell-change ${change.startsWith('+') ? 'up' : change.startsWith('−') ? 'down' : ''}`}>
        {change}
      </span>
      <Sparkline closes={spark} />
      <span class="cell-spread">{quoted ? basisPoints(spreadOf(bid, ask)) : '–'}</span>
      <span class="cell-rate">{rate(ticksPerSecond)}</span>
      <span class="cell-quotes">{rate(quotesPerSecond)}</span>
      <span class="cell-age">{lastAtMs > 0 ? age(serverNowMs.value - lastAtMs) : '–'}</span>
      <Gaps venue={venue} gaps={status.value.gaps} />
    </div>
  )
}

/** The venue, or what of the symbol does not arrive. */
function Venue({ venue, symbol }: { venue: string; symbol: string }) {
  const down = statesOf(venue, symbol).find(
    ({ isDown, state }) => isDown || state === 'halted' || state === 'requested',
  )
  if (!down) {
    return (
      <span class="cell-venue" title={venue}>
        {venue}
      </span>
    )
  }
  return (
    <span
      class={`cell-venue ${down.state === 'requested' ? '' : 'is-down'}`}
      title={`${venue}: ${down.kind} ${down.state} for ${age(down.forMs)}. ${down.detail}`}
    >
      <StatusIcon kind={down.isDown ? 'trouble' : down.state === 'requested' ? 'waiting' : 'idle'} />
      {down.kind} {down.state}
    </span>
  )
}

function Gaps({ venue, gaps }: { venue: string; gaps: number | null }) {
  if (gaps === null) {
    return (
      <span class="cell-gaps" title={`trade ids of ${venue} do not show missing trades`}>
        ?
      </span>
    )
  }
  return <span class={`cell-gaps ${gaps > 0 ? 'has-gaps' : ''}`}>{gaps > 0 ? count(gaps) : '·'}</span>
}
