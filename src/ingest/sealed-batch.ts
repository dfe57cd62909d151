/**
 * A batch on its way into the tables, and what is known of how far it got. An insert that failed may have arrived all the same:
 * `ask` finds out, so that nothing is sent twice or called stored when it is not.
 */
import { TickhouseError } from '../errors.ts'
import type { Fence, Store } from '../store/store.ts'
import type { Batch } from './batch.ts'
import { type Checkpoint, type CheckpointTable, type GapRow, gapRow } from './checkpoint.ts'

export class SealedBatch {
  readonly batch: Batch
  readonly gapsOpened: GapRow[]
  readonly gapsChanged: GapRow[]
  readonly #stored = new Set<CheckpointTable>()

  /** Notes the gaps as they are now: the batch that fills next may change them before this one is stored. Names its last record. */
  constructor(batch: Batch) {
    this.batch = batch
    batch.nameLastRecord()
    const gaps = [...batch.gaps]
    this.gapsOpened = gaps.filter(gap => !gap.recorded).map(gap => gapRow(gap, [gap]))
    this.gapsChanged = gaps.map(gap => gapRow(gap, gap.missing)).filter(row => row.missing <= row.last - row.first)
    for (const gap of gaps) gap.recorded = true
  }

  /** Inserts what is not known to be there. Refused before good: see docs/decisions/resume.md. */
  async write(store: Store, checkpoint: Checkpoint, fence: Fence): Promise<void> {
    const { batch, gapsOpened, gapsChanged } = this
    if (gapsOpened.length > 0) await checkpoint.writeGaps(gapsOpened, fence)
    if (batch.refused.length > 0 && !this.#stored.has('quarantine')) {
      await store.insertBlock('quarantine', batch.quarantineBlock(fence.epoch), fence)
      this.#stored.add('quarantine')
    }
    if (batch.trades.length > 0 && !this.#stored.has('trades')) {
      await store.insertBlock('trades', batch.tradesBlock(), fence)
      this.#stored.add('trades')
    }
    // A gap may be called closed only once the trades that close it are stored.
    if (gapsChanged.length > 0) await checkpoint.writeGaps(gapsChanged, fence)
  }

  /**
   * After a failure, when the call has returned and can no longer commit: asks the tables what arrived. True if something of it
   * had. Throws `store_inconsistent` for a part of a table's rows, which no failure of ours can leave, and `store_fenced` where a
   * later owner may have written them.
   */
  async ask(store: Store, checkpoint: Checkpoint, fence: Fence): Promise<boolean> {
    const { batch } = this
    const expected: [CheckpointTable, number][] = [
      ['quarantine', batch.refused.length],
      ['trades', batch.trades.length],
    ]
    let arrived = false
    for (const [table, rows] of expected) {
      if (rows === 0 || this.#stored.has(table)) continue
      const found = await checkpoint.count(table, batch.partition, batch.logDay, batch.firstOffset, batch.lastOffset)
      if (found === 0) continue
      if (found !== rows) {
        // Taken over since the failure was settled: what is there are another's batches, cut elsewhere.
        await store.settle(fence)
        throw new TickhouseError(
          'store_inconsistent',
          `${table} holds ${found} of ${rows} ticks of offsets ${batch.firstOffset} to ${batch.lastOffset}`,
          'Stop writing to this store by other means and run: tickhouse doctor',
        )
      }
      this.#stored.add(table)
      arrived = true
    }
    return arrived
  }
}
