/**
 * The log: every batch of ticks a source received, in order, durable, readable again. The heart of the house: live ticks,
 * repairs and replays all travel through it, and every later station can be stopped, killed and started anew behind it.
 */

import type { LogRecord } from '../tick/records.ts'

export type { LogRecord }

/** A record read back, with its place and the log's own time of it. */
export interface LogEntry extends LogRecord {
  partition: number
  /** Rises by one from record to record within a partition, from 0. */
  offset: number
  /** When the log took it, ms since 1970 UTC, by a clock that may have been set back since the record before: see `logTime`. */
  timestampMs: number
  /** The time that is written with it, where `timestampMs` may have been raised so as not to fall. */
  writtenMs?: number
  /** On Kafka, the epoch of the leader that took it: -1 where the brokers name none. */
  leaderEpoch?: number
}

/** The offsets a partition holds: from `first` up to, not including, `next`. Empty when equal. */
export interface Bounds {
  first: number
  next: number
}

/** How far later stations are: a record may go only when it lies below both. */
export interface TrimFloor {
  storedBelow: number
  archivedBelow: number
}

/** What one station last said of itself, for whoever shows it. */
export interface Announcement {
  station: string
  atMs: number
  body: unknown
}

/** Whoever stores a log's partitions: told which are his. A log shared by several processes gives each partition to one of them. */
export interface PartitionAssignment {
  /** The partition is this process's from now on. Another may still be finishing: writes must be fenced by the store. */
  take(partition: number): void
  /** The partition is another's. Resolves once nothing more of it will be written here. */
  release(partition: number): Promise<void>
}

/** The partitions that records of a kind go to: `count` of them from `first` on. */
export interface PartitionsOfKind {
  first: number
  count: number
}

export interface Log {
  /** Where it is, for people to read: without secrets. */
  readonly address: string
  /** Of all kinds together, numbered from 0. */
  readonly partitions: number
  /** Hours that archived records stay where no setting says otherwise; null: for ever. */
  readonly keepHours: number | null
  /** Which of them records of a kind (`trades`, `quotes`) go to. */
  partitionsOf(kind: string): PartitionsOfKind
  /** Names this log for ever: made once when it is created. A store refuses to go on with another. */
  identity(): string
  /**
   * Appends records to one partition in the order given; calls are taken in the order made. Resolves when they would
   * survive a loss of power, with the first offset given. Rejects with a TickhouseError that says whether trying again may
   * help: where it is `retryable`, nothing of this call is in the log; where not, a first part of it may be, and nothing more
   * is taken.
   */
  append(partition: number, records: readonly LogRecord[]): Promise<number>
  /**
   * Yields records in order from `fromOffset` on, in slices of at most `sliceBytesMax`, and goes on into live ones until
   * the signal aborts. Payloads belong to the reader. A log that cannot be reached for a while is waited for. `after` is the
   * record before `fromOffset`, where the reader has it: what follows must follow that one. Throws `log_offset_gone` if
   * `fromOffset` was trimmed, `log_behind_store` if it lies beyond the end, `log_truncated` if the log no longer holds what was
   * read before.
   */
  read(
    partition: number,
    fromOffset: number,
    signal: AbortSignal,
    after?: LogEntry | undefined,
  ): AsyncGenerator<LogEntry[], void>
  /** One record; undefined if it was trimmed. Throws `log_behind_store` if it lies beyond the end. */
  record(partition: number, offset: number): Promise<LogEntry | undefined>
  /** As known: own appends at once, those of other processes within a second. */
  bounds(partition: number): Bounds
  /** Asks where the partition stands now. */
  refresh(partition: number): Promise<Bounds>
  /** Ticks in records of offset `from` (inclusive) to `below` (exclusive), as their writers counted them: exact, may read them. */
  countTicks(partition: number, from: number, below: number): Promise<number>
  /** The same at once, for showing: exact where the log keeps counts, else by the mean of the records last seen. */
  estimateTicks(partition: number, from: number, below: number): number
  /**
   * Gives this process its share of the partitions until the signal aborts; resolves once all are let go. A log that only one
   * process reads gives it all of them at once. Rejects with `log_refused` where this process is not let in at all.
   */
  share(holder: PartitionAssignment, signal: AbortSignal): Promise<void>
  /** Tells how far the store is (all below `below`), for tools that show lag. Where to go on is never read from it. */
  noteStored(partition: number, below: number): void
  /**
   * Drops records that lie below both floors; the rest stays. Returns how many records went. Where only another process can drop
   * them, that one is asked to, durably: 0 then, and `bounds` shows when it is done.
   */
  trim(partition: number, floor: TrimFloor): Promise<number>
  /** Partitions that were added to it after it was made: a symbol keeps its place, so they are not used. */
  unusedPartitions(): number
  /** Bytes on disk, on all machines; as known some seconds ago where other machines hold them. */
  sizeBytes(): number
  /** Since when it has given no answer, ms since 1970 UTC; null if it answers, and always for one on this machine. */
  unreachableSinceMs(): number | null
  /** Says something of a station to whoever reads this log; replaces what it said before. Not part of the tick record. */
  announce(station: string, body: unknown): Promise<void>
  announcements(): Announcement[]
  close(): Promise<void>
}
