/** Checks that an archive may be restored into a store: all of it must be of one log, the one the store follows. */

import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject } from '../archive.ts'
import { followedLog, foreignArchive, readMarker } from '../catalog/identity.ts'
import { saveLocation } from '../catalog/locations.ts'
import { objectsOf, readManifests } from '../catalog/manifest.ts'
import { SEGMENT_TABLE } from '../kinds.ts'
import type { RestoreContext } from './context.ts'

/**
 * The archived objects by the manifests, and the identity of their log (null in an archive of an earlier version).
 * Throws `archive_foreign` for another log than the store's, or several; `archive_mismatch` for an invalid manifest.
 */
export async function requireOneLog({
  store,
  target,
  log,
}: Pick<RestoreContext, 'store' | 'target' | 'log'>): Promise<{ objects: ArchivedObject[]; log: string | null }> {
  const marker = await readMarker(target)
  const { manifests, faults } = await readManifests(target)
  if (faults.length > 0)
    throw new TickhouseError('archive_mismatch', faults[0]!.why, 'Nothing was restored. See docs/restore.md.')
  const owners = [...(marker ? [marker] : []), ...manifests.flatMap(({ owner }) => owner ?? [])]
  const logs = [...new Set(owners.map(owner => owner.log))]
  if (logs.length > 1)
    throw notRestorable(target.address, `it contains records of ${logs.length} logs: ${logs.join(', ')}`)
  const objects = objectsOf(manifests)
  const overlap = overlapIn(objects)
  if (overlap) throw notRestorable(target.address, `it was written by two archivers: ${overlap}`)
  const [own] = logs
  const followed = (await followedLog(store)) ?? log
  if (own !== undefined && followed !== undefined && followed !== own)
    throw notRestorable(target.address, `it contains records of log ${own}, and the store of log ${followed}`)
  if (marker) await saveLocation(store, target.address, marker)
  return { objects, log: own ?? null }
}

/** Two segments of a partition that share records; null if there are none, as in any archive of one log. */
function overlapIn(objects: readonly ArchivedObject[]): string | null {
  const ticks = objects.filter(({ kind }) => kind === SEGMENT_TABLE)
  for (const segments of Map.groupBy(ticks, ({ segment }) => segment.partition).values()) {
    let before: ArchivedObject['segment'] | undefined
    for (const { segment } of segments.toSorted((a, b) => a.segment.firstOffset - b.segment.firstOffset)) {
      if (before && segment.firstOffset <= before.lastOffset)
        return `records ${segment.firstOffset} to ${Math.min(segment.lastOffset, before.lastOffset)} of partition ${segment.partition} are in two segments`
      before = segment
    }
  }
  return null
}

function notRestorable(address: string, why: string): TickhouseError {
  const { message } = foreignArchive(address, why)
  return new TickhouseError(
    'archive_foreign',
    message,
    'Nothing was restored. To inspect it, restore it with TICKHOUSE_STORE and TICKHOUSE_LOG at new, empty locations: see docs/restore.md.',
  )
}
