/**
 * The status of ingest: this process's (`local-ingest.ts`), or that of other processes, from the tables
 * (`remote-ingest.ts`).
 */
import type { Ingest } from '../ingest/ingest.ts'
import type { LogEntry } from '../telemetry/journal.ts'
import type { Evaluation } from './evaluation.ts'
import type { PartitionAudit, PartitionStatus, StageStatuses } from './model.ts'

/** A partition that this process stores. */
export type LocalPartition = Pick<Ingest['partitions'][number], 'partition' | 'mode' | 'next'>

export type IngestSummary = Omit<StageStatuses['ingest'], 'state' | 'advice' | 'lagTicks' | 'lagMs' | 'repairs'>
export type LastAudit = Omit<PartitionAudit, 'tookMs'>

export interface IngestStatus {
  /** The partitions that this process stores; the others are polled from the tables. */
  readonly own: readonly LocalPartition[]
  /** The status of each known partition. Times are this machine's clock, ms. */
  partitions(nowMs: number): PartitionStatus[]
  /** Counters and metrics; zero before the first ones are known. */
  summary(): IngestSummary
  /** The state of ingest. `lagMs` is the lag of the partition furthest behind. */
  evaluate(lagMs: number): Evaluation
  /** The last audit of each known partition. */
  readonly audits: ReadonlyMap<number, LastAudit>
  /** Open gaps of one symbol; null if its trade ids show none. */
  gapsOf(venue: string, symbol: string): number | null
  /** Log entries of other storing processes since the last call, oldest first. */
  newLogEntries(): readonly LogEntry[]
}
