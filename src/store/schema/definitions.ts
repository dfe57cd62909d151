/** The tables, from the numbered SQL files of this folder: the one source for every kind of store. */
import fs from 'node:fs'
import type { Backend } from '../backend.ts'
import { queryRows } from '../query.ts'

const FOLDER = new URL('./', import.meta.url)

/**
 * The statements that create tables and views, in order; each may run again. A column added to one has a DEFAULT that
 * means "not known": rows of an earlier version get it, see migrate.ts.
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
  /**
   * MATERIALIZED or DEFAULT where the table computes it by an expression; '' for a plain column and a constant default.
   */
  filled: string
}

/** The columns that the store's tables have, by table. */
export async function tableColumns(backend: Backend): Promise<Map<string, Column[]>> {
  const rows = await queryRows<Column & { table: string }>(
    backend,
    `SELECT table, name, type, if(position(default_expression, '(') > 0, default_kind, '') AS filled FROM system.columns
     WHERE database = currentDatabase() ORDER BY table, position`,
  )
  return Map.groupBy(rows, ({ table }) => table)
}

/** A column as its SQL file defines it. */
export interface ColumnDefinition {
  name: string
  type: string
  /** All after the name: type, DEFAULT, CODEC. */
  definition: string
  /** The value of rows written before the column existed; undefined if none would be true of them. */
  default: string | undefined
}

/** The sorting key of the table that an SQL file creates, as written; undefined for a view. */
export const sortingKey = (statement: string): string | undefined => /^ORDER BY \((.*)\)$/m.exec(statement)?.[1]

/** The columns of the table that an SQL file creates, in order; null for a view. */
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
