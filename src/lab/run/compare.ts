/** Compares the rows that a run wrote with those that it gives when it is played again. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import type { Row } from '../results/rows.ts'
import type { LabTable } from '../results/tables.ts'
import { rowsOf } from '../stored/rows-of.ts'

export interface Compared {
  table: LabTable
  equal: number
  /** Rows that are only stored, and rows that only the replay gives: the first of each as text. */
  onlyStored: { count: number; first: string }
  onlyReplayed: { count: number; first: string }
}

/** Tables whose rows follow from the ticks. */
const COMPARED: readonly LabTable[] = [
  'lab_orders',
  'lab_fills',
  'lab_ledger',
  'lab_equity',
  'lab_limits',
  'lab_predictions',
]

export class ReplayedRows {
  readonly #rows = new Map<LabTable, Map<string, number>>(COMPARED.map(table => [table, new Map()]))

  add(table: LabTable, row: Row): void {
    const rows = this.#rows.get(table)
    if (!rows) return
    const text = textOf(row)
    rows.set(text, (rows.get(text) ?? 0) + 1)
  }

  /** May be called once. */
  async compare(runQuery: RunQuery, run: string): Promise<Compared[]> {
    const all: Compared[] = []
    for (const [table, rows] of this.#rows) {
      const stored = await rowsOf<Row>(runQuery, `SELECT * FROM ${table} WHERE run = ${literal(run)}`)
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

/** A row as text, the same for equal values: a decimal has no zeros at its end. */
function textOf(row: Row): string {
  const fields = Object.entries(row).map(([name, value]) => [name, plain(String(value))] as const)
  return JSON.stringify(Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))))
}

function plain(text: string): string {
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}
