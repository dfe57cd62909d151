/** The heat map's data: days of symbols as digits, and their summaries in words. Pure. */
import { CONDITIONS, type Condition, isIncomplete } from '../../../src/coverage/condition.ts'
import type { CoverageGrid, GridRow } from '../../../src/coverage/read.ts'

export const DAY_SECONDS = 86_400

/** Consecutive days of one condition: from day `start` on. */
export interface Run {
  start: number
  length: number
  condition: Condition
}

/** The condition of a day; null where none is counted. */
export function conditionAt({ days }: Pick<GridRow, 'days'>, day: number): Condition | null {
  return CONDITIONS[Number(days[day] ?? 0) - 1] ?? null
}

/** The days that have a condition, joined where it is the same. */
export function runsOf(row: Pick<GridRow, 'days'>): Run[] {
  const runs: Run[] = []
  for (let day = 0; day < row.days.length; day++) {
    const condition = conditionAt(row, day)
    const last = runs.at(-1)
    if (condition === null) continue
    if (last?.condition === condition && last.start + last.length === day) last.length++
    else runs.push({ start: day, length: 1, condition })
  }
  return runs
}

/** Days by condition, the worst first. */
export function countDays(row: Pick<GridRow, 'days'>): [Condition, number][] {
  const runs = runsOf(row)
  return CONDITIONS.toReversed().flatMap(condition => {
    const days = runs.reduce((sum, run) => sum + (run.condition === condition ? run.length : 0), 0)
    return days > 0 ? [[condition, days]] : []
  })
}

/** As in `2 degraded, 88 proved`. */
export const summaryOf = (row: Pick<GridRow, 'days'>): string =>
  countDays(row)
    .map(([condition, days]) => `${days} ${condition}`)
    .join(', ') || 'nothing counted'

const incompleteDays = (row: Pick<GridRow, 'days'>): number =>
  countDays(row).reduce((sum, [condition, days]) => sum + (isIncomplete(condition) ? days : 0), 0)

/** Counted days of all rows, those degraded or missing, and how many rows have such. */
export function totalsOf(rows: readonly GridRow[]): { counted: number; lostDays: number; lossy: number } {
  const counted = rows.reduce((sum, row) => sum + row.days.replaceAll('0', '').length, 0)
  const lost = rows.map(incompleteDays)
  return { counted, lostDays: lost.reduce((sum, days) => sum + days, 0), lossy: lost.filter(days => days > 0).length }
}

export interface Shown {
  kind: string
  /** Part of `venue symbol`, in any case; empty for all. */
  search: string
  order: 'worst first' | 'by name'
}

/** The rows to draw. */
export function rowsShown(grid: CoverageGrid, { kind, search, order }: Shown): GridRow[] {
  const wanted = search.trim().toLowerCase()
  const rows = grid.rows.filter(row => row.kind === kind && `${row.venue} ${row.symbol}`.toLowerCase().includes(wanted))
  if (order === 'by name') return rows
  const losses = new Map(rows.map(row => [row, incompleteDays(row)]))
  return rows.toSorted((a, b) => losses.get(b)! - losses.get(a)!)
}

/** The first day of each month that begins within the grid. */
export function monthsOf({ from, days }: Pick<CoverageGrid, 'from' | 'days'>): { day: number; startMs: number }[] {
  const months: { day: number; startMs: number }[] = []
  for (let day = 0; day < days; day++) {
    const startMs = (from + day * DAY_SECONDS) * 1000
    if (new Date(startMs).getUTCDate() === 1) months.push({ day, startMs })
  }
  return months
}
