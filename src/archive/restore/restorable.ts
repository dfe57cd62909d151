/** May an archive be restored into a store? Only if all of it is of one log, and that is the log which the store follows. */
import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject } from '../archive.ts'
import { followedLog, foreignArchive, readMarker } from '../catalog/identity.ts'
import { noteArchive } from '../catalog/log-positions.ts'
import { objectsOf, readManifests } from '../catalog/manifest.ts'
import type { Restoring } from './restoring.ts'

/**
 * What the manifests say, and whose log it is (null in an archive of an earlier version). Throws `archive_foreign` where that is
 * another's than the store's, or several; `archive_mismatch` where a manifest cannot be believed.
 */
export async function requireOneLog({
  store,
  target,
  log,
}: Pick<Restoring, 'store' | 'target' | 'log'>): Promise<{ objects: ArchivedObject[]; log: string | null }> {
  const marker = await readMarker(target)
  const { manifests, faults } = await readManifests(target)
  if (faults.length > 0)
    throw new TickhouseError('archive_mismatch', faults[0]!.why, 'Nothing was restored. See docs/restore.md.')
  const owners = [...(marker ? [marker] : []), ...manifests.flatMap(({ owner }) => owner ?? [])]
  const logs = [...new Set(owners.map(owner => owner.log))]
  if (logs.length > 1)
    throw notRestorable(target.address, `it holds records of ${logs.length} logs: ${logs.join(', ')}`)
  const objects = objectsOf(manifests)
  const twice = overlapping(objects)
  if (twice) throw notRestorable(target.address, `two have written to it: ${twice}`)
  const [own] = logs
  const followed = (await followedLog(store)) ?? log
  if (own !== undefined && followed !== undefined && followed !== own)
    throw notRestorable(target.address, `it holds records of log ${own}, and the store is that of log ${followed}`)
  if (marker) await noteArchive(store, target.address, marker)
  return { objects, log: own ?? null }
}

/** Two slices of a partition that share records; null if none do, as in every archive of one log. */
function overlapping(objects: readonly ArchivedObject[]): string | null {
  const ticks = objects.filter(({ kind }) => kind === 'trades')
  for (const slices of Map.groupBy(ticks, ({ slice }) => slice.partition).values()) {
    let before: ArchivedObject['slice'] | undefined
    for (const { slice } of slices.toSorted((a, b) => a.slice.firstOffset - b.slice.firstOffset)) {
      if (before && slice.firstOffset <= before.lastOffset)
        return `records ${slice.firstOffset} to ${Math.min(slice.lastOffset, before.lastOffset)} of partition ${slice.partition} are in two slices`
      before = slice
    }
  }
  return null
}

function notRestorable(address: string, why: string): TickhouseError {
  const { message } = foreignArchive(address, why)
  return new TickhouseError(
    'archive_foreign',
    message,
    'Nothing was restored. To look into it, restore it with TICKHOUSE_STORE and TICKHOUSE_LOG at new, empty places: see docs/restore.md.',
  )
}
