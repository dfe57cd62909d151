/**
 * View `all_trades`: what is in the table, and what is only in the archive any more, each trade once. The archived files are a
 * table of their own, since a stranger's statement may read tables but no files.
 *
 * A slice counts only once the ledger calls its rows dropped; those of its rows that are in the table all the same, because they
 * were restored or have not left yet, are taken from the table alone. So the view is right whatever was interrupted.
 */
import path from 'node:path'
import type { Store } from '../store/store.ts'
import { columnsOf, quoted, structureOf } from './columns.ts'

const TABLE = 'archived_trades'

/**
 * Lets `all_trades` span the archive at an address. One in a bucket, or beside another machine's store, is not spanned. To be
 * called when the store is opened and before any rows leave it: the engine looks for the files once, now.
 */
export async function spanArchive(store: Store, address: string): Promise<void> {
  const directory = /^file:(.+)$/s.exec(address)?.[1]
  if (directory === undefined || !store.address.startsWith('chdb:')) return
  const columns = await columnsOf(store, 'trades')
  const root = path.resolve(directory)
  const dropped = `archive = ${quoted(address)} AND kind = 'trades' AND state IN ('dropping', 'dropped')`
  const files = `SELECT concat(${quoted(`${root}/`)}, key) FROM archive_ledger FINAL WHERE ${dropped}`
  const days = `SELECT toDate(slice_start) FROM archive_ledger FINAL WHERE ${dropped}`
  const place = 'log_partition, log_offset, log_index'
  // The day stands in the path as well: asked by that, files of other days are not opened.
  const archived = columns.map(({ name, type }) =>
    name === 'log_day' ? 'date AS log_day' : `CAST(${name} AS ${type}) AS ${name}`,
  )
  await store.client.command({
    query: `CREATE OR REPLACE TABLE ${TABLE} (${structureOf(columns)}, date Date)
      ENGINE = File('Parquet', ${quoted(`${root}/trades/date=*/*.parquet`)}) SETTINGS use_hive_partitioning = 1`,
  })
  await store.client.command({
    query: `CREATE OR REPLACE VIEW all_trades AS
      SELECT ${columns.map(({ name }) => name).join(', ')} FROM trades
      UNION ALL
      SELECT ${archived.join(', ')} FROM ${TABLE}
      WHERE _path IN (${files})
        AND (${place}) NOT IN (SELECT ${place} FROM trades WHERE log_day IN (${days}))`,
  })
}
