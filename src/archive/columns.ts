/** A table's columns and their types in Parquet, and a row hash that is equal in both. */
import type { Store } from '../store/store.ts'

/** Executes a SELECT without parameters: a store, or a running instance that has it open. */
export type RowSource = Pick<Store, 'rows'>

export interface Column {
  name: string
  /** In the table. */
  type: string
}

/** Types the engine writes as text to Parquet. */
const TEXT = /^(LowCardinality\(String\)|Enum\d+\(|FixedString)/

/** The columns of a table, in order. */
export function columnsOf(store: RowSource, table: string): Promise<Column[]> {
  return store.rows<Column>(
    `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ${quoted(table)} ORDER BY position`,
  )
}

/**
 * Structure argument of `file()` and `s3()` for an archived object, so that values are read back as their original
 * types.
 */
export function structureOf(columns: readonly Column[]): string {
  const plain = (type: string) => (TEXT.test(type) ? 'String' : type.replaceAll('LowCardinality(String)', 'String'))
  return columns.map(({ name, type }) => `${name} ${plain(type)}`).join(', ')
}

/** Hash of the last record of a batch, not part of the tick. */
const NOT_OF_TICK = 'log_hash'

/** Columns missing in objects archived by an earlier version, by table. They are read as 0 or '' from such an object. */
export const ADDED: Readonly<Record<string, readonly string[]>> = {
  trades: ['id_run', 'first_id', 'last_id', 'conditions'],
  quarantine: ['id_run', 'received_bytes', 'trade_id'],
  audits: ['subject'],
  gaps: ['after_at', 'before_at'],
}

/**
 * SQL of a row's 64-bit hash, the same for the table and for Parquet. Doubles are hashed by their bits, since the
 * functions hash -0 like 0. Columns added later contribute only if not 0 or '', so that rows of an earlier version keep their
 * hash.
 */
export function rowHash(hash: 'cityHash64' | 'xxHash64', table: string, columns: readonly Column[]): string {
  const added = ADDED[table] ?? []
  const first = columns
    .filter(({ name }) => name !== NOT_OF_TICK && !added.includes(name))
    .map(({ name, type }) => {
      if (type.startsWith('Float')) return `reinterpretAsUInt${type.slice('Float'.length)}(${name})`
      return /^(Enum|Map)/.test(type) ? `toString(${name})` : name
    })
  return columns
    .filter(({ name }) => added.includes(name))
    .reduce(
      (sum, { name, type }) =>
        `bitXor(${sum}, if(${name} = ${type.includes('String') ? "''" : 0}, 0, ${hash}(${quoted(name)}, ${name})))`,
      `${hash}(${first.join(', ')})`,
    )
}

/** A text as a SQL literal. */
export function quoted(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}
