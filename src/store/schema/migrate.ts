/**
 * Brings the tables of a store to this version: creates missing tables and adds missing columns. No column is removed
 * or rewritten. Each step may run again, so that a migration that was interrupted is repeated by the next open.
 */
import { TickhouseError } from '../../errors.ts'
import type { Backend } from '../backend.ts'
import {
  type Column,
  type ColumnDefinition,
  definedColumns,
  schemaStatements,
  sortingKey,
  tableColumns,
} from './definitions.ts'
import { checkVersion, recordVersion, SCHEMA_VERSION } from './version.ts'

/** Runs one statement of the schema; for a cluster, on all its servers. */
export type RunStatement = (statement: string) => Promise<unknown>

/**
 * Throws `data_foreign`, before anything is written, for a store of a newer version; and for a table that cannot be
 * brought to this version: a column without a DEFAULT is missing (any value would be false for existing rows), or a
 * column has another type.
 */
export async function migrate(backend: Backend, run: RunStatement): Promise<void> {
  const version = await checkVersion(backend)
  const found = await tableColumns(backend)
  for (const statement of schemaStatements()) {
    // In the order of the files: a view spans the columns that its table has by then.
    await run(statement)
    const defined = definedColumns(statement)
    const existing = defined && found.get(defined.table)
    if (!existing) continue
    const key = sortingKey(statement) ?? ''
    for (const change of changesOf(backend, defined.table, defined.columns, existing, key)) await run(change)
  }
  if (version < SCHEMA_VERSION) await run(recordVersion())
}

function changesOf(
  backend: Backend,
  table: string,
  columns: readonly ColumnDefinition[],
  existing: readonly Column[],
  key: string,
) {
  const keyColumns = key.split(', ')
  const missing = columns.filter(({ name }) => !existing.some(column => column.name === name))
  const impossible = missing
    .filter(({ name, default: value }) => value === undefined && !keyColumns.includes(name))
    .map(({ name }) => name)
  if (impossible.length > 0) throw foreign(backend, `table ${table} has no ${impossible.join(', ')}`)
  const changes: string[] = []
  columns.forEach((column, at) => {
    const { name, type, definition } = column
    const position = at === 0 ? 'FIRST' : `AFTER ${columns[at - 1]!.name}`
    if (missing.includes(column)) {
      // The engine accepts a column in the sorting key only as it is added and without a DEFAULT: existing rows get
      // that of its type.
      const sorted = keyColumns.includes(name) ? `, MODIFY ORDER BY (${key})` : ''
      changes.push(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${name} ${definition} ${position}${sorted}`)
      return
    }
    const before = existing.find(column => column.name === name)!.type
    if (before === type) return
    if (!extendsEnum(before, type)) throw foreign(backend, `column ${name} of table ${table} is ${before}, not ${type}`)
    changes.push(`ALTER TABLE ${table} MODIFY COLUMN ${name} ${type}`)
  })
  return changes
}

/** Whether one enumeration has all values of the other with their numbers, so that no row is rewritten. */
function extendsEnum(before: string, after: string): boolean {
  const values = (type: string) => /^Enum8\((.*)\)$/.exec(type)?.[1]?.split(', ')
  const known = values(after)
  return known !== undefined && (values(before)?.every(value => known.includes(value)) ?? false)
}

function foreign(backend: Backend, why: string): TickhouseError {
  return new TickhouseError(
    'data_foreign',
    `the store ${backend.address} was created by another version: ${why}`,
    'Start the version that created it. Or set TICKHOUSE_STORE to a new directory or database: it fills from the log, and ' +
      '`tickhouse restore` brings back from the archive what has left the log. Keep the old store until both are done.',
  )
}
