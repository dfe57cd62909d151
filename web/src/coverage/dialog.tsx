/** The dialog that shows how complete what is stored is, by symbol, day and hour. */
import type { Signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { CoverageGrid, GridRow } from '../../../src/coverage/read.ts'
import { serverNowMs } from '../store.ts'
import { Dialog } from '../ui/dialog.tsx'
import { count } from '../ui/format.ts'
import { Segmented } from '../ui/segmented.tsx'
import { usePolling } from '../ui/use-polling.ts'
import { addressOf, coverageOpen, cursor, kind, order, RANGES, type RangeName, range, search } from './coverage.ts'
import { DayDetail, Legend } from './day-detail.tsx'
import { rowsShown, totalsOf } from './grid.ts'
import { HeatMap } from './heat-map.tsx'

const ASK_EVERY_MS = 60_000

export const CoverageDialog = () => (
  <Dialog
    open={coverageOpen}
    name="coverage"
    title="Coverage"
    hint="what is known to be complete, by day and hour (UTC)"
  >
    <Content />
  </Dialog>
)

function Content() {
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
    <>
      <div class="coverage-controls">
        <Choice label="kind" choices={kinds} of={kind} />
        <Choice label="range" choices={Object.keys(RANGES) as RangeName[]} of={range} />
        <Choice label="order" choices={['worst first', 'by name']} of={order} />
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
    </>
  )
}

/** Buttons that set a signal. */
function Choice<Value extends string>(props: { label: string; choices: readonly Value[]; of: Signal<Value> }) {
  const { label, choices, of } = props
  const onChoose = (choice: Value) => {
    of.value = choice
  }
  return (
    <Segmented label={label} choices={choices} chosen={of.value} onChoose={onChoose} testId={`coverage-${label}`} />
  )
}

function Totals({ grid, rows }: { grid: CoverageGrid | null; rows: readonly GridRow[] }) {
  // Not for each move of the cursor: thousands of symbols have hundreds of days each.
  const { counted, lostDays, lossy } = useMemo(() => totalsOf(rows), [rows])
  if (!grid) return <p class="coverage-totals quiet">Reading…</p>
  if (rows.length === 0)
    return <p class="coverage-totals quiet">No hour of this is counted yet: each is, once it is over and audited.</p>
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
