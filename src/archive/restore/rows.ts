/** Restores the rows of one archived object, verified before and after the insert. */
import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject, Fingerprint } from '../archive.ts'
import { ADDED, type Column, columnsOf } from '../columns.ts'
import { shownKey } from '../keys.ts'
import { DAILY_KINDS, type Kind, TICK_KINDS } from '../kinds.ts'
import { rowsOf } from '../steps.ts'
import { combined, differences, fileSource, fingerprintFrom, fingerprintQuery } from '../verify/checksum.ts'
import type { RestoreContext } from './context.ts'

/** An insert of at most this many rows creates one part in one partition of the table, so it is atomic. */
const INSERT_ROWS_MAX = 1_000_000
const INSERT_SETTINGS = {
  max_insert_threads: 1,
  max_threads: 1,
  min_insert_block_size_rows: 1_048_449,
  min_insert_block_size_bytes: 0,
  max_insert_block_size: 1_048_449,
} as Record<string, string | number>

/**
 * Time and batch of storing. These differ for the same tick if the store was refilled from the log; so may columns
 * added later, if another version refilled it.
 */
const OF_STORING = ['stored_at', 'epoch', 'batch_first_offset', 'batch_good']

/**
 * Restores one kind of a segment; returns the number of rows inserted. Throws `archive_mismatch` before it inserts
 * anything.
 */
export async function restoreTicks(context: RestoreContext, object: ArchivedObject): Promise<number> {
  const { store } = context
  const kind = kindOf(object)
  const columns = await columnsOf(store, kind.table)
  const ofStoring = [...OF_STORING, ...(ADDED[kind.table] ?? [])]
  const ofTick = columns.filter(({ name }) => !ofStoring.includes(name))
  const { where, params } = rowsOf(object.segment)
  const table = `(SELECT * FROM ${kind.table} WHERE ${where})`
  const fingerprint = async (what: readonly Column[], source = table): Promise<Fingerprint> =>
    fingerprintFrom(await store.rows(fingerprintQuery(kind, what, source), params))
  if (differences(object, await fingerprint(columns)).length === 0) return 0
  const before = await fingerprint(ofTick)
  let after = before
  await withFile(context, object, columns, async source => {
    requireEqual(object, object, await fingerprint(columns, source), 'its rows do not match its checksums')
    const missing = `${source} WHERE (log_offset, log_index) NOT IN (SELECT log_offset, log_index FROM ${table})`
    const whole = await fingerprint(ofTick, source)
    const lacking = await fingerprint(ofTick, missing)
    requireEqual(object, whole, combined(before, lacking), "the table's rows of its segment differ")
    if (lacking.rows > 0) await insertTicks(context, object, columns, source)
    after = await fingerprint(ofTick)
    requireEqual(object, whole, after, "the table's rows of its segment changed meanwhile")
  })
  return after.rows - before.rows
}

/** Inserts the rows missing in the table, in steps of `INSERT_ROWS_MAX`. */
async function insertTicks(
  context: RestoreContext,
  object: ArchivedObject,
  columns: readonly Column[],
  source: string,
): Promise<void> {
  const kind = kindOf(object)
  const { where, params } = rowsOf(object.segment)
  const { firstOffset, lastOffset } = object.segment
  const inserts = Math.ceil(object.rows / INSERT_ROWS_MAX)
  const step = Math.ceil((lastOffset - firstOffset + 1) / inserts)
  for (let first = firstOffset; first <= lastOffset; first += step) {
    const range = `log_offset BETWEEN ${first} AND ${Math.min(first + step - 1, lastOffset)}`
    const present = `SELECT log_offset, log_index FROM ${kind.table} WHERE ${where} AND ${range}`
    const select = `${source} WHERE ${range} AND (log_offset, log_index) NOT IN (${present})`
    await insert(context, kind, columns, { select, params })
  }
}

/** Restores a day of a daily table; returns the number of rows inserted. */
export async function restoreDay(context: RestoreContext, object: ArchivedObject): Promise<number> {
  const { store } = context
  const kind = kindOf(object)
  const columns = await columnsOf(store, kind.table)
  let inserted = 0
  await withFile(context, object, columns, async source => {
    const found = fingerprintFrom(await store.rows(fingerprintQuery(kind, columns, source)))
    requireEqual(object, object, found, 'its rows do not match its checksums')
    // A row that was replaced by a newer one is not missing.
    const newest = `SELECT ${kind.orderBy}, max(${kind.time}) AS newest FROM ${kind.table} GROUP BY ${kind.orderBy}`
    const missing = `${source} AS archived LEFT JOIN (${newest}) AS present USING (${kind.orderBy}) WHERE archived.${kind.time} > newest`
    const [row] = await store.rows<{ rows: string }>(`SELECT count() AS rows FROM ${missing}`)
    inserted = Number(row!.rows)
    if (inserted > 0) await insert(context, kind, columns, { select: missing, params: {} })
  })
  return inserted
}

/** Calls `use` with the object's rows as a source for FROM, after checking its size and SHA-256. */
async function withFile(
  { target }: RestoreContext,
  object: ArchivedObject,
  columns: readonly Column[],
  use: (source: string) => Promise<void>,
): Promise<void> {
  if (object.key === '') return
  const fetched = await target.fetch(object.key)
  if (!fetched) throw mismatch(object, 'it is missing')
  try {
    if (fetched.bytes !== object.bytes || fetched.sha256 !== object.sha256)
      throw mismatch(object, `its SHA-256 does not match (${fetched.bytes} bytes, ${object.bytes} verified)`)
    await use(fileSource(fetched.file, columns)).catch(error => {
      if (error instanceof TickhouseError) throw error
      throw mismatch(object, (error as Error).message.split('\n')[0]!)
    })
  } finally {
    await fetched.release()
  }
}

async function insert(
  { store }: RestoreContext,
  { table }: Kind,
  columns: readonly Column[],
  { select, params }: { select: string; params: Record<string, unknown> },
): Promise<void> {
  const names = columns.map(({ name }) => name).join(', ')
  await store.command(`INSERT INTO ${table} (${names}) SELECT ${names} FROM ${select}`, params, INSERT_SETTINGS)
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
    `cannot restore ${shownKey(key)}: ${shownKey(why)}`,
    'No unverified row was inserted. Run: tickhouse archive verify, and see docs/restore.md.',
  )
}
