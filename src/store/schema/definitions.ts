/** The tables, from the numbered SQL files of this folder: the one source for every kind of store. */
import fs from 'node:fs'
import type { Backend } from '../backend.ts'
import { queryRows } from '../query.ts'

const FOLDER = new URL('./', import.meta.url)

/**
 * The statements that make tables and views, in order; each may run again. A column added to one has a DEFAULT that means «not known»:
 * it is what the rows of an earlier version get, see migrate.ts.
 */
export function schemaStatements(): string[] {
  return fs
    .readdirSync(FOLDER)
    .filter(file => file.endsWith('.sql'))
    .sort()
    .map(file => fs.readFileSync(new URL(file, FOLDER), 'utf8'))
}

export interface Column {
  name: string
  type: string
  /** How the table computes it where an insert leaves it out; empty if it does not, or takes a fixed value. */
  filled: string
}

/** The columns of our tables as the store has them, by table. */
export async function tableColumns(backend: Backend): Promise<Map<string, Column[]>> {
  const rows = await queryRows<Column & { table: string }>(
    backend,
    `SELECT table, name, type, if(position(default_expression, '(') > 0, default_kind, '') AS filled FROM system.columns
     WHERE database = currentDatabase() ORDER BY table, position`,
  )
  return Map.groupBy(rows, ({ table }) => table)
}

/** A column as its file of `schema/` defines it. */
export interface ColumnDefinition {
  name: string
  type: string
  /** Everything behind the name: type, DEFAULT, CODEC. */
  definition: string
  /** What rows have that were written before the column was there; undefined if nothing would be true of them. */
  default: string | undefined
}

/** The sorting key that a file of `schema/` gives its table, as written; undefined if it makes none. */
export const sortingKey = (statement: string): string | undefined => /^ORDER BY \((.*)\)$/m.exec(statement)?.[1]

/** The columns that a file of `schema/` gives its table, in order; null if it makes no table. */
export function definedColumns(statement: string): { table: string; columns: ColumnDefinition[] } | null {
  const [, table, body] = /^CREATE TABLE IF NOT EXISTS (\w+)\n\(\n(.*?)\n\)$/ms.exec(statement) ?? []
  if (!table) return null
  const columns = body!.split('\n').flatMap(line => {
    const [, name, definition] = /^\s*(\w+)\s+(.*?),?$/.exec(line)!
    if (name === 'INDEX') return []
    const [, type, rest] = /^(.*?)\s*((?:DEFAULT|CODEC)\b.*)?$/.exec(definition!)!
    return [{ name: name!, type: type!, definition: definition!, default: /^DEFAULT (\S+)/.exec(rest ?? '')?.[1] }]
  })
  return { table, columns }
}
