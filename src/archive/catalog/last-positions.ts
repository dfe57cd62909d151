/**
 * Table `positions`: the last stored records outlive their rows, so that log and store can be compared: see
 * docs/decisions/positions.md.
 */
import type { Store } from '../../store/store.ts'
import { TICK_KINDS } from '../kinds.ts'

/** Saves offset and hash of the last record of each partition, for a log day whose rows are about to be dropped. */
export async function saveLastPositions(store: Store, day: string): Promise<void> {
  const parsedKey = TICK_KINDS.map(
    ({ table }) =>
      `SELECT log_partition, log_offset, log_hash FROM ${table} WHERE log_day = {day:Date} AND log_hash > 0`,
  )
  const rows = await store.rows<{ log_partition: number; log_offset: number; log_hash: number }>(
    `SELECT log_partition, log_offset, log_hash FROM (${parsedKey.join(' UNION ALL ')})
     ORDER BY log_offset DESC, log_hash DESC LIMIT 1 BY log_partition SETTINGS max_threads = 1`,
    { day },
  )
  if (rows.length > 0) await store.insertRows('positions', rows)
}
