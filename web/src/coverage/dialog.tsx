/** The dialog that shows how complete what is stored is, by symbol, day and hour. */
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { CoverageGrid } from '../../../src/coverage/read.ts'
import { serverNowMs } from '../store.ts'
import { count } from '../ui/format.ts'
import { Segmented } from '../ui/segmented.tsx'
import { usePolling } from '../ui/use-polling.ts'
import { addressOf, coverageOpen, cursor, kind, order, RANGES, type RangeName, range, search } from './coverage.ts'
import { DayDetail, Legend } from './day-detail.tsx'
import { incompleteDays, rowsShown } from './grid.ts'
import { HeatMap } from './heat-map.tsx'

const ASK_EVERY_MS = 60_000

export function CoverageDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  const open = coverageOpen.value
  useEffect(() => {
    if (open) dialog.current!.showModal()
    else dialog.current!.close()
  }, [open])
  const close = () => {
    coverageOpen.value = false
  }
  return (
    <dialog ref={dialog} class="coverage" aria-labelledby="coverage-title" onClose={close} data-testid="coverage">
      {open && <Content close={close} />}
    </dialog>
  )
}

function Content({ close }: { close: () => void }) {
  // The time of opening: an address that changed every second would be fetched every second.
  const openedMs = useMemo(() => serverNowMs.peek(), [])
  const days = RANGES[range.value]
  const grid = usePolling<CoverageGrid>(addressOf('/api/coverage/grid', days, openedMs), ASK_EVERY_MS).value
  const rows = useMemo(
    () => (grid ? rowsShown(grid, { kind: kind.value, search: search.value, order: order.value }) : []),
    [grid, kind.value, search.value, order.value],
  )
  useEffect(() => {
    cursor.value = null
  }, [range.value, kind.value, search.value, order.value])
  const kinds = [...new Set(['trades', 'quotes', ...(grid?.rows ?? []).map(row => row.kind)])]
  const at = cursor.value
  const chosen = at && rows[at.row]
  const exported = (format: string) =>
    addressOf('/api/coverage', days, openedMs, { kind: kind.value, by: 'day', format })
  return (
    <div class="coverage-content">
      <header>
        <h2 id="coverage-title">Coverage</h2>
        <span class="quiet">what is known to be complete, by day and hour (UTC)</span>
        <span class="spring" />
        <button type="button" class="plain" onClick={close} data-testid="coverage-close">
          Close <kbd>Esc</kbd>
        </button>
      </header>
      <div class="coverage-controls">
        <Segmented
          label="kind"
          choices={kinds}
          chosen={kind.value}
          onChoose={choice => {
            kind.value = choice
          }}
          testId="coverage-kind"
        />
        <Segmented
          label="range"
          choices={Object.keys(RANGES) as RangeName[]}
          chosen={range.value}
          onChoose={choice => {
            range.value = choice
          }}
          testId="coverage-range"
        />
        <Segmented
          label="order"
          choices={['worst first', 'by name']}
          chosen={order.value}
          onChoose={choice => {
            order.value = choice
          }}
          testId="coverage-order"
        />
        <input
          type="search"
          placeholder="venue or symbol"
          aria-label="venue or symbol"
          value={search.value}
          onInput={event => {
            search.value = event.currentTarget.value
          }}
        />
        <span class="spring" />
        <span class="coverage-export">
          <span class="quiet">days:</span>
          <a href={exported('json')} download="coverage.json" data-testid="coverage-json">
            JSON
          </a>
          <a href={exported('csv')} download="coverage.csv" data-testid="coverage-csv">
            CSV
          </a>
        </span>
      </div>
      <Totals grid={grid} rows={rows} />
      {grid && rows.length > 0 && <HeatMap grid={grid} rows={rows} />}
      <Legend />
      {grid && chosen ? (
        <DayDetail grid={grid} row={chosen} day={at.day} />
      ) : (
        <p class="coverage-hint">
          Choose a day to see its hours and the reason of each. Arrow keys move from day to day.
        </p>
      )}
    </div>
  )
}

function Totals({ grid, rows }: { grid: CoverageGrid | null; rows: ReturnType<typeof rowsShown> }) {
  if (!grid) return <p class="coverage-totals quiet">Reading…</p>
  if (rows.length === 0)
    return <p class="coverage-totals quiet">No hour of this is counted yet: each is, once it is over and audited.</p>
  const counted = rows.reduce((sum, row) => sum + row.days.replaceAll('0', '').length, 0)
  const lost = rows.map(incompleteDays)
  const lostDays = lost.reduce((sum, days) => sum + days, 0)
  const lossy = lost.filter(days => days > 0).length
  return (
    <p class="coverage-totals" data-testid="coverage-totals">
      <span>
        <b>{count(rows.length)}</b> symbols
      </span>
      <span>
        <b>{count(counted)}</b> days counted
      </span>
      <span class={lostDays > 0 ? 'coverage-loss' : undefined}>
        <b>{count(lostDays)}</b> degraded or missing, of {count(lossy)} symbols
      </span>
    </p>
  )
}
