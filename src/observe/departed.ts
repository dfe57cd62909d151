import type { Store } from '../store/store.ts'

/** Records of a log partition from offset `first` up to, not including, `below`, and their log day, `YYYY-MM-DD`. */
export interface Departed {
  first: number
  below: number
  day: string
}

/**
 * The records of a partition whose rows have left the tables, or are leaving them, because they are archived: that they are stored is
 * proved by table `archive_ledger`, not by the rows any more. In order; each slice once for each archive. Throws what the store throws.
 */
export async function departed(store: Store, partition: number): Promise<Departed[]> {
  const rows = await store.rows<{ first: string; last: string; day: string }>(
    `SELECT first_offset AS first, last_offset AS last, toString(toDate(slice_start)) AS day FROM archive_ledger FINAL
     WHERE kind = 'trades' AND log_partition = {partition:UInt16} AND state >= 'dropping' ORDER BY first_offset`,
    { partition },
  )
  return rows.map(({ first, last, day }) => ({ first: Number(first), below: Number(last) + 1, day }))
}
