/** Rows of the lab's tables: written and counted, through the running tickhouse or in the store that this process has open. */
import { nowMicros } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { modelRows } from '../../lab/models/rows.ts'
import type { ReadPortfolio } from '../../lab/portfolio/read.ts'
import type { InsertRows } from '../../lab/results/row-writer.ts'
import { LAB_TABLES, type LabTable } from '../../lab/results/tables.ts'
import { rowsOf } from '../../lab/stored/rows-of.ts'
import { literal } from '../../store/sql.ts'
import type { StoreAccess } from '../open-store.ts'
import { requestPage } from '../running/instance-request.ts'

export function inserting(config: Config, { store }: StoreAccess): InsertRows {
  return async (table, rows) => {
    if (store) return await store.insertRows(table, rows)
    const body = JSON.stringify({ table, rows })
    const response = await requestPage(config, '/api/lab/rows', { method: 'POST', body, json: true })
    if (response.ok) return
    const { message, advice } = await response.failure()
    throw new TickhouseError('process_unreachable', `cannot write results: ${message || response.status}`, advice)
  }
}

/** Writes the models that a run is played with. */
export async function insertModels(insert: InsertRows, run: string, portfolio: ReadPortfolio): Promise<void> {
  const models = modelRows(run, portfolio, nowMicros())
  if (models.length > 0) await insert('lab_models', models)
}

/** Rows of a run in a table. */
export async function countRows({ query }: StoreAccess, run: string, table: LabTable): Promise<number> {
  const rows = await rowsOf<{ count: string }>(
    query,
    `SELECT toString(count()) AS count FROM ${table} WHERE run = ${literal(run)}`,
  )
  return Number(rows[0]?.count ?? 0)
}

/** Tables whose rows do not come again when a run is played again. */
const NOT_PLAYED: ReadonlySet<LabTable> = new Set([
  'lab_runs',
  'lab_cuts',
  'lab_verifications',
  'lab_features',
  'lab_models',
])

/** The same of every table that playing a run fills. */
export async function countAllRows(access: StoreAccess, run: string): Promise<Map<LabTable, number>> {
  const counts = new Map<LabTable, number>()
  for (const table of LAB_TABLES) if (!NOT_PLAYED.has(table)) counts.set(table, await countRows(access, run, table))
  return counts
}
