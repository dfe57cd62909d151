/**
 * View `all_trades`: what is in the table, and what is only in the archive any more, each trade once. The archived files are a
 * table of their own, since a stranger's statement may read tables but no files.
 *
 * A slice counts only once the ledger calls its rows dropped; those of its rows that are in the table all the same, because they
 * were restored or have not left yet, are taken from the table alone. So the view is right whatever was interrupted.
 *
 * That table is gone when the process ends: the engine looks for the files of one that it finds when it starts, and would wait there
 * for a bucket that is away, and for the loopback address of a process that is no more.
 */
import { randomUUID } from 'node:crypto'
import { INTERNAL_DATABASE, type Store } from '../store/store.ts'
import { nameAt } from './catalog/catalog.ts'
import { columnsOf, quoted, structureOf } from './columns.ts'
import type { ArchiveTarget } from './targets/target.ts'

/** Tables in a database of this engine are kept in memory alone. */
const DATABASE = INTERNAL_DATABASE
const FILES = 'trades/date=*/*.parquet'
/** The day stands in an object's key: files of days that are not asked for are not opened. */
const DAY_OF_PATH = String.raw`CAST(extract(_path, '.*/date=(\\d{4}-\\d{2}-\\d{2})/') AS Date)`

/**
 * Lets `all_trades` span an archive, as long as store and archive are open. One beside another machine's store is not spanned. To be
 * called when the store is opened and before any rows leave it: the engine looks for the files of a directory once, now. Of a bucket
 * nothing is asked before a question is.
 */
export async function viewArchive(store: Store, target: ArchiveTarget): Promise<void> {
  if (!store.address.startsWith('chdb:')) return
  const { engine, root } = await target.readable(FILES)
  const columns = await columnsOf(store, 'trades')
  const dropped = `archive = ${nameAt(target.address)} AND kind = 'trades' AND state IN ('dropping', 'dropped')`
  const files = `SELECT concat(${quoted(root)}, key) FROM archive_ledger FINAL WHERE ${dropped}`
  const days = `SELECT toDate(slice_start) FROM archive_ledger FINAL WHERE ${dropped}`
  const place = 'log_partition, log_offset, log_index'
  const archived = columns.map(({ name, type }) =>
    name === 'log_day' ? `${DAY_OF_PATH} AS log_day` : `CAST(${name} AS ${type}) AS ${name}`,
  )
  const table = `trades_${randomUUID().replaceAll('-', '')}`
  const run = (query: string) => store.client.command({ query })
  await run(`CREATE DATABASE IF NOT EXISTS ${DATABASE} ENGINE = Memory`)
  const before = await store.rows<{ name: string }>(`SELECT name FROM system.tables WHERE database = '${DATABASE}'`)
  await run(`CREATE TABLE ${DATABASE}.${table} (${structureOf(columns)})
    ENGINE = ${engine} SETTINGS use_hive_partitioning = 0`)
  await run(`CREATE OR REPLACE VIEW all_trades AS
    SELECT ${columns.map(({ name }) => name).join(', ')} FROM trades
    UNION ALL
    SELECT ${archived.join(', ')} FROM ${DATABASE}.${table}
    WHERE _path IN (${files})
      AND (${place}) NOT IN (SELECT ${place} FROM trades WHERE log_day IN (${days}))`)
  for (const { name } of before) await run(`DROP TABLE IF EXISTS ${DATABASE}.${name}`)
}
