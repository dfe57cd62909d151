/** Best bid and ask, and time and sales: newest on top, side by colour and sign, size by weight. */
import { batch, effect, signal } from '@preact/signals'
import { Component } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { machineNowMs, shownSymbol, tape } from '../store.ts'
import { count, decimal, timeWithMs, volume, type Zone, zoneName } from '../ui/format.ts'
import { useSize } from '../ui/virtual-list.tsx'
import { view, zone } from '../view.ts'
import { BestQuotePanel } from './best-quote.tsx'
import type { TapeRow } from './prints.ts'

const ROW_PX = 20

/** The rows shown while paused, and how many prints had been seen then; null while the tape runs. */
const paused = signal<{ rows: TapeRow[]; seen: number } | null>(null)

/** Another symbol's tape runs: a pause belongs to what was being read. */
effect(() => {
  view.value.venue
  view.value.symbol
  paused.value = null
})

export function togglePause(): void {
  const { tape: held } = tape.peek()
  batch(() => {
    paused.value = paused.peek() ? null : { rows: held.rows, seen: held.seen }
  })
}

export function TapePanel() {
  const { tape: held } = tape.value
  const stopped = paused.value
  return (
    <section class="panel tape" aria-label="time and sales" data-testid="tape" data-paused={stopped !== null}>
      <BestQuotePanel />
      <header class="panel-head">
        <h2>Time and sales</h2>
        <span class="spring" />
        <button
          type="button"
          class="plain"
          aria-pressed={stopped !== null}
          data-testid="tape-pause"
          onClick={togglePause}
        >
          {stopped ? 'Resume' : 'Pause'} <kbd>space</kbd>
        </button>
      </header>
      <div class="tape-grid tape-head label" aria-hidden="true">
        <span>{zoneName(machineNowMs.value, zone.value)}</span>
        <span>price</span>
        <span>size</span>
      </div>
      <Prints rows={stopped ? stopped.rows : held.rows} />
      <footer class="panel-foot" data-testid="tape-skipped">
        {stopped ? (
          <b>paused · {count(held.seen - stopped.seen)} newer</b>
        ) : (
          <>
            {count(held.seen)} prints · {count(held.skipped)} too fast to show
          </>
        )}
      </footer>
    </section>
  )
}

function Prints({ rows }: { rows: TapeRow[] }) {
  const host = useRef<HTMLDivElement>(null)
  const [fitting, setFitting] = useState(0)
  useSize(host, () => setFitting(Math.floor(host.current!.clientHeight / ROW_PX)))
  const decimals = shownSymbol.value?.decimals ?? 2
  return (
    <div class="tape-rows" ref={host}>
      {rows.length === 0 && <p class="hint">{tape.value.loaded ? 'No trades yet.' : ''}</p>}
      {rows.slice(0, fitting).map(row => (
        <PrintRow key={row.key} row={row} decimals={decimals} zone={zone.value} />
      ))}
    </div>
  )
}

interface PrintRowProps {
  row: TapeRow
  decimals: number
  zone: Zone
}

const SIDES = [
  { name: 'unknown', sign: ' ' },
  { name: 'up', sign: '+' },
  { name: 'down', sign: '−' },
]

/** A print never changes; only a switch of time zone or precision draws it again. */
class PrintRow extends Component<PrintRowProps> {
  override shouldComponentUpdate(next: PrintRowProps): boolean {
    return next.decimals !== this.props.decimals || next.zone !== this.props.zone
  }

  override render() {
    const { row, decimals, zone } = this.props
    const [timeMs, price, size, side, tradeId] = row.print
    const { name, sign } = SIDES[side] ?? SIDES[0]!
    return (
      <div class={`tape-grid tape-row ${name} weight-${row.weight}`} data-testid="tape-row" title={`trade ${tradeId}`}>
        <span class="tape-time">{timeWithMs(timeMs, zone)}</span>
        <span class="tape-price">
          <i>{sign}</i>
          {decimal(price, decimals)}
        </span>
        <span class="tape-size">{volume(size)}</span>
      </div>
    )
  }
}
