/** The storing side as the page tells of it: this process's own (`local-ingest.ts`), or others' as the tables know them (`remote-ingest.ts`). */
import type { Ingest } from '../ingest/ingest.ts'
import type { LogLine } from '../telemetry/journal.ts'
import type { Judgement } from './judgements.ts'
import type { AuditDone, PartitionStatus, StageStatuses } from './model.ts'

/** A partition that this process stores. */
export type LocalPartition = Pick<Ingest['partitions'][number], 'partition' | 'mode' | 'next'>

export type IngestMetricsShown = Omit<StageStatuses['ingest'], 'state' | 'advice' | 'lagTicks' | 'lagMs'>
export type LastAudit = Omit<AuditDone, 'tookMs'>

export interface IngestStatus {
  /** What of the log this process stores itself; of other partitions the tables are asked. */
  readonly own: readonly LocalPartition[]
  /** Where each partition stands that something is known of. Times are this machine's clock, ms. */
  partitions(nowMs: number): PartitionStatus[]
  /** What was counted and measured; all zero before anything is known. */
  figures(): IngestMetricsShown
  /** `lagMs`: that of the partition furthest behind. */
  judgement(lagMs: number): Judgement
  /** The last audit of each partition known. */
  readonly audits: ReadonlyMap<number, LastAudit>
  /** Open gaps of one symbol. */
  gapsOf(venue: string, symbol: string): number
  /** What storing processes elsewhere told since this was last asked, oldest first. */
  newLogLines(): readonly LogLine[]
}
