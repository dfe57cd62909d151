/**
 * View `all_trades`: what is in the table, and what is only in the archive any more, each trade once. The archived files are a
 * table of their own, since a stranger's statement may read tables but no files.
 *
 * A slice counts only once the ledger calls its rows dropped; those of its rows that are in the table all the same, because they
 * were restored or have not left yet, are taken from the table alone. So the view is right whatever was interrupted.
 */
import type { Store } from '../store/store.ts'
import { columnsOf, quoted, structureOf } from './columns.ts'
import type { ArchiveTarget } from './target.ts'

const TABLE = 'archived_trades'
const FILES = 'trades/date=*/*.parquet'

/**
 * Lets `all_trades` span an archive, as long as it is open. One beside another machine's store is not spanned. To be called when
 * the store is opened and before any rows leave it: the engine looks for the files of a directory once, now.
 */
export async function spanArchive(store: Store, target: ArchiveTarget): Promise<void> {
  if (!store.address.startsWith('chdb:')) return
  const { engine, root } = await target.readable(FILES)
  const columns = await columnsOf(store, 'trades')
  const dropped = `archive = ${quoted(target.address)} AND kind = 'trades' AND state IN ('dropping', 'dropped')`
  const files = `SELECT concat(${quoted(root)}, key) FROM archive_ledger FINAL WHERE ${dropped}`
  const days = `SELECT toDate(slice_start) FROM archive_ledger FINAL WHERE ${dropped}`
  const place = 'log_partition, log_offset, log_index'
  // The day stands in the path as well: asked by that, files of other days are not opened.
  const archived = columns.map(({ name, type }) =>
    name === 'log_day' ? 'date AS log_day' : `CAST(${name} AS ${type}) AS ${name}`,
  )
  await store.client.command({
    query: `CREATE OR REPLACE TABLE ${TABLE} (${structureOf(columns)}, date Date)
      ENGINE = ${engine} SETTINGS use_hive_partitioning = 1`,
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
