/** A table's columns as Parquet has them, and what tells two sets of rows apart whatever held them. */
import type { Store } from '../store/store.ts'

/** Whoever answers a SELECT without parameters: a store, or a running tickhouse that has it. */
export type Asked = Pick<Store, 'rows'>

export interface Column {
  name: string
  /** As the table has it. */
  type: string
}

/** Text to a reader of Parquet: how the engine writes these types. */
const TEXT = /^(LowCardinality\(String\)|Enum\d+\(|FixedString)/

/** The columns of a table, in order. */
export function columnsOf(store: Asked, table: string): Promise<Column[]> {
  return store.rows<Column>(
    `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ${quoted(table)} ORDER BY position`,
  )
}

/** What `file()` and `s3()` are told of an archived object, so that its values are read back as the types they were. */
export function structureOf(columns: readonly Column[]): string {
  const plain = (type: string) => (TEXT.test(type) ? 'String' : type.replaceAll('LowCardinality(String)', 'String'))
  return columns.map(({ name, type }) => `${name} ${plain(type)}`).join(', ')
}

/** Columns that objects archived by an earlier version do not have: a row of it would hash otherwise. */
const NOT_HASHED: ReadonlySet<string> = new Set(['log_hash', 'id_run', 'received_bytes'])

/** In table `quarantine`, the id is such a column too; in `trades` it is not. */
const isHashed = (name: string, columns: readonly Column[]): boolean =>
  !NOT_HASHED.has(name) && !(name === 'trade_id' && columns.some(column => column.name === 'batch_good'))

/**
 * The columns of one row as a hash takes them: the same bytes from the table and from Parquet. Doubles by their bits, since a
 * hash takes -0 for 0.
 */
export function hashedOf(columns: readonly Column[]): string {
  return columns
    .filter(({ name }) => isHashed(name, columns))
    .map(({ name, type }) => {
      if (type.startsWith('Float')) return `reinterpretAsUInt${type.slice('Float'.length)}(${name})`
      return /^(Enum|Map)/.test(type) ? `toString(${name})` : name
    })
    .join(', ')
}

/** A text as SQL has it. */
export function quoted(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}
