/** Segments to archive again: ticks were moved from quarantine to their table after the segment was archived. */
import type { Store } from '../../store/store.ts'
import type { ArchivedObject } from '../archive.ts'
import { quoted } from '../columns.ts'
import { TICK_KINDS } from '../kinds.ts'
import type { ArchiveCatalog } from './catalog.ts'

/**
 * Marks archived objects whose rows moved since as stale. Returns the objects of each segment with stale ones, also those
 * of kinds whose rows have left the store.
 */
export async function staleSegments(store: Store, catalog: ArchiveCatalog): Promise<ArchivedObject[][]> {
  const moves = await store.rows<{ partition: number; offset: number; ms: number }>(
    `SELECT log_partition AS partition, arrayJoin(offsets) AS offset, max(toUnixTimestamp64Milli(stored_at)) AS ms
     FROM requeues FINAL WHERE step > 0 GROUP BY partition, offset`,
  )
  if (moves.length > 0) {
    const verified = await catalog.objects("state = 'verified' AND last_offset > 0")
    const changed = verified.filter(({ segment, asOfMs }) =>
      moves.some(
        ({ partition, offset, ms }) =>
          partition === segment.partition &&
          offset >= segment.firstOffset &&
          offset <= segment.lastOffset &&
          ms >= asOfMs,
      ),
    )
    await catalog.setState(changed, 'stale')
  }
  const stale = await catalog.objects("state = 'stale'")
  if (stale.length === 0) return []
  const places = stale.map(({ segment }) => `(${segment.partition}, ${segment.firstOffset}, ${segment.startMs / 1000})`)
  const place = '(log_partition, first_offset, toUnixTimestamp(slice_start))'
  const kinds = TICK_KINDS.map(({ table }) => quoted(table)).join(', ')
  const all = await catalog.objects(`kind IN (${kinds}) AND ${place} IN (${[...new Set(places)].join(', ')})`)
  return [...Map.groupBy(all, ({ segment }) => `${segment.partition} ${segment.firstOffset}`).values()]
}
