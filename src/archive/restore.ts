/**
 * Brings archived rows back into the tables. The archive itself says what it holds, so an empty store will do: its ledger is
 * written anew first. An object is read only if its bytes are those that were verified, and a slice counts as restored only once
 * the table's rows are those of its proof. What is there already stays: a repeat, after whatever ended the last one, adds what is
 * missing and nothing else.
 *
 * The newest slice of a partition comes first, so that ingest, which goes on after the last row, passes over nothing.
 */
import { TickhouseError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { ArchivedObject, Fingerprint } from './archive.ts'
import { type Column, columnsOf, quoted } from './columns.ts'
import { dateOf } from './keys.ts'
import { DAILY_KINDS, type Kind, QUARANTINE, TICK_KINDS } from './kinds.ts'
import type { ArchiveLedger } from './ledger.ts'
import { manifestObjects } from './manifest.ts'
import { differences, fileSource, fingerprintFrom, fingerprintQuery } from './proof.ts'
import { rowsOf } from './steps.ts'
import type { ArchiveTarget } from './target.ts'

/** What to restore: whole slices with ticks of this time, ns since 1970 UTC; `untilNanos` is not included. */
export interface RestoreRange {
  fromNanos?: bigint | undefined
  untilNanos?: bigint | undefined
}

export interface Restoring {
  store: Store
  target: ArchiveTarget
  ledger: ArchiveLedger
  /** Told after each object: rows done, of how many. */
  progress?: (done: number, total: number) => void
}

export interface Restored {
  slices: number
  /** Rows inserted, and rows of the range that were there already. */
  inserted: number
  present: number
}

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
 * Restores a range. Throws `usage` if the archive has nothing of it or ingest would pass over what it leaves out,
 * `archive_mismatch` for an object that is not what was verified, or what the store or the target throw.
 */
export async function restore(restoring: Restoring, range: RestoreRange): Promise<Restored> {
  const { store, target, ledger, progress = () => {} } = restoring
  const archived = await manifestObjects(target)
  const known = new Map((await ledger.objects()).map(object => [idOf(object), object]))
  const all = archived.map(object => known.get(idOf(object)) ?? object)
  const slices = groupSlices(all.filter(({ kind }) => TICK_KINDS.some(({ table }) => table === kind)))
  const wanted = slices.filter(objects => objects.some(object => holds(object, range))).reverse()
  const days = all.filter(object => DAILY_KINDS.some(({ table }) => table === object.kind) && holds(object, range))
  if (wanted.length === 0 && days.length === 0) {
    throw new TickhouseError(
      'usage',
      `the archive ${target.address} holds nothing of that time`,
      'See what it holds: tickhouse archive verify.',
    )
  }
  await requireNewest(store, slices, new Set(wanted))
  const unknown = archived.filter(object => !known.has(idOf(object)))
  await ledger.setState(unknown, 'dropped')

  const result: Restored = { slices: 0, inserted: 0, present: 0 }
  const total = [...wanted.flat(), ...days].reduce((sum, { rows }) => sum + rows, 0)
  const count = (object: ArchivedObject, inserted: number) => {
    result.inserted += inserted
    result.present += object.rows - inserted
    progress(result.inserted + result.present, total)
  }
  for (const objects of wanted) {
    let inserted = 0
    for (const object of objects) {
      const rows = object.state === 'stale' ? 0 : await restoreTicks(restoring, object)
      inserted += rows
      count(object, rows)
    }
    const unrestored = (await current(ledger, objects)).filter(
      ({ state }) => state === 'dropping' || state === 'dropped',
    )
    await ledger.setState(unrestored, 'verified')
    if (inserted > 0) await note(store, objects, inserted, target.address)
    result.slices++
  }
  for (const object of days) count(object, await restoreDay(restoring, object))
  return result
}

/** Restores one kind of a slice; returns the rows inserted. */
async function restoreTicks(restoring: Restoring, object: ArchivedObject): Promise<number> {
  const { store } = restoring
  const kind = kindOf(object)
  const columns = await columnsOf(store, kind.table)
  const { where, params } = rowsOf(object.slice)
  const look = async (): Promise<Fingerprint> =>
    fingerprintFrom(
      await store.rows(fingerprintQuery(kind, columns, `(SELECT * FROM ${kind.table} WHERE ${where})`), params),
    )
  const before = await look()
  if (differences(object, before).length === 0) return 0
  await withFile(restoring, object, columns, async source => {
    const { firstOffset, lastOffset } = object.slice
    const inserts = Math.ceil(object.rows / INSERT_ROWS_MAX)
    const step = Math.ceil((lastOffset - firstOffset + 1) / inserts)
    for (let first = firstOffset; first <= lastOffset; first += step) {
      const range = `log_offset BETWEEN ${first} AND ${Math.min(first + step - 1, lastOffset)}`
      const present = `SELECT log_offset, log_index FROM ${kind.table} WHERE ${where} AND ${range}`
      await insert(restoring, kind, columns, {
        select: `${source} WHERE ${range} AND (log_offset, log_index) NOT IN (${present})`,
        params,
      })
    }
  })
  const after = await look()
  const differing = differences(object, after)
  if (differing.length > 0) throw mismatch(object, `the table's rows of its slice are others: ${differing.join(', ')}`)
  return after.rows - before.rows
}

/** Restores a day of a small table; returns the rows inserted. */
async function restoreDay(restoring: Restoring, object: ArchivedObject): Promise<number> {
  const { store } = restoring
  const kind = kindOf(object)
  const columns = await columnsOf(store, kind.table)
  let inserted = 0
  await withFile(restoring, object, columns, async source => {
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
    await use(fileSource(fetched.file, columns))
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

/**
 * Ingest goes on after the last row of a partition: one that ends before what is archived would have records between passed over.
 * Throws `usage` if the newest slice is neither stored nor wanted.
 */
async function requireNewest(
  store: Store,
  slices: readonly ArchivedObject[][],
  wanted: ReadonlySet<ArchivedObject[]>,
): Promise<void> {
  const newest = new Map(slices.map(objects => [objects[0]!.slice.partition, objects]))
  for (const [partition, objects] of newest) {
    if (wanted.has(objects)) continue
    const { lastOffset, startMs } = objects[0]!.slice
    const [row] = await store.rows<{ reached: number }>(
      `SELECT count() > 0 AS reached FROM (
         SELECT log_offset FROM trades WHERE log_partition = {partition:UInt16} AND log_offset >= {last:UInt64} LIMIT 1
         UNION ALL SELECT log_offset FROM quarantine WHERE log_partition = {partition:UInt16} AND log_offset >= {last:UInt64} LIMIT 1)`,
      { partition, last: lastOffset },
    )
    if (Number(row!.reached) > 0) continue
    throw new TickhouseError(
      'usage',
      `the store ends before what is archived of log partition ${partition}, the newest of ${dateOf(startMs)}: storing would not go on where it should`,
      'Restore the newest slices as well: leave --to out.',
    )
  }
}

/** Keeps in table `audits` what was restored. */
async function note(
  store: Store,
  objects: readonly ArchivedObject[],
  inserted: number,
  address: string,
): Promise<void> {
  const { partition, firstOffset, lastOffset, startMs } = objects[0]!.slice
  const rows = objects.reduce((sum, object) => sum + object.rows, 0)
  await store.insertRows('audits', [
    {
      log_partition: partition,
      log_day: dateOf(startMs),
      passed: true,
      ticks: rows,
      distinct_ticks: rows,
      expected: rows,
      detail: `records ${firstOffset} to ${lastOffset}: ${inserted} rows restored from ${address} and found equal`,
      took_ms: 0,
    },
  ])
}

async function current(ledger: ArchiveLedger, objects: readonly ArchivedObject[]): Promise<ArchivedObject[]> {
  const { partition, firstOffset, startMs } = objects[0]!.slice
  return ledger.objects(
    `log_partition = ${partition} AND first_offset = ${firstOffset} AND toUnixTimestamp(slice_start) = ${startMs / 1000}
     AND kind IN (${TICK_KINDS.map(({ table }) => quoted(table)).join(', ')})`,
  )
}

/** Slices in their order, refused ticks before good ones: as ingest writes them. */
function groupSlices(objects: readonly ArchivedObject[]): ArchivedObject[][] {
  const groups = Map.groupBy(objects, ({ slice }) => `${slice.partition} ${slice.firstOffset}`)
  return [...groups.values()].map(group => group.sort(({ kind }) => (kind === QUARANTINE ? -1 : 1)))
}

function holds(
  { rows, firstTimeNanos, lastTimeNanos }: ArchivedObject,
  { fromNanos, untilNanos }: RestoreRange,
): boolean {
  if (rows === 0) return false
  return (
    (fromNanos === undefined || BigInt(lastTimeNanos) >= fromNanos) &&
    (untilNanos === undefined || BigInt(firstTimeNanos) < untilNanos)
  )
}

function kindOf(object: ArchivedObject): Kind {
  return [...TICK_KINDS, ...DAILY_KINDS].find(({ table }) => table === object.kind)!
}

function idOf({ kind, slice }: ArchivedObject): string {
  return `${kind} ${slice.partition} ${slice.firstOffset} ${slice.startMs}`
}

function mismatch({ key }: ArchivedObject, why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `${key} cannot be restored: ${why}`,
    'Nothing of it was inserted that was not verified. Run: tickhouse archive verify, and see docs/restore.md.',
  )
}
