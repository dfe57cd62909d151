/** How fast the disk fills, from the free space that was measured over the last day. */
import type { Store } from '../store/store.ts'

/** A shorter history says more of merges than of growth. */
const HISTORY_SECONDS_MIN = 600
const SECONDS_PER_DAY = 86_400

/**
 * Bytes that the store's disk loses a day, as a line through the measurements of the last 24 hours; negative where it gains. Null where too
 * little was measured, or nothing is (TICKHOUSE_DIAGNOSTICS=off). Whatever else is on the disk counts too: it fills it as well.
 */
export async function diskGrowthPerDay(store: Store): Promise<number | null> {
  const [row] = await store.rows<{ seconds: number; slope: number }>(
    `SELECT dateDiff('second', min(at), max(at)) AS seconds,
       (simpleLinearRegression(toUnixTimestamp(at), value) AS line).1 AS slope
     FROM metrics WHERE name = 'disk_free_bytes' AND at > now64(3) - INTERVAL 1 DAY`,
  )
  if (!row || row.seconds < HISTORY_SECONDS_MIN || !Number.isFinite(row.slope)) return null
  return -row.slope * SECONDS_PER_DAY
}
