/** Ticks that were moved from quarantine into `trades` after their slice was archived: the slice is archived anew. */
import type { Store } from '../../store/store.ts'
import type { ArchivedObject } from '../archive.ts'
import type { ArchiveCatalog } from './catalog.ts'

/** Marks as stale what moved rows have changed, and returns all that is stale by now, whoever marked it: one list a slice. */
export async function movedSegments(store: Store, catalog: ArchiveCatalog): Promise<ArchivedObject[][]> {
  const moves = await store.rows<{ partition: number; offset: number; ms: number }>(
    `SELECT log_partition AS partition, arrayJoin(offsets) AS offset, max(toUnixTimestamp64Milli(stored_at)) AS ms
     FROM requeues FINAL WHERE step > 0 GROUP BY partition, offset`,
  )
  if (moves.length > 0) {
    const verified = await catalog.objects("state = 'verified' AND last_offset > 0")
    const changed = verified.filter(({ slice, asOfMs }) =>
      moves.some(
        ({ partition, offset, ms }) =>
          partition === slice.partition && offset >= slice.firstOffset && offset <= slice.lastOffset && ms >= asOfMs,
      ),
    )
    await catalog.setState(changed, 'stale')
  }
  const stale = await catalog.objects("state = 'stale'")
  return [...Map.groupBy(stale, ({ slice }) => `${slice.partition} ${slice.firstOffset}`).values()]
}
