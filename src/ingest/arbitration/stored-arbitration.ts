/**
 * Writes the counts of recorders, with a batch: table `line_arbitration`. Counts are sums since the owner of the partition began the hour, so
 * that a later batch replaces the rows of an earlier one. The rows of two batches in turn stay: if the later one was not stored, its rows are
 * deleted on resume, and those of the one before count.
 */
import type { Fence, Store } from '../../store/store.ts'
import type { RecorderCounts } from './line-arbitration.ts'

const TABLE = 'line_arbitration'

/** Writes the counts of a batch, before its ticks. Written again, they replace themselves. Throws errors of the store. */
export async function writeArbitration(
  store: Store,
  counts: readonly RecorderCounts[],
  firstOffset: number,
  fence: Fence,
): Promise<void> {
  const rows = counts.map(({ hour, leadMaxMicros, ...rest }) => ({
    ...rest,
    log_partition: fence.partition,
    batch_first_offset: firstOffset,
    epoch: fence.epoch,
    hour: hour * 3_600,
    lead_max_us: leadMaxMicros,
  }))
  if (rows.length > 0) await store.insertRows(TABLE, rows, fence)
}

/** Deletes the counts of batches that were not stored: from offset `next` on, of earlier owners. Throws errors of the store. */
export async function deleteUnstored(store: Store, { partition, epoch }: Fence, next: number): Promise<void> {
  const where = 'log_partition = {partition:UInt16} AND batch_first_offset >= {next:UInt64} AND epoch < {epoch:UInt64}'
  const params = { partition, next, epoch }
  const [row] = await store.rows<{ rows: string }>(`SELECT count() AS rows FROM ${TABLE} WHERE ${where}`, params)
  if (Number(row!.rows) > 0) await store.deleteRows(TABLE, where, params)
}
