/**
 * View `all_trades`: trades in the table, and trades that are only in the archive, each once. The archived files are a
 * table of their own, since untrusted statements may read tables but not files.
 *
 * A segment is included once its state in the catalog is `dropping` or `dropped`; its rows that are in the table all
 * the same (restored, or not dropped yet) are read from the table only. So the view is correct after any interruption.
 *
 * The table over the files does not outlive the process: at its start the engine looks for the files of each table, and
 * would wait for an unreachable bucket, or for the loopback address of an ended process.
 */
import { randomUUID } from 'node:crypto'
import { INTERNAL_DATABASE, type Store } from '../store/store.ts'
import { nameAt } from './catalog/catalog.ts'
import { columnsOf, quoted, structureOf } from './columns.ts'
import type { ArchiveTarget } from './targets/target.ts'

/** A database of engine Memory: its tables do not outlive the process. */
const DATABASE = INTERNAL_DATABASE
const FILES = 'trades/date=*/*.parquet'
/** The day is in the object's key: files of other days are not opened. */
const DAY_OF_PATH = String.raw`CAST(extract(_path, '.*/date=(\\d{4}-\\d{2}-\\d{2})/') AS Date)`

/**
 * Makes `all_trades` include an archive while store and archive are open; only in an embedded store. Call it when the
 * store is opened and before rows are dropped: the engine lists the files of a directory once, now; those of a bucket
 * at each query.
 */
export async function viewArchive(store: Store, target: ArchiveTarget): Promise<void> {
  if (store.kind !== 'embedded') return
  const { engine, root } = await target.readable(FILES)
  const columns = await columnsOf(store, 'trades')
  const dropped = `archive = ${nameAt(target.address)} AND kind = 'trades' AND state IN ('dropping', 'dropped')`
  const files = `SELECT concat(${quoted(root)}, key) FROM archive_ledger FINAL WHERE ${dropped}`
  const days = `SELECT toDate(slice_start) FROM archive_ledger FINAL WHERE ${dropped}`
  const position = 'log_partition, log_offset, log_index'
  const archived = columns.map(({ name, type }) =>
    name === 'log_day' ? `${DAY_OF_PATH} AS log_day` : `CAST(${name} AS ${type}) AS ${name}`,
  )
  const table = `trades_${randomUUID().replaceAll('-', '')}`
  const run = (query: string) => store.command(query)
  await run(`CREATE DATABASE IF NOT EXISTS ${DATABASE} ENGINE = Memory`)
  const before = await store.rows<{ name: string }>(`SELECT name FROM system.tables WHERE database = '${DATABASE}'`)
  await run(`CREATE TABLE ${DATABASE}.${table} (${structureOf(columns)})
    ENGINE = ${engine} SETTINGS use_hive_partitioning = 0`)
  await run(`CREATE OR REPLACE VIEW all_trades AS
    SELECT ${columns.map(({ name }) => name).join(', ')} FROM trades
    UNION ALL
    SELECT ${archived.join(', ')} FROM ${DATABASE}.${table}
    WHERE _path IN (${files})
      AND (${position}) NOT IN (SELECT ${position} FROM trades WHERE log_day IN (${days}))`)
  for (const { name } of before) await run(`DROP TABLE IF EXISTS ${DATABASE}.${name}`)
}
