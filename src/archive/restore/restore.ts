/**
 * Brings archived rows back into the tables. The archive itself says what it holds, so an empty store will do: its ledger is
 * written anew first. An object is read only if its bytes are those that were verified, and a slice counts as restored only once
 * the table's rows are those of its proof. What is there already stays: a repeat, after whatever ended the last one, adds what is
 * missing and nothing else.
 *
 * The newest slice of a partition comes first, so that ingest, which goes on after the last row, passes over nothing.
 */
import { TickhouseError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { ArchivedObject } from '../archive.ts'
import { type ArchiveCatalog, idOf } from '../catalog/catalog.ts'
import { followedLog } from '../catalog/identity.ts'
import { quoted } from '../columns.ts'
import { dateOf } from '../keys.ts'
import { DAILY_KINDS, QUARANTINE, TICK_KINDS } from '../kinds.ts'
import { requireOneLog } from './restorable.ts'
import type { Restoring } from './restoring.ts'
import { restoreDay, restoreTicks } from './rows.ts'

/** What to restore: whole slices with ticks of this time, ns since 1970 UTC; `untilNanos` is not included. */
export interface RestoreRange {
  fromNanos?: bigint | undefined
  untilNanos?: bigint | undefined
}

export interface Restored {
  slices: number
  /** Rows inserted, and rows of the range that were there already. */
  inserted: number
  present: number
}

/**
 * Restores a range. Nothing is written before it is known whose archive this is. Throws `archive_foreign` if it is not of the log that
 * the store follows, or of more than one; `usage` if the archive has nothing of it or ingest would pass over what it leaves out,
 * `archive_mismatch` for an object that is not what was verified, or what the store or the target throw.
 */
export async function restore(restoring: Restoring, range: RestoreRange): Promise<Restored> {
  const { store, target, catalog, progress = () => {} } = restoring
  const { objects: archived, log } = await requireOneLog(restoring)
  const known = new Map((await catalog.objects()).map(object => [idOf(object), object]))
  const all = archived.map(object => known.get(idOf(object)) ?? object)
  const slices = groupSegments(all.filter(({ kind }) => TICK_KINDS.some(({ table }) => table === kind)))
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
  if (log !== null && (await followedLog(store)) === null) await store.insertRows('log_identity', [{ identity: log }])
  const unknown = archived.filter(object => !known.has(idOf(object)))
  await catalog.setState(unknown, 'dropped')

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
    const unrestored = (await current(catalog, objects)).filter(
      ({ state }) => state === 'dropping' || state === 'dropped',
    )
    await catalog.setState(unrestored, 'verified')
    if (inserted > 0) await note(store, objects, inserted, target.address)
    result.slices++
  }
  for (const object of days) count(object, await restoreDay(restoring, object))
  return result
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

async function current(catalog: ArchiveCatalog, objects: readonly ArchivedObject[]): Promise<ArchivedObject[]> {
  const { partition, firstOffset, startMs } = objects[0]!.slice
  return catalog.objects(
    `log_partition = ${partition} AND first_offset = ${firstOffset} AND toUnixTimestamp(slice_start) = ${startMs / 1000}
     AND kind IN (${TICK_KINDS.map(({ table }) => quoted(table)).join(', ')})`,
  )
}

/** Slices in their order, refused ticks before good ones: as ingest writes them. */
function groupSegments(objects: readonly ArchivedObject[]): ArchivedObject[][] {
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
