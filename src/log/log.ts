/**
 * The log: each batch of ticks that a source received, in order, durable and readable again. Live and replayed
 * ticks pass through it, so every later stage can be stopped, killed and restarted behind it.
 */

import type { LogRecord } from '../tick/records.ts'
import type { PartitionAssignment } from './assignment.ts'
import type { LogRetention } from './retention.ts'
import type { StatusBoard } from './status-board.ts'

export type { LogRecord }

/** A record read from the log, with its position and the log's time. */
export interface LoggedRecord extends LogRecord {
  partition: number
  /** Rises by one from record to record within a partition, from 0. */
  offset: number
  /**
   * When the log appended it, ms since 1970 UTC, by a clock that may have been set back since the record before: see
   * `logTime`.
   */
  timestampMs: number
  /** The time written with it, where `timestampMs` was raised to keep times in order. */
  writtenMs?: number
  /** On Kafka, the epoch of the leader that appended it; -1 where the brokers report none. */
  leaderEpoch?: number
}

/** The offsets in a partition: from `first` up to, not including, `next`. Empty when equal. */
export interface Bounds {
  first: number
  next: number
}

/** The partitions of one kind of records: `count` of them from `first` on. */
export interface PartitionsOfKind {
  first: number
  count: number
}

export interface Log {
  /** Address to show, without secrets. */
  readonly address: string
  /** Number of partitions of all kinds together, numbered from 0. */
  readonly partitions: number
  /** Partitions for records of a kind (`trades`, `quotes`). */
  partitionsOf(kind: string): PartitionsOfKind
  /** Partitions added after the log was created. They are not used, since each symbol stays in its partition. */
  unusedPartitions(): number
  /** Names this log permanently, from its creation on. A store rejects any other log. */
  identity(): string
  /**
   * Appends records to one partition in the order given; calls are processed in order. Resolves with the first offset
   * once the records would survive a loss of power. Rejects with a TickhouseError: where it is `retryable`, the log
   * contains nothing of this call; where not, it may contain the first records of it, and the log accepts no more.
   */
  append(partition: number, records: readonly LogRecord[]): Promise<number>
  /**
   * Yields records in order from `fromOffset` on, in chunks of limited size, then live ones until the signal aborts.
   * Payloads belong to the reader. Waits for a log that is unreachable for a while. `after` is the record before
   * `fromOffset`, where the reader has it: the log must still contain it. Throws `log_offset_gone` if `fromOffset` was
   * trimmed, `log_behind_store` if it lies beyond the end, `log_truncated` if the log no longer contains what was read
   * before.
   */
  read(
    partition: number,
    fromOffset: number,
    signal: AbortSignal,
    after?: LoggedRecord | undefined,
  ): AsyncGenerator<LoggedRecord[], void>
  /** One record; undefined if it was trimmed. Throws `log_behind_store` if it lies beyond the end. */
  record(partition: number, offset: number): Promise<LoggedRecord | undefined>
  /** The last known bounds: own appends count immediately, those of other processes within a second. */
  bounds(partition: number): Bounds
  /** Fetches the current bounds. */
  refresh(partition: number): Promise<Bounds>
  /**
   * Ticks in records of offset `from` (inclusive) to `below` (exclusive), as their writers counted them. Exact; may
   * read them.
   */
  countTicks(partition: number, from: number, below: number): Promise<number>
  /** The same without reading: exact where the log stores counts, else from the mean of the latest records. */
  estimateTicks(partition: number, from: number, below: number): number
  close(): Promise<void>
}

/**
 * How a log is opened. `beside`: to write while another process does, and to take its place. On Kafka several may write
 * anyway.
 */
export type OpenMode = 'write' | 'beside' | 'read'

/** An opened log. Functions take the parts that they use. */
export type OpenLog = Log & LogRetention & PartitionAssignment & StatusBoard
