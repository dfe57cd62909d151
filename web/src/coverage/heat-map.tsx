/** The heat map: a row for each symbol, a cell for each day; arrow keys move the cursor. */
import { useMemo } from 'preact/hooks'
import { type Condition, isIncomplete } from '../../../src/coverage/condition.ts'
import type { CoverageGrid, GridRow } from '../../../src/coverage/read.ts'
import { rowStyle, VirtualList } from '../ui/virtual-list.tsx'
import { cursor } from './coverage.ts'
import { conditionAt, DAY_SECONDS, monthsOf, runsOf, summaryOf } from './grid.ts'

const ROW_PX = 22
/** Cells of fewer days are drawn apart from each other. */
const APART_DAYS_MAX = 120
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' })
const DATE = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})

/** A day of the grid in words. */
export const dateText = ({ from }: Pick<CoverageGrid, 'from'>, day: number): string =>
  DATE.format((from + day * DAY_SECONDS) * 1000)

export const cellText = (grid: CoverageGrid, row: GridRow, day: number): string =>
  `${row.venue} ${row.symbol}, ${dateText(grid, day)}: ${conditionAt(row, day) ?? 'not counted'}`

export function HeatMap({ grid, rows }: { grid: CoverageGrid; rows: readonly GridRow[] }) {
  const at = cursor.value
  const move = (down: number, right: number) => {
    const { row, day } = cursor.peek() ?? { row: 0, day: grid.days - (right < 0 ? 0 : 1) - (down > 0 ? 0 : right) }
    cursor.value = { row: clamp(row + (at ? down : 0), rows.length), day: clamp(day + right, grid.days) }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (!step) return
    event.preventDefault()
    move(step[0], step[1])
  }
  return (
    <div class="heat-map">
      <Months grid={grid} />
      <VirtualList
        attributes={
          {
            class: 'heat-rows',
            role: 'listbox',
            tabIndex: 0,
            'aria-label': 'Condition of each day of each symbol. Arrow keys move; the hours of the day are below.',
            'aria-activedescendant': at ? `coverage-row-${at.row}` : undefined,
            onKeyDown,
            'data-testid': 'coverage-grid',
          } as never
        }
        rowCount={rows.length}
        rowHeightPx={ROW_PX}
        {...(at && { revealed: at.row })}
        row={index => (
          <Row key={`${rows[index]!.venue} ${rows[index]!.symbol}`} grid={grid} row={rows[index]!} index={index} />
        )}
      />
    </div>
  )
}

const STEPS: Readonly<Record<string, [down: number, right: number]>> = {
  ...{ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] },
  ...{ PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -1_000], End: [0, 1_000] },
}

const clamp = (value: number, count: number): number => Math.min(count - 1, Math.max(0, value))

function Months({ grid }: { grid: CoverageGrid }) {
  const months = useMemo(() => monthsOf(grid), [grid])
  return (
    <div class={months.length > 6 ? 'heat-months heat-months-many' : 'heat-months'} aria-hidden="true">
      {months.map(({ day, startMs }) => (
        <span key={day} style={{ left: `${(day / grid.days) * 100}%` }}>
          {MONTH.format(startMs)}
        </span>
      ))}
    </div>
  )
}

function Row({ grid, row, index }: { grid: CoverageGrid; row: GridRow; index: number }) {
  const runs = useMemo(() => runsOf(row), [row])
  const at = cursor.value
  const isChosen = at?.row === index
  const choose = (event: { clientX: number; currentTarget: Element }) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    cursor.value = { row: index, day: clamp(Math.floor(((event.clientX - left) / width) * grid.days), grid.days) }
  }
  return (
    <div
      class="heat-row"
      id={`coverage-row-${index}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      aria-label={isChosen ? cellText(grid, row, at.day) : `${row.venue} ${row.symbol}: ${summaryOf(row)}`}
      style={rowStyle(index, ROW_PX)}
      data-testid="coverage-row"
    >
      <span class="heat-name" title={summaryOf(row)}>
        <b>{row.symbol}</b> {row.venue}
      </span>
      <span class="heat-cells" role="presentation" onPointerDown={choose}>
        <svg viewBox={`0 0 ${grid.days} 1`} preserveAspectRatio="none" aria-hidden="true">
          {runs.flatMap(run => cellsOf(run.start, run.length, run.condition, grid.days))}
        </svg>
        {isChosen && (
          <span
            class="heat-cursor"
            aria-hidden="true"
            style={{ left: `${(at.day / grid.days) * 100}%`, width: `${100 / grid.days}%` }}
          />
        )}
      </span>
    </div>
  )
}

/** A loss fills its cell and everything else does not: it is seen without colour, too. */
function cellsOf(start: number, length: number, condition: Condition, days: number) {
  const isLoss = isIncomplete(condition)
  const [y, height] = isLoss ? [0, 1] : [0.2, 0.6]
  const rect = (x: number, width: number) => (
    <rect key={x} class={`condition-${condition}${isLoss ? ' loss' : ''}`} x={x} y={y} width={width} height={height} />
  )
  if (days > APART_DAYS_MAX) return [rect(start, length)]
  return Array.from({ length }, (_, at) => rect(start + at + 0.07, 0.86))
}
