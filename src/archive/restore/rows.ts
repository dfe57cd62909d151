/** The rows of one archived object on their way back into their table: proved before they are inserted, and proved again afterwards. */
import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject, Fingerprint } from '../archive.ts'
import { ADDED, type Column, columnsOf } from '../columns.ts'
import { shownKey } from '../keys.ts'
import { DAILY_KINDS, type Kind, TICK_KINDS } from '../kinds.ts'
import { rowsOf } from '../steps.ts'
import { combined, differences, fileSource, fingerprintFrom, fingerprintQuery } from '../verify/checksum.ts'
import type { Restoring } from './restoring.ts'

/** An insert of so many rows is one part in one partition of the table: all of it or nothing. */
const INSERT_ROWS_MAX = 1_000_000
const INSERT_SETTINGS = {
  max_insert_threads: 1,
  max_threads: 1,
  min_insert_block_size_rows: 1_048_449,
  min_insert_block_size_bytes: 0,
  max_insert_block_size: 1_048_449,
} as Record<string, string | number>

/**
 * When and in which batch a row was stored. These differ where the log has filled a store once more, and the tick is the same; so may the
 * columns that came later, where another version filled it.
 */
const OF_STORING = ['stored_at', 'epoch', 'batch_first_offset', 'batch_good']

/** Restores one kind of a slice; returns the rows inserted. Throws `archive_mismatch` before anything of it is inserted. */
export async function restoreTicks(restoring: Restoring, object: ArchivedObject): Promise<number> {
  const { store } = restoring
  const kind = kindOf(object)
  const columns = await columnsOf(store, kind.table)
  const ofStoring = [...OF_STORING, ...(ADDED[kind.table] ?? [])]
  const ofTick = columns.filter(({ name }) => !ofStoring.includes(name))
  const { where, params } = rowsOf(object.slice)
  const table = `(SELECT * FROM ${kind.table} WHERE ${where})`
  const look = async (what: readonly Column[], source = table): Promise<Fingerprint> =>
    fingerprintFrom(await store.rows(fingerprintQuery(kind, what, source), params))
  if (differences(object, await look(columns)).length === 0) return 0
  const before = await look(ofTick)
  let after = before
  await withFile(restoring, object, columns, async source => {
    requireEqual(object, object, await look(columns, source), 'its rows are not those of its proof')
    const missing = `${source} WHERE (log_offset, log_index) NOT IN (SELECT log_offset, log_index FROM ${table})`
    const whole = await look(ofTick, source)
    const lacking = await look(ofTick, missing)
    requireEqual(object, whole, combined(before, lacking), "the table's rows of its slice are others")
    if (lacking.rows > 0) await insertTicks(restoring, object, columns, source)
    after = await look(ofTick)
    requireEqual(object, whole, after, "the table's rows of its slice became others meanwhile")
  })
  return after.rows - before.rows
}

/** Inserts what the table lacks, in steps of so many rows. */
async function insertTicks(
  restoring: Restoring,
  object: ArchivedObject,
  columns: readonly Column[],
  source: string,
): Promise<void> {
  const kind = kindOf(object)
  const { where, params } = rowsOf(object.slice)
  const { firstOffset, lastOffset } = object.slice
  const inserts = Math.ceil(object.rows / INSERT_ROWS_MAX)
  const step = Math.ceil((lastOffset - firstOffset + 1) / inserts)
  for (let first = firstOffset; first <= lastOffset; first += step) {
    const range = `log_offset BETWEEN ${first} AND ${Math.min(first + step - 1, lastOffset)}`
    const present = `SELECT log_offset, log_index FROM ${kind.table} WHERE ${where} AND ${range}`
    const select = `${source} WHERE ${range} AND (log_offset, log_index) NOT IN (${present})`
    await insert(restoring, kind, columns, { select, params })
  }
}

/** Restores a day of a small table; returns the rows inserted. */
export async function restoreDay(restoring: Restoring, object: ArchivedObject): Promise<number> {
  const { store } = restoring
  const kind = kindOf(object)
  const columns = await columnsOf(store, kind.table)
  let inserted = 0
  await withFile(restoring, object, columns, async source => {
    const found = fingerprintFrom(await store.rows(fingerprintQuery(kind, columns, source)))
    requireEqual(object, object, found, 'its rows are not those of its proof')
    // A row that the table has since replaced by a newer one is not missing.
    const newest = `SELECT ${kind.orderBy}, max(${kind.time}) AS newest FROM ${kind.table} GROUP BY ${kind.orderBy}`
    const missing = `${source} AS archived LEFT JOIN (${newest}) AS present USING (${kind.orderBy}) WHERE archived.${kind.time} > newest`
    const [row] = await store.rows<{ rows: string }>(`SELECT count() AS rows FROM ${missing}`)
    inserted = Number(row!.rows)
    if (inserted > 0) await insert(restoring, kind, columns, { select: missing, params: {} })
  })
  return inserted
}

/** Lends an object's rows as a source for a FROM, once its bytes are those that were verified. */
async function withFile(
  { target }: Restoring,
  object: ArchivedObject,
  columns: readonly Column[],
  use: (source: string) => Promise<void>,
): Promise<void> {
  if (object.key === '') return
  const fetched = await target.fetch(object.key)
  if (!fetched) throw mismatch(object, 'it is not there')
  try {
    if (fetched.bytes !== object.bytes || fetched.sha256 !== object.sha256)
      throw mismatch(object, `its ${fetched.bytes} bytes are not the ${object.bytes} that were verified`)
    await use(fileSource(fetched.file, columns)).catch(error => {
      if (error instanceof TickhouseError) throw error
      throw mismatch(object, (error as Error).message.split('\n')[0]!)
    })
  } finally {
    await fetched.release()
  }
}

async function insert(
  { store }: Restoring,
  { table }: Kind,
  columns: readonly Column[],
  { select, params }: { select: string; params: Record<string, unknown> },
): Promise<void> {
  const names = columns.map(({ name }) => name).join(', ')
  await store.client.command({
    query: `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${select}`,
    query_params: params,
    clickhouse_settings: INSERT_SETTINGS,
  })
}

function kindOf(object: ArchivedObject): Kind {
  return [...TICK_KINDS, ...DAILY_KINDS].find(({ table }) => table === object.kind)!
}

function requireEqual(object: ArchivedObject, expected: Fingerprint, found: Fingerprint, why: string): void {
  const differing = differences(expected, found)
  if (differing.length > 0) throw mismatch(object, `${why}: ${differing.join(', ')}`)
}

function mismatch({ key }: ArchivedObject, why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `${shownKey(key)} cannot be restored: ${shownKey(why)}`,
    'Nothing of it was inserted that was not verified. Run: tickhouse archive verify, and see docs/restore.md.',
  )
}
