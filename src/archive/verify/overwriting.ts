/**
 * Checks before an object is overwritten. The segment alone determines a key, so another log's segment can have the
 * same key, and so can one of this log from before the store was lost.
 */
import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject, Segment } from '../archive.ts'
import { sameChecksums } from '../catalog/catalog.ts'
import { foreignArchive } from '../catalog/identity.ts'
import { fetchManifest, type Manifest } from '../catalog/manifest.ts'
import { manifestsOfDay, parseKey } from '../keys.ts'
import type { MeasuredRows, WriteContext } from '../write.ts'

/**
 * Checks that a segment's keys are free or its own. Throws `archive_foreign` if another log's segment is there,
 * `archive_mismatch` if fewer rows would replace more, or part of the segment is there under another key.
 */
export async function requireFree(
  { target, owner, strays }: WriteContext,
  manifest: string,
  measured: readonly MeasuredRows[],
  before: readonly ArchivedObject[],
): Promise<void> {
  const { task, object } = measured[0]!
  if (!parseKey(manifest)?.daily) {
    const keys = [...strays]
    // Keys that another archiver of this log has added since.
    for await (const { key } of target.list(manifestsOfDay(task.segment.startMs))) keys.push(key)
    const other = keys.find(key => key !== manifest && overlaps(key, task.segment))
    if (other !== undefined) throw otherSegment(other)
  }
  if (before.some(({ kind, rows }) => kind === object.kind && rows > object.rows)) throw fewerRows(manifest)
  const found = await fetchManifest(target, manifest)
  if (!found) return
  if (found.owner && found.owner.log !== owner.log)
    throw foreignArchive(target.address, `${manifest} is of log ${found.owner.log}`)
  if (!isReplaceable(found, measured, before)) throw fewerRows(manifest)
}

/** Whether a key's segment shares records with this one. */
function overlaps(key: string, { partition, firstOffset, lastOffset }: Segment): boolean {
  const parsedKey = parseKey(key)
  if (!parsedKey || parsedKey.daily || parsedKey.segment.partition !== partition) return false
  return parsedKey.segment.firstOffset <= lastOffset && firstOffset <= parsedKey.segment.lastOffset
}

/**
 * Whether archived objects of this log may be replaced: never by fewer rows. The good ticks of a segment never
 * decrease, and quarantined ones only by becoming good.
 */
function isReplaceable(
  { objects }: Manifest,
  measured: readonly MeasuredRows[],
  before: readonly ArchivedObject[],
): boolean {
  const now = measured.map(({ object }) => object)
  const rows = (some: readonly ArchivedObject[]) => some.reduce((sum, { rows }) => sum + rows, 0)
  const [first] = now
  const [was, is] = [objects.find(({ kind }) => kind === first!.kind)?.rows ?? 0, first!.rows]
  const known = before.length > 0 && before.every(one => objects.some(object => sameChecksums(object, one)))
  return is >= was && (known || rows(now) >= rows(objects))
}

function otherSegment(key: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the archive has records of this segment under ${key}, which is not in this store's catalog`,
    'Nothing was overwritten. Stop, and run: tickhouse restore. It rebuilds the catalog from the archive and restores missing rows.',
  )
}

function fewerRows(manifest: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the archive has more rows than the table for ${manifest}: it is not overwritten`,
    'Run: tickhouse archive verify, and see docs/archive.md.',
  )
}
