/**
 * View `all_<table>` of each kind, `all_trades`: ticks in the table, and ticks that are only in the archive, each once.
 * The archived files are a table of their own, since untrusted statements may read tables but not files.
 *
 * A segment is included once its state in the catalog is `dropping` or `dropped`; its rows that are in the table all
 * the same (restored, or not dropped yet) are read from the table only. So the view is correct after any interruption.
 *
 * The table over the files does not outlive the process: at its start the engine looks for the files of each table, and
 * would wait for an unreachable bucket, or for the loopback address of an ended process.
 */
import { randomUUID } from 'node:crypto'
import { INTERNAL_DATABASE, type Store } from '../store/store.ts'
import { KINDS } from '../tick/kinds.ts'
import { nameAt } from './catalog/catalog.ts'
import { columnsOf, quoted, structureOf } from './columns.ts'
import type { ArchiveTarget } from './targets/target.ts'

/** A database of engine Memory: its tables do not outlive the process. */
const DATABASE = INTERNAL_DATABASE
/** The day is in the object's key: files of other days are not opened. */
const DAY_OF_PATH = String.raw`CAST(extract(_path, '.*/date=(\\d{4}-\\d{2}-\\d{2})/') AS Date)`

/**
 * Of the archived part only. The engine moves a part of the conditions into the reading of files; it then lacks a column whose
 * conversion is in both parts, and fails (NOT_FOUND_COLUMN_IN_BLOCK). Files and row groups are left out all the same.
 */
const WHOLE_CONDITIONS = 'optimize_move_to_prewhere = 0'

/**
 * Makes `all_trades` and the views of other kinds include an archive while store and archive are open; only in an embedded store. Call it when the
 * store is opened and before rows are dropped: the engine lists the files of a directory once, now; those of a bucket
 * at each query.
 */
export async function viewArchive(store: Store, target: ArchiveTarget): Promise<void> {
  if (store.kind !== 'embedded') return
  await store.command(`CREATE DATABASE IF NOT EXISTS ${DATABASE} ENGINE = Memory`)
  const before = await store.rows<{ name: string }>(`SELECT name FROM system.tables WHERE database = '${DATABASE}'`)
  for (const { table } of KINDS) await viewKind(store, target, table)
  for (const { name } of before) await store.command(`DROP TABLE IF EXISTS ${DATABASE}.${name}`)
}

async function viewKind(store: Store, target: ArchiveTarget, kind: string): Promise<void> {
  const { engine, root } = await target.readable(`${kind}/date=*/*.parquet`)
  const columns = await columnsOf(store, kind)
  const dropped = `archive = ${nameAt(target.address)} AND kind = '${kind}' AND state IN ('dropping', 'dropped')`
  const files = `SELECT concat(${quoted(root)}, key) FROM archive_ledger FINAL WHERE ${dropped}`
  const days = `SELECT toDate(slice_start) FROM archive_ledger FINAL WHERE ${dropped}`
  const position = 'log_partition, log_offset, log_index'
  const archived = columns.map(({ name, type }) =>
    name === 'log_day' ? `${DAY_OF_PATH} AS log_day` : `CAST(${name} AS ${type}) AS ${name}`,
  )
  const table = `${kind}_${randomUUID().replaceAll('-', '')}`
  const run = (query: string) => store.command(query)
  await run(`CREATE TABLE ${DATABASE}.${table} (${structureOf(columns)})
    ENGINE = ${engine} SETTINGS use_hive_partitioning = 0`)
  await run(`CREATE OR REPLACE VIEW all_${kind} AS
    SELECT ${columns.map(({ name }) => name).join(', ')} FROM ${kind}
    UNION ALL
    SELECT ${archived.join(', ')} FROM ${DATABASE}.${table}
    WHERE _path IN (${files})
      AND (${position}) NOT IN (SELECT ${position} FROM ${kind} WHERE log_day IN (${days}))
    SETTINGS ${WHOLE_CONDITIONS}`)
}
