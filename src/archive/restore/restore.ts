/**
 * Restores archived rows to the tables. The store may be empty: its catalog is rebuilt from the archive's manifests
 * first. An object is read only if its bytes match their SHA-256, and a segment counts as restored only once the
 * table's rows match its checksums. Existing rows stay, so a repeated restore adds only missing rows.
 *
 * The newest segment of a partition is restored first: ingest resumes after the last row, so it skips nothing.
 */
import { TickhouseError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import type { ArchivedObject } from '../archive.ts'
import { type ArchiveCatalog, idOf } from '../catalog/catalog.ts'
import { followedLog } from '../catalog/identity.ts'
import { quoted } from '../columns.ts'
import { dateOf } from '../keys.ts'
import { DAILY_KINDS, QUARANTINE, TICK_KINDS } from '../kinds.ts'
import type { RestoreContext } from './context.ts'
import { requireOneLog } from './restorable.ts'
import { restoreDay, restoreTicks } from './rows.ts'

/** Time range, ns since 1970 UTC, `untilNanos` exclusive: every segment with ticks in it is restored whole. */
export interface RestoreRange {
  fromNanos?: bigint | undefined
  untilNanos?: bigint | undefined
}

export interface Restored {
  segments: number
  /** Rows inserted, and rows of the range that were already in the table. */
  inserted: number
  present: number
}

/**
 * Restores a range. Nothing is written before the archive's owner is checked. Throws `archive_foreign` if the archive
 * is not of the store's log, or of several; `usage` if it has nothing in the range, or ingest would skip segments
 * outside of it; `archive_mismatch` for an object that differs from its checksums; and errors of store and target.
 */
export async function restore(context: RestoreContext, range: RestoreRange): Promise<Restored> {
  const { store, target, catalog, progress = () => {} } = context
  const { objects: archived, log } = await requireOneLog(context)
  const known = new Map((await catalog.objects()).map(object => [idOf(object), object]))
  const all = archived.map(object => known.get(idOf(object)) ?? object)
  const segments = groupSegments(all.filter(({ kind }) => TICK_KINDS.some(({ table }) => table === kind)))
  const wanted = segments.filter(objects => objects.some(object => isInRange(object, range))).reverse()
  const days = all.filter(object => DAILY_KINDS.some(({ table }) => table === object.kind) && isInRange(object, range))
  if (wanted.length === 0 && days.length === 0) {
    throw new TickhouseError(
      'usage',
      `the archive ${target.address} has nothing in that time range`,
      'To see how far it is archived: tickhouse archive status.',
    )
  }
  await requireNewest(store, segments, new Set(wanted))
  if (log !== null && (await followedLog(store)) === null) await store.insertRows('log_identity', [{ identity: log }])
  const unknown = archived.filter(object => !known.has(idOf(object)))
  await catalog.setState(unknown, 'dropped')

  const result: Restored = { segments: 0, inserted: 0, present: 0 }
  const total = [...wanted.flat(), ...days].reduce((sum, { rows }) => sum + rows, 0)
  const count = (object: ArchivedObject, inserted: number) => {
    result.inserted += inserted
    result.present += object.rows - inserted
    progress(result.inserted + result.present, total)
  }
  for (const objects of wanted) {
    let inserted = 0
    for (const object of objects) {
      const rows = object.state === 'stale' ? 0 : await restoreTicks(context, object)
      inserted += rows
      count(object, rows)
    }
    const unrestored = (await currentObjects(catalog, objects)).filter(
      ({ state }) => state === 'dropping' || state === 'dropped',
    )
    await catalog.setState(unrestored, 'verified')
    if (inserted > 0) await writeAudit(store, objects, inserted, target.address)
    result.segments++
  }
  for (const object of days) count(object, await restoreDay(context, object))
  return result
}

/**
 * Ingest resumes after the last row of a partition: if the store ended before the archive, the records between would be
 * skipped. Throws `usage` if a partition's newest segment is neither stored nor in the range.
 */
async function requireNewest(
  store: Store,
  segments: readonly ArchivedObject[][],
  wanted: ReadonlySet<ArchivedObject[]>,
): Promise<void> {
  const newest = new Map(segments.map(objects => [objects[0]!.segment.partition, objects]))
  for (const [partition, objects] of newest) {
    if (wanted.has(objects)) continue
    const { lastOffset, startMs } = objects[0]!.segment
    const [row] = await store.rows<{ stored: number }>(
      `SELECT count() > 0 AS stored FROM (${TICK_KINDS.map(
        ({ table }) =>
          `SELECT log_offset FROM ${table} WHERE log_partition = {partition:UInt16} AND log_offset >= {last:UInt64} LIMIT 1`,
      ).join(' UNION ALL ')})`,
      { partition, last: lastOffset },
    )
    if (Number(row!.stored) > 0) continue
    throw new TickhouseError(
      'usage',
      `the store would end before the archive of log partition ${partition} (${dateOf(startMs)}), and ingest would skip the records between`,
      'Restore the newest segments too: omit --to.',
    )
  }
}

/** Writes a row about a restored segment to table `audits`. */
async function writeAudit(
  store: Store,
  objects: readonly ArchivedObject[],
  inserted: number,
  address: string,
): Promise<void> {
  const { partition, firstOffset, lastOffset, startMs } = objects[0]!.segment
  const rows = objects.reduce((sum, object) => sum + object.rows, 0)
  await store.insertRows('audits', [
    {
      log_partition: partition,
      log_day: dateOf(startMs),
      passed: true,
      ticks: rows,
      distinct_ticks: rows,
      expected: rows,
      detail: `records ${firstOffset} to ${lastOffset}: ${inserted} rows restored from ${address} and verified`,
      took_ms: 0,
    },
  ])
}

/** The catalog's entries of the segment's objects now. */
async function currentObjects(catalog: ArchiveCatalog, objects: readonly ArchivedObject[]): Promise<ArchivedObject[]> {
  const { partition, firstOffset, startMs } = objects[0]!.segment
  return catalog.objects(
    `log_partition = ${partition} AND first_offset = ${firstOffset} AND toUnixTimestamp(slice_start) = ${startMs / 1000}
     AND kind IN (${TICK_KINDS.map(({ table }) => quoted(table)).join(', ')})`,
  )
}

/** Objects by segment in log order, quarantine before trades: the order in which ingest inserts. */
function groupSegments(objects: readonly ArchivedObject[]): ArchivedObject[][] {
  const groups = Map.groupBy(objects, ({ segment }) => `${segment.partition} ${segment.firstOffset}`)
  return [...groups.values()].map(group => group.sort(({ kind }) => (kind === QUARANTINE ? -1 : 1)))
}

function isInRange(
  { rows, firstTimeNanos, lastTimeNanos }: ArchivedObject,
  { fromNanos, untilNanos }: RestoreRange,
): boolean {
  if (rows === 0) return false
  return (
    (fromNanos === undefined || BigInt(lastTimeNanos) >= fromNanos) &&
    (untilNanos === undefined || BigInt(firstTimeNanos) < untilNanos)
  )
}
