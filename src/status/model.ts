/** The status of the stages at one moment, for the page, health and metrics. */
import type { ConnectionStatus, StateCounts } from '../sources/connection/status.ts'
import type { SelectedSource } from '../sources/control/choices.ts'
import type { RepairStatus } from '../sources/status.ts'
import type { SymbolState } from '../sources/subscription/symbol-states.ts'

/**
 * `ok` works, `idle` has nothing to do, `behind` works but lags, `trouble` needs attention, `off` is not configured.
 */
export type StageState = 'ok' | 'idle' | 'behind' | 'trouble' | 'off'

interface StageStatus {
  state: StageState
  /** A sentence: the reason for the state, and for trouble the next step. */
  advice: string
  ticksPerSecond: number
  /** Ingest: behind the log. Other stages: 0 ticks, and the time that the stage takes; archive: age of the oldest hour not archived. */
  lagTicks: number
  lagMs: number
}

/** A symbol of which ticks of a kind are requested and not received. */
export interface SymbolDown {
  venue: string
  symbol: string
  kind: string
  state: string
  /** The reason: the venue's message, or ours. */
  detail: string
  forMs: number
}

/** What a recorder records, in the form of `TICKHOUSE_SOURCES`. */
export interface RecordedSources {
  recorder: string
  configured: string
  sources: string
  /** Sources with patterns that wait for their venue's list. */
  unresolved: string[]
  /** The parts of `sources`. */
  selected: SelectedSource[]
  /** Why this process cannot change it; null if it can. */
  readOnly: string | null
}

/** A symbol and kind in the answer of `/api/symbols`. */
export type SymbolStateRow = SymbolState

/** How many symbols of a venue and kind are in which state, without zeros. */
export interface SymbolCounts {
  venue: string
  kind: string
  states: StateCounts
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
    /** Missing trades that recorders request, by venue. */
    repairs: RepairStatus[]
    batchTicks: number
    insertMs: Quantiles | null
    /** Time from reading the first record of a batch to storing the batch. */
    batchAgeMs: Quantiles | null
  }
  store: StageStatus & {
    address: string
    /** Of each kind of ticks, by its name: how many, and bytes on disk of one; null without any. */
    kinds: Readonly<Record<string, { ticks: number; bytesPerTick: number | null }>>
    sizeBytes: number
    parts: number
    merges: number
    /** Time from the venue's timestamp until queryable, for the newest batch. */
    freshnessMs: number | null
    /** The same for the last batches. */
    freshnessQuantilesMs: Quantiles | null
    audit: { atMs: number; passed: boolean; detail: string } | null
    /** Null if the disk is another machine's. */
    diskFreeBytes: number | null
    /** Less free space is reported as trouble; inserts pause at half of it. */
    diskFreeBytesMin: number
    /** Growth of the used disk space, bytes a day over the last day; null while unknown. */
    diskGrowthBytesPerDay: number | null
  }
  /** `verified` is null if this process knows no archive, its address if only the archiving process knows it. */
  archive: StageStatus & {
    verified: { address: string | null; objects: number; rows: number; sizeBytes: number } | null
  }
}

/** The last audit of a partition: GET `/api/audits`. */
export interface PartitionAudit {
  partition: number
  atMs: number
  passed: boolean
  ticks: number
  detail: string
  tookMs: number
}
