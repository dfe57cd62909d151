/** How fast the disk fills, from the free space measured over the last day. */
import type { Store } from '../store/store.ts'

/** A shorter history shows merges rather than growth. */
const HISTORY_SECONDS_MIN = 600
const SECONDS_PER_DAY = 86_400

/**
 * Bytes per day that the store's disk fills, by linear regression over the last 24 hours; negative if it empties. Null with too few
 * measurements, or none (TICKHOUSE_DIAGNOSTICS=off). Other files on the disk count too.
 */
export async function diskGrowthBytesPerDay(store: Store): Promise<number | null> {
  const [row] = await store.rows<{ seconds: number; slope: number }>(
    `SELECT dateDiff('second', min(at), max(at)) AS seconds,
       (simpleLinearRegression(toUnixTimestamp(at), value) AS line).1 AS slope
     FROM metrics WHERE name = 'disk_free_bytes' AND at > now64(3) - INTERVAL 1 DAY`,
  )
  if (!row || row.seconds < HISTORY_SECONDS_MIN || !Number.isFinite(row.slope)) return null
  return -row.slope * SECONDS_PER_DAY
}
