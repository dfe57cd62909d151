/** What archiving does, one thing at a time: a slice of the log, a slice whose rows have moved since, a day of a small table. */
import type { ArchivedObject, Slice } from './archive.ts'
import { dailyKey, dailyManifestKey, dateOf, manifestKey, objectKey } from './keys.ts'
import { type Kind, TICK_KINDS } from './kinds.ts'
import type { ArchiveLedger } from './ledger.ts'
import { type Writing, writeManifest, writeObject } from './write.ts'

/**
 * Archives all kinds of a slice, or none: objects, read back and compared, then the manifest, then the ledger. `before` is what
 * the ledger says of the slice where it is written anew. Throws what `writeObject` throws; a repeat overwrites the same objects.
 */
export async function archiveSlice(
  writing: Writing,
  ledger: ArchiveLedger,
  slice: Slice,
  before: readonly ArchivedObject[] = [],
): Promise<ArchivedObject[]> {
  const objects: ArchivedObject[] = []
  for (const kind of TICK_KINDS) {
    objects.push(
      await writeObject(writing, {
        kind,
        slice,
        key: objectKey(kind.table, slice),
        ...rowsOf(slice),
        before: before.find(object => object.kind === kind.table),
      }),
    )
  }
  await writeManifest(writing, manifestKey(slice), objects)
  await ledger.write(objects)
  return objects
}

/** Archives a day of a small table; `dayMs` is its start, UTC. `before` is what the ledger says of it where it is written again. */
export async function archiveDay(
  writing: Writing,
  ledger: ArchiveLedger,
  kind: Kind,
  dayMs: number,
  before?: ArchivedObject,
): Promise<ArchivedObject> {
  const slice = { partition: 0, firstOffset: 0, lastOffset: 0, startMs: dayMs, endMs: dayMs + MS_PER_DAY }
  const object = await writeObject(writing, {
    kind,
    slice,
    key: dailyKey(kind.table, dayMs),
    where: `toDate(${kind.time}) = {day:Date}`,
    params: { day: dateOf(dayMs) },
    before,
  })
  await writeManifest(writing, dailyManifestKey(kind.table, dayMs), [object])
  await ledger.write([object])
  return object
}

export const MS_PER_DAY = 86_400_000

/** The condition that selects a slice's rows in a tick kind's table, with its parameters. */
export function rowsOf({ partition, firstOffset, lastOffset, startMs }: Slice): {
  where: string
  params: Record<string, unknown>
} {
  return {
    where: `log_day = {day:Date} AND log_partition = {partition:UInt16}
      AND log_offset BETWEEN {first:UInt64} AND {last:UInt64}`,
    params: { day: dateOf(startMs), partition, first: firstOffset, last: lastOffset },
  }
}
