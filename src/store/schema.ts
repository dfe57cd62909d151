/** The tables, from the numbered files in `schema/`: the one source for every kind of store. */
import fs from 'node:fs'
import { TickhouseError } from '../errors.ts'
import { askRows } from './ask.ts'
import type { Backend } from './backend.ts'

const FOLDER = new URL('./schema/', import.meta.url)

/** The statements that make tables and views, in order; each may run again. */
export function schemaStatements(): string[] {
  return fs
    .readdirSync(FOLDER)
    .sort()
    .map(file => fs.readFileSync(new URL(file, FOLDER), 'utf8'))
}

export interface Column {
  name: string
  type: string
  /** How the table fills it where an insert leaves it out; empty if it does not. */
  filled: string
}

/** The columns of our tables as the store has them, by table. */
export async function tableColumns(backend: Backend): Promise<Map<string, Column[]>> {
  const rows = await askRows<Column & { table: string }>(
    backend,
    `SELECT table, name, type, default_kind AS filled FROM system.columns
     WHERE database = currentDatabase() ORDER BY table, position`,
  )
  return Map.groupBy(rows, ({ table }) => table)
}

/** The columns that a file of `schema/` gives its table, by name; null if it makes no table. */
export function columnNames(statement: string): { table: string; names: string[] } | null {
  const [, table, body] = /^CREATE TABLE IF NOT EXISTS (\w+)\n\(\n(.*?)\n\)$/ms.exec(statement) ?? []
  if (!table) return null
  const names = body!.split('\n').map(line => /^\s*(\w+)/.exec(line)![1]!)
  return { table, names: names.filter(name => name !== 'INDEX') }
}

/**
 * Tables are made where there are none; one that is there from an earlier version is left as it is, and may lack a column.
 * Throws `data_foreign` then: filled in afterwards, the column would say what was never so.
 */
export async function checkColumns(backend: Backend): Promise<void> {
  const found = await tableColumns(backend)
  for (const statement of schemaStatements()) {
    const expected = columnNames(statement)
    if (!expected) continue
    const { table, names } = expected
    const missing = names.filter(name => !found.get(table)?.some(column => column.name === name))
    if (missing.length === 0) continue
    throw new TickhouseError(
      'data_foreign',
      `the store ${backend.address} was made by another version: table ${table} has no ${missing.join(', ')}`,
      'Give TICKHOUSE_STORE a new place: the log holds the ticks and fills it. Or go on with the version that made it.',
    )
  }
}
