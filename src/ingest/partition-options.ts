/** What the ingest loop of one partition works with, and its states. */
import type { Clock } from '../clock.ts'
import type { PartitionAssignment } from '../log/assignment.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { Kind } from '../tick/kinds.ts'
import type { Batch, BatchLimits } from './batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { IngestMetrics } from './metrics.ts'
import type { KnownVenues } from './validated-record.ts'

/**
 * States of the loop:
 *   resuming   nothing read yet; the position is being read from the tables
 *   running    reading and storing
 *   retrying   an insert failed; the loop waits until that batch is stored
 *   fenced     another process has claimed the partition; the current batch was not stored here
 *   failed     tables and log contradict each other (a person must look), or an unexpected error ends the process
 *   stopped    stopped on request; records read and not stored will be read again
 */
export type PartitionState = 'resuming' | 'running' | 'retrying' | 'fenced' | 'failed' | 'stopped'

export interface IngestOptions {
  partition: number
  log: Log & Pick<PartitionAssignment, 'noteStored'>
  store: Store
  /** Shared by the partitions of a store. */
  checkpoint: Checkpoint
  venues: KnownVenues
  /** The kinds of ticks to store; all by default. */
  kinds?: readonly Kind[]
  limits: BatchLimits
  clock: Clock
  metrics: IngestMetrics
  emit: Emit
  /** Called with each stored batch, which is reused after the call. */
  onStored: (batch: Batch) => void
  /** Called once with an error the loop cannot recover from but a restart might. */
  crashed: (error: unknown) => void
}
