import { Rate, Recent } from '../telemetry/statistics.ts'
import type { Refusal } from '../tick/refusal.ts'

/** Metrics of a partition since it was first assigned to this process, across restarts of its loop. */
export class IngestMetrics {
  readonly storedTicks = new Rate()
  readonly refusedTicks = new Rate()
  readonly refusedByReason = new Map<Refusal, number>()
  /** Duration of the last inserts, ms. */
  readonly insertMs = new Recent(500)
  /** From a batch's first record being read to the batch being stored, ms. */
  readonly batchAgeMs = new Recent(500)
  /** Ticks of the last batch. */
  batchTicks = 0
}
