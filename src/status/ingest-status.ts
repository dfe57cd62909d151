/** The storing side as the page tells of it: this process's own (`local-ingest.ts`), or others' as the tables know them (`remote-ingest.ts`). */
import type { Storing } from '../ingest/ingest.ts'
import type { Entry } from '../telemetry/journal.ts'
import type { Verdict } from './judgements.ts'
import type { AuditDone, PartitionStatus, Stations } from './model.ts'

/** A partition that this process stores. */
export type OwnPartition = Pick<Storing['partitions'][number], 'partition' | 'mode' | 'next'>

export type IngestFiguresShown = Omit<Stations['ingest'], 'state' | 'advice' | 'lagTicks' | 'lagMs'>
export type Audited = Omit<AuditDone, 'tookMs'>

export interface IngestSide {
  /** What of the log this process stores itself; of other partitions the tables are asked. */
  readonly own: readonly OwnPartition[]
  /** Where each partition stands that something is known of. Times are this machine's clock, ms. */
  partitions(nowMs: number): PartitionStatus[]
  /** What was counted and measured; all zero before anything is known. */
  figures(): IngestFiguresShown
  /** `lagMs`: that of the partition furthest behind. */
  verdict(lagMs: number): Verdict
  /** The last audit of each partition known. */
  readonly audits: ReadonlyMap<number, Audited>
  /** Open gaps of one symbol. */
  gapsOf(venue: string, symbol: string): number
  /** What storing processes elsewhere told since this was last asked, oldest first. */
  newLines(): readonly Entry[]
}
