/** Compares the rows that a run wrote with those that it gives when it is played again. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { VERSION } from '../../version.ts'
import { type Row, timeText } from '../results/rows.ts'
import type { LabTable } from '../results/tables.ts'
import { rowsOf } from '../stored/rows-of.ts'

export interface Compared {
  table: LabTable
  equal: number
  /** Rows that are only stored, and rows that only the replay gives: the first of each as text. */
  onlyStored: { count: number; first: string }
  onlyReplayed: { count: number; first: string }
}

/** Tables whose rows follow from the ticks, with the column of the time at which a row is made. */
const TIMES: ReadonlyMap<LabTable, string> = new Map([
  ['lab_orders', 'ended_at'],
  ['lab_fills', 'at'],
  ['lab_ledger', 'at'],
  ['lab_equity', 'at'],
  ['lab_limits', 'at'],
  ['lab_predictions', 'at'],
])

export class ReplayedRows {
  readonly #rows = new Map<LabTable, Map<string, number>>([...TIMES.keys()].map(table => [table, new Map()]))
  /** As `timeText` gives it; undefined for all rows. */
  readonly #until: string | undefined

  /** Compares rows of a time before `untilMicros`, µs since 1970 UTC, or all. */
  constructor(untilMicros?: number) {
    this.#until = untilMicros === undefined ? undefined : timeText(untilMicros)
  }

  add(table: LabTable, row: Row): void {
    const rows = this.#rows.get(table)
    if (!rows || (this.#until !== undefined && String(row[TIMES.get(table)!]) >= this.#until)) return
    const text = textOf(row)
    rows.set(text, (rows.get(text) ?? 0) + 1)
  }

  /** May be called once. */
  async compare(runQuery: RunQuery, run: string): Promise<Compared[]> {
    const all: Compared[] = []
    for (const [table, rows] of this.#rows) {
      const before = this.#until && ` AND ${TIMES.get(table)} < toDateTime64('${this.#until}', 6, 'UTC')`
      const stored = await rowsOf<Row>(runQuery, `SELECT * FROM ${table} WHERE run = ${literal(run)}${before ?? ''}`)
      const result = { table, equal: 0, onlyStored: { count: 0, first: '' }, onlyReplayed: { count: 0, first: '' } }
      for (const row of stored) {
        const text = textOf(row)
        const count = rows.get(text) ?? 0
        if (count > 0) {
          result.equal++
          rows.set(text, count - 1)
        } else if (result.onlyStored.count++ === 0) result.onlyStored.first = text
      }
      for (const [text, count] of rows)
        if (count > 0) {
          if (result.onlyReplayed.count === 0) result.onlyReplayed.first = text
          result.onlyReplayed.count += count
        }
      all.push(result)
    }
    return all
  }
}

export const isEqual = ({ onlyStored, onlyReplayed }: Compared): boolean =>
  onlyStored.count === 0 && onlyReplayed.count === 0

/** Where a run and its replay differ, by table; empty if they are equal. */
export function differenceOf(compared: readonly Compared[]): string {
  const differing = compared.filter(each => !isEqual(each))
  if (differing.length === 0) return ''
  const parts = differing.map(({ table, onlyStored, onlyReplayed }) => {
    const counts = [
      ...(onlyStored.count > 0 ? [`${onlyStored.count} only stored`] : []),
      ...(onlyReplayed.count > 0 ? [`${onlyReplayed.count} only in the replay`] : []),
    ]
    return `${table}: ${counts.join(', ')}`
  })
  return parts.join('; ')
}

/** Row of table `lab_verifications`. Times in µs since 1970 UTC; `untilMicros`: rows with a time before it were compared. */
export function verificationRow(
  run: string,
  compared: readonly Compared[],
  untilMicros: number,
  nowMicros: number,
): Row {
  const sum = (of: (each: Compared) => number) => compared.reduce((all, each) => all + of(each), 0)
  return {
    ...{ run, at: timeText(nowMicros), until: timeText(untilMicros), program: VERSION },
    equal: sum(({ equal }) => equal),
    only_stored: sum(({ onlyStored }) => onlyStored.count),
    only_replayed: sum(({ onlyReplayed }) => onlyReplayed.count),
    difference: differenceOf(compared),
  }
}

/** A row as text, the same for equal values: a decimal has no zeros at its end. */
function textOf(row: Row): string {
  const fields = Object.entries(row).map(([name, value]) => [name, plain(String(value))] as const)
  return JSON.stringify(Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))))
}

function plain(text: string): string {
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}
