/** Steps of archiving: a segment of the log, a stale segment, a day of a daily table. */
import { MS_PER_DAY } from '../clock.ts'
import type { ArchivedObject, Segment } from './archive.ts'
import { type ArchiveCatalog, laterThan } from './catalog/catalog.ts'
import { dailyKey, dailyManifestKey, dateOf, manifestKey, objectKey } from './keys.ts'
import { type Kind, TICK_KINDS } from './kinds.ts'
import { requireFree } from './verify/overwriting.ts'
import { measureRows, type ObjectToWrite, type WriteContext, writeManifest, writeObject } from './write.ts'

/**
 * Archives all kinds of a segment or none: writes the objects, verifies them by reading them back, then writes the
 * manifest, then the catalog. `before` are the catalog's entries if the segment is rewritten: objects of kinds whose
 * rows have left the store stay as they are. Throws like `requireFree` and `writeObject`; a retry overwrites the same
 * objects.
 */
export async function archiveSegment(
  context: WriteContext,
  catalog: ArchiveCatalog,
  segment: Segment,
  before: readonly ArchivedObject[] = [],
): Promise<ArchivedObject[]> {
  const kept = before.filter(({ state }) => state === 'dropping' || state === 'dropped')
  const tasks = TICK_KINDS.filter(({ table }) => !kept.some(({ kind }) => kind === table)).map(kind => ({
    kind,
    segment,
    key: objectKey(kind.table, segment),
    ...rowsOf(segment),
  }))
  return await archiveTogether(context, catalog, { tasks, before, kept, manifest: manifestKey(segment) })
}

/** Archives a day of a daily table; `dayMs` is its start, UTC. `before` is the catalog's entry if it is rewritten. */
export async function archiveDay(
  context: WriteContext,
  catalog: ArchiveCatalog,
  kind: Kind,
  dayMs: number,
  before?: ArchivedObject,
): Promise<ArchivedObject> {
  const task = {
    kind,
    segment: { partition: 0, firstOffset: 0, lastOffset: 0, startMs: dayMs, endMs: dayMs + MS_PER_DAY },
    key: dailyKey(kind.table, dayMs),
    where: `toDate(${kind.time}) = {day:Date}`,
    params: { day: dateOf(dayMs) },
  }
  const manifest = dailyManifestKey(kind.table, dayMs)
  if (before && (await measureRows(context, task, before)).object.rows < before.rows) {
    // Rows of a daily table expire or are replaced by newer ones: the archived ones stay.
    const kept = { ...before, verifiedAtMs: Date.now(), changedAtMicros: laterThan(before) }
    await catalog.write([kept])
    return kept
  }
  const [object] = await archiveTogether(context, catalog, { tasks: [task], before: before ? [before] : [], manifest })
  return object!
}

interface Together {
  tasks: ObjectToWrite[]
  before: readonly ArchivedObject[]
  kept?: readonly ArchivedObject[]
  manifest: string
}

/**
 * Writes objects with one manifest, which lists the `kept` ones too. All rows are fingerprinted first: archived rows may
 * only be replaced by as many or more.
 */
async function archiveTogether(
  context: WriteContext,
  catalog: ArchiveCatalog,
  { tasks, before, kept = [], manifest }: Together,
): Promise<ArchivedObject[]> {
  const measured = []
  for (const task of tasks)
    measured.push(
      await measureRows(
        context,
        task,
        before.find(({ kind }) => kind === task.kind.table),
      ),
    )
  await requireFree(context, manifest, measured, before)
  const objects: ArchivedObject[] = []
  for (const one of measured) objects.push(await writeObject(context, one))
  await writeManifest(context, manifest, [...objects, ...kept])
  await catalog.write(objects)
  return objects
}

/** The condition that selects a segment's rows, with its parameters. */
export function rowsOf({ partition, firstOffset, lastOffset, startMs }: Segment): {
  where: string
  params: Record<string, unknown>
} {
  return {
    where: `log_day = {day:Date} AND log_partition = {partition:UInt16}
      AND log_offset BETWEEN {first:UInt64} AND {last:UInt64}`,
    params: { day: dateOf(startMs), partition, first: firstOffset, last: lastOffset },
  }
}
