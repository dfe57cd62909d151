/** What is known of the parts of a pipeline at one moment, and shown on the page, in health and in metrics. */
import type { ConnectionStatus } from '../sources/connection/status.ts'

/** `ok` works, `idle` has nothing to do, `behind` works but lags, `trouble` needs a person, `off` is not configured. */
export type StageState = 'ok' | 'idle' | 'behind' | 'trouble' | 'off'

interface StageStatus {
  state: StageState
  /** One line: why this state, and what to do next if it is trouble. */
  advice: string
  ticksPerSecond: number
  /** How far this station is behind the one before. */
  lagTicks: number
  lagMs: number
}

/** A symbol that is asked for and not received. */
export interface SymbolDown {
  venue: string
  symbol: string
  state: string
  /** Why: the venue's words, or ours. */
  detail: string
  forMs: number
}

/** Of the last few hundred values. */
export interface Quantiles {
  p50: number
  p99: number
  max: number
}

export interface PartitionStatus {
  partition: number
  first: number
  next: number
  stored: number
  lagTicks: number
  lagMs: number
}

export interface StageStatuses {
  atMs: number
  sources: StageStatus & { connections: ConnectionStatus[] }
  log: StageStatus & {
    address: string
    partitions: PartitionStatus[]
    sizeBytes: number
    appendMs: Quantiles | null
  }
  ingest: StageStatus & {
    stored: number
    refused: number
    refusedPerSecond: number
    refusedByReason: Record<string, number>
    gapsOpen: number
    batchTicks: number
    insertMs: Quantiles | null
    /** From a batch's first record being read to the batch being stored. */
    batchAgeMs: Quantiles | null
  }
  store: StageStatus & {
    address: string
    trades: number
    sizeBytes: number
    parts: number
    merges: number
    /** On disk; null as long as there is none. */
    bytesPerTrade: number | null
    /** Venue's time to queryable, of the newest batch. */
    freshnessMs: number | null
    /** The same of the last batches. */
    freshnessQuantilesMs: Quantiles | null
    audit: { atMs: number; passed: boolean; detail: string } | null
    /** Null where the disk is another machine's. */
    diskFreeBytes: number | null
    /** Less than this is trouble. */
    diskFreeBytesMin: number
    /** How fast the disk fills, bytes a day over the last day; null as long as that is not known. */
    diskGrowthPerDay: number | null
  }
  /** `verified` is null where this process knows of no archive, its address where only the archiving process knows it. */
  archive: StageStatus & {
    verified: { address: string | null; objects: number; rows: number; sizeBytes: number } | null
  }
}

/** `GET /api/audits` → the last one of each partition. */
export interface AuditDone {
  partition: number
  atMs: number
  passed: boolean
  ticks: number
  detail: string
  tookMs: number
}
