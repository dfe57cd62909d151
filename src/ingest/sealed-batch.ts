/**
 * A batch being inserted, and which of its tables are known to have it. A failed insert may have arrived nevertheless: `findArrived` queries
 * the tables, so that no insert is repeated and no batch counts as stored that is not.
 */
import { TickhouseError } from '../errors.ts'
import type { Fence, Store } from '../store/store.ts'
import { writeArbitration } from './arbitration/stored-arbitration.ts'
import type { Batch } from './batch.ts'
import { type Checkpoint, type GapRow, gapRow } from './checkpoint.ts'

export class SealedBatch {
  readonly batch: Batch
  readonly gapsOpened: GapRow[]
  readonly gapsChanged: GapRow[]
  readonly #stored = new Set<string>()

  /** Copies the gaps: the next batch may change them before this one is stored. */
  constructor(batch: Batch) {
    this.batch = batch
    batch.placeRepeats()
    batch.hashLastRecord()
    const gaps = [...batch.gaps]
    this.gapsOpened = gaps.filter(gap => !gap.recorded).map(gap => gapRow({ ...gap, explained: undefined }, [gap]))
    // Gaps of which at least one id has arrived since, or is known not to be supplied, or is requested again.
    this.gapsChanged = gaps
      .map(gap => ({ row: gapRow(gap, gap.missing), isRequested: gap.requestedMicros !== undefined }))
      .filter(({ row, isRequested }) => isRequested || row.missing <= row.last - row.first || row.state !== 'open')
      .map(({ row }) => row)
    for (const gap of gaps) gap.recorded = true
  }

  /** Inserts into each table not known to have the batch. Order: see docs/decisions/kinds.md. */
  async write(store: Store, checkpoint: Checkpoint, fence: Fence): Promise<void> {
    const { batch, gapsOpened, gapsChanged } = this
    await writeArbitration(store, batch.recorders, batch.firstOffset, fence)
    if (gapsOpened.length > 0) await checkpoint.writeGaps(gapsOpened, fence)
    const { tables } = batch
    for (const { table, rows } of tables) {
      if (rows === 0 || this.#stored.has(table)) continue
      await store.insertBlock(table, batch.block(table, fence.epoch), fence)
      this.#stored.add(table)
    }
    // A gap is closed only after the trades that close it are stored.
    if (gapsChanged.length > 0) await checkpoint.writeGaps(gapsChanged, fence)
  }

  /**
   * After a failed insert that can no longer commit: queries which tables have the batch. True if one does. Throws `store_inconsistent` if a
   * table has only some of its rows, which no failed insert can leave, and `store_fenced` if a later owner may have written them.
   */
  async findArrived(store: Store, checkpoint: Checkpoint, fence: Fence): Promise<boolean> {
    const { batch } = this
    let arrived = false
    for (const { table, rows } of batch.tables) {
      if (rows === 0 || this.#stored.has(table)) continue
      const found = await checkpoint.count(table, batch.partition, batch.logDay, batch.firstOffset, batch.lastOffset)
      if (found === 0) continue
      if (found !== rows) {
        // If a later owner has claimed the partition, the rows are of its batches, which are cut at other offsets.
        await store.settle(fence)
        throw new TickhouseError(
          'store_inconsistent',
          `${table} has ${found} of ${rows} ticks of offsets ${batch.firstOffset} to ${batch.lastOffset}`,
          'Stop writing to this store by other means and run: tickhouse doctor',
        )
      }
      this.#stored.add(table)
      arrived = true
    }
    return arrived
  }
}
