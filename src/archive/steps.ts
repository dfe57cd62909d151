/** What archiving does, one thing at a time: a slice of the log, a slice whose rows have moved since, a day of a small table. */
import { MS_PER_DAY } from '../clock.ts'
import type { ArchivedObject, Segment } from './archive.ts'
import { type ArchiveCatalog, laterThan } from './catalog/catalog.ts'
import { dailyKey, dailyManifestKey, dateOf, manifestKey, objectKey } from './keys.ts'
import { type Kind, TICK_KINDS } from './kinds.ts'
import { requireFree } from './verify/overwriting.ts'
import { measureRows, type ObjectToWrite, type Writing, writeManifest, writeObject } from './write.ts'

/**
 * Archives all kinds of a slice, or none: objects, read back and compared, then the manifest, then the ledger. `before` is what
 * the ledger says of the slice where it is written anew. Throws what `requireFree` and `writeObject` throw; a repeat overwrites the
 * same objects.
 */
export async function archiveSegment(
  writing: Writing,
  catalog: ArchiveCatalog,
  slice: Segment,
  before: readonly ArchivedObject[] = [],
): Promise<ArchivedObject[]> {
  const tasks = TICK_KINDS.map(kind => ({ kind, slice, key: objectKey(kind.table, slice), ...rowsOf(slice) }))
  return await archiveTogether(writing, catalog, { tasks, before, manifest: manifestKey(slice) })
}

/** Archives a day of a small table; `dayMs` is its start, UTC. `before` is what the ledger says of it where it is written again. */
export async function archiveDay(
  writing: Writing,
  catalog: ArchiveCatalog,
  kind: Kind,
  dayMs: number,
  before?: ArchivedObject,
): Promise<ArchivedObject> {
  const task = {
    kind,
    slice: { partition: 0, firstOffset: 0, lastOffset: 0, startMs: dayMs, endMs: dayMs + MS_PER_DAY },
    key: dailyKey(kind.table, dayMs),
    where: `toDate(${kind.time}) = {day:Date}`,
    params: { day: dateOf(dayMs) },
  }
  const manifest = dailyManifestKey(kind.table, dayMs)
  if (before && (await measureRows(writing, task, before)).object.rows < before.rows) {
    // Rows of a small table go when they are old, or are replaced by newer ones: what is archived of them stays.
    const kept = { ...before, verifiedAtMs: Date.now(), changedAtMicros: laterThan(before) }
    await catalog.write([kept])
    return kept
  }
  const [object] = await archiveTogether(writing, catalog, { tasks: [task], before: before ? [before] : [], manifest })
  return object!
}

/** Objects with one manifest. All rows are measured before any is written: what is there may only be replaced by as much or more. */
async function archiveTogether(
  writing: Writing,
  catalog: ArchiveCatalog,
  { tasks, before, manifest }: { tasks: ObjectToWrite[]; before: readonly ArchivedObject[]; manifest: string },
): Promise<ArchivedObject[]> {
  const measured = []
  for (const task of tasks)
    measured.push(
      await measureRows(
        writing,
        task,
        before.find(({ kind }) => kind === task.kind.table),
      ),
    )
  await requireFree(writing, manifest, measured, before)
  const objects: ArchivedObject[] = []
  for (const one of measured) objects.push(await writeObject(writing, one))
  await writeManifest(writing, manifest, objects)
  await catalog.write(objects)
  return objects
}

/** The condition that selects a slice's rows in a tick kind's table, with its parameters. */
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
