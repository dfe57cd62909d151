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

/** Names the last record of a batch, and says nothing of its ticks. */
const OF_NO_TICK = 'log_hash'

/** Columns that objects archived by an earlier version do not have, by table. Read from such an object they are 0. */
export const ADDED: Readonly<Record<string, readonly string[]>> = {
  trades: ['id_run'],
  quarantine: ['id_run', 'received_bytes', 'trade_id'],
}

/**
 * One row of a table as a 64-bit hash by a function of the engine, the same from the table and from Parquet. Doubles by their bits, since
 * a hash takes -0 for 0. Columns that came later count where they are not 0: rows of an earlier version hash as they did then.
 */
export function rowHash(hash: 'cityHash64' | 'xxHash64', table: string, columns: readonly Column[]): string {
  const added = ADDED[table] ?? []
  const first = columns
    .filter(({ name }) => name !== OF_NO_TICK && !added.includes(name))
    .map(({ name, type }) => {
      if (type.startsWith('Float')) return `reinterpretAsUInt${type.slice('Float'.length)}(${name})`
      return /^(Enum|Map)/.test(type) ? `toString(${name})` : name
    })
  return columns
    .filter(({ name }) => added.includes(name))
    .reduce(
      (sum, { name }) => `bitXor(${sum}, if(${name} = 0, 0, ${hash}(${quoted(name)}, ${name})))`,
      `${hash}(${first.join(', ')})`,
    )
}

/** A text as SQL has it. */
export function quoted(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}
