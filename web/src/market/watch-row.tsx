/** One symbol of the watch list. Redraws when its symbol, its age or its selection changed. */
import type { Signal } from '@preact/signals'
import type { SymbolStatus } from '../../../src/serve/page/protocol.ts'
import { serverNowMs } from '../store.ts'
import { age, count, decimal, percent, rate } from '../ui/format.ts'
import { rowStyle } from '../ui/virtual-list.tsx'
import { useFlash } from './flash.ts'
import { Sparkline } from './sparkline.tsx'

interface WatchRowProps {
  status: Signal<SymbolStatus>
  index: number
  rowCount: number
  rowHeightPx: number
  chosen: boolean
}

export function WatchRow({ status, index, rowCount, rowHeightPx, chosen }: WatchRowProps) {
  const { venue, symbol, last, reference, decimals, ticksPerSecond, lastAtMs, gaps, spark } = status.value
  const flash = useFlash(last, `${venue}/${symbol}`)
  const change = percent(last, reference)
  return (
    <div
      class="watch-row watch-grid"
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
      <span class="cell-venue" title={venue}>
        {venue}
      </span>
      <span class={`cell-last ${flash}`}>{decimal(last, decimals)}</span>
      <span class={`cell-change ${change.startsWith('+') ? 'up' : change.startsWith('−') ? 'down' : ''}`}>
        {change}
      </span>
      <Sparkline closes={spark} />
      <span class="cell-rate">{rate(ticksPerSecond)}</span>
      <span class="cell-age">{age(serverNowMs.value - lastAtMs)}</span>
      {gaps === null ? (
        <span class="cell-gaps" title={`trade ids of ${venue} do not show missing trades`}>
          ?
        </span>
      ) : (
        <span class={`cell-gaps ${gaps > 0 ? 'has-gaps' : ''}`}>{gaps > 0 ? count(gaps) : '·'}</span>
      )}
    </div>
  )
}
