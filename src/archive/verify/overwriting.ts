/**
 * What must be known before an object is put where one may be already: keys are determined by the slice, so another's slice can have
 * the same key, and so can our own from before the store was lost.
 */
import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject, Segment } from '../archive.ts'
import { sameProof } from '../catalog/catalog.ts'
import { foreignArchive } from '../catalog/identity.ts'
import { fetchManifest, type Manifest } from '../catalog/manifest.ts'
import { manifestsOfDay, parseKey } from '../keys.ts'
import type { Measured, Writing } from '../write.ts'

/**
 * Is a slice's place in the archive free, or its own? Throws `archive_foreign` where another log's slice lies there, and
 * `archive_mismatch` where ours would be replaced by fewer rows, or lies there in part under another key.
 */
export async function requireFree(
  { target, owner, strays }: Writing,
  manifest: string,
  measured: readonly Measured[],
  before: readonly ArchivedObject[],
): Promise<void> {
  const { task, object } = measured[0]!
  if (!parseKey(manifest)?.daily) {
    const keys = [...strays]
    // What another archiver of this log has put there since.
    for await (const { key } of target.list(manifestsOfDay(task.slice.startMs))) keys.push(key)
    const other = keys.find(key => key !== manifest && overlaps(key, task.slice))
    if (other !== undefined) throw otherSegment(other)
  }
  if (before.some(({ kind, rows }) => kind === object.kind && rows > object.rows)) throw fewerRows(manifest)
  const found = await fetchManifest(target, manifest)
  if (!found) return
  if (found.owner && found.owner.log !== owner.log)
    throw foreignArchive(target.address, `${manifest} is of log ${found.owner.log}`)
  if (!isReplaceable(found, measured, before)) throw fewerRows(manifest)
}

/** Is a key that of a slice of the same partition which shares records with this one? */
function overlaps(key: string, { partition, firstOffset, lastOffset }: Segment): boolean {
  const named = parseKey(key)
  if (!named || named.daily || named.slice.partition !== partition) return false
  return named.slice.firstOffset <= lastOffset && firstOffset <= named.slice.lastOffset
}

/**
 * What the ledger has, or had when it was archived by this very log, may be replaced by no fewer rows. Of a slice, good ticks never
 * become fewer, and refused ones only by becoming good.
 */
function isReplaceable(
  { objects }: Manifest,
  measured: readonly Measured[],
  before: readonly ArchivedObject[],
): boolean {
  const now = measured.map(({ object }) => object)
  const rows = (some: readonly ArchivedObject[]) => some.reduce((sum, { rows }) => sum + rows, 0)
  const [first] = now
  const [was, is] = [objects.find(({ kind }) => kind === first!.kind)?.rows ?? 0, first!.rows]
  const known = before.length > 0 && before.every(one => objects.some(object => sameProof(object, one)))
  return is >= was && (known || rows(now) >= rows(objects))
}

function otherSegment(key: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the archive has records of this slice under ${key}, which this store's ledger does not know`,
    'Nothing was overwritten. Stop, and run: tickhouse restore. It takes the ledger from the archive, and what the store lacks.',
  )
}

function fewerRows(manifest: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the archive holds more rows than the table for ${manifest}: what is archived is left as it is`,
    'Run: tickhouse archive verify, and see docs/archive.md.',
  )
}
