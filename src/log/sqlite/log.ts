/**
 * The log on one machine: one SQLite file in a directory, written by one process (two while one takes the other's place) and read by any number. A worker
 * thread writes (`writer.ts`); reads run in the caller's thread, a few milliseconds per chunk.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TickhouseError } from '../../errors.ts'
import type { AssignmentListener } from '../assignment.ts'
import type { Bounds, LoggedRecord, LogRecord, OpenLog, OpenMode, PartitionsOfKind } from '../log.ts'
import { behindIsTruncated } from '../offset-errors.ts'
import type { TrimFloor } from '../retention.ts'
import type { Announcement } from '../status-board.ts'
import { Appender } from './appender.ts'
import { asLogError, closed } from './errors.ts'
import {
  checkContent,
  checkHeader,
  connectReader,
  createFile,
  type Meta,
  mainFile,
  PARTITIONS_MAX,
  readMeta,
  sizeBytes,
} from './file.ts'
import { FileWatch } from './file-watch.ts'
import { WriteLock } from './lock.ts'
import { markOf, Reader, type RecordMark } from './reader.ts'
import { requestedFloors, requestTrim } from './trim-requests.ts'

/** Poll interval for the trim requests of readers. */
const TRIM_REQUESTS_POLL_MS = 5_000

export interface SqliteLogOptions {
  /** Fixed at creation, default 1. Another number at a later opening throws `config_invalid`. */
  partitions?: number
  /** The log's clock, ms since 1970 UTC. */
  nowMs?: () => number
}

/**
 * Opens the log in a directory on a local disk. Mode `write` creates it if there is none, and locks out other writers
 * until it is closed; `beside` permits one other writer, whose place it takes: see `lock.ts`. Mode `read` changes nothing: `append` and `announce` reject, and `trim` sends a request to the
 * writing process. Throws TickhouseErrors: `data_in_use`, `data_foreign`, `data_corrupt`, `data_unwritable`,
 * `disk_full`, `config_invalid`, and `log_missing` (retryable) if there is no log to read yet.
 *
 * Appends reject with `disk_full` and `log_unavailable` (both retryable), `data_corrupt` or `data_unwritable`, and with
 * them all appends made before the failure was known: the log contains a prefix of the calls, so retries in the same
 * order keep the order. Large appends wait rather than reject: see `PENDING_BYTES_MAX`. Closing commits the pending
 * appends; a trim in progress stops and rejects.
 */
export async function openSqliteLog(
  directory: string,
  mode: OpenMode,
  options: SqliteLogOptions = {},
): Promise<OpenLog> {
  const { partitions, nowMs = Date.now } = options
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions >= 1 && partitions <= PARTITIONS_MAX))
    throw new RangeError(`partitions must be a whole number from 1 to ${PARTITIONS_MAX}`)
  let lock: WriteLock | undefined
  let db: DatabaseSync | undefined
  try {
    if (mode !== 'read') {
      lock = WriteLock.take(directory, mode === 'beside')
      if (!existsSync(mainFile(directory))) createFile(directory, partitions ?? 1, nowMs())
    } else if (!existsSync(mainFile(directory))) {
      throw logMissing(directory)
    }
    checkHeader(directory)
    if (lock?.isOnly) checkContent(directory)
    db = connectReader(directory)
    const meta = readMeta(db, directory)
    if (partitions !== undefined && partitions !== meta.partitions)
      throw otherPartitions(directory, meta.partitions, partitions)
    const appender = lock && (await Appender.start(directory, nowMs))
    return new SqliteLog(directory, meta, db, lock, appender)
  } catch (error) {
    db?.close()
    lock?.close()
    throw asLogError(error, directory)
  }
}

class SqliteLog implements OpenLog {
  readonly address: string
  readonly partitions: number
  readonly keepHours: number | null
  readonly #identity: string
  readonly #directory: string
  readonly #db: DatabaseSync
  readonly #reader: Reader
  readonly #appender: Appender | undefined
  readonly #lock: WriteLock | undefined
  readonly #watch: FileWatch
  readonly #trimPoll: NodeJS.Timeout | undefined
  #closed = false

  constructor(directory: string, meta: Meta, db: DatabaseSync, lock?: WriteLock, appender?: Appender) {
    this.address = `sqlite:${directory}`
    this.partitions = meta.partitions
    this.keepHours = meta.keepHours
    this.#identity = meta.identity
    this.#directory = directory
    this.#db = db
    this.#reader = new Reader(directory, db)
    this.#watch = new FileWatch(directory, () => this.#reader.dataVersion())
    this.#lock = lock
    this.#appender = appender
    appender?.onCommit(() => this.#watch.wake())
    if (appender) {
      this.#pollTrimRequests()
      this.#trimPoll = setInterval(() => this.#pollTrimRequests(), TRIM_REQUESTS_POLL_MS).unref()
    }
  }

  identity(): string {
    return this.#identity
  }

  partitionsOf(): PartitionsOfKind {
    return { first: 0, count: this.partitions }
  }

  async append(partition: number, records: readonly LogRecord[]): Promise<number> {
    this.#check(partition)
    return await this.#requireAppender().append(partition, records)
  }

  async *read(
    partition: number,
    fromOffset: number,
    signal: AbortSignal,
    after?: LoggedRecord,
  ): AsyncGenerator<LoggedRecord[], void> {
    this.#check(partition)
    let next = fromOffset
    let last = after && markOf(after)
    while (!signal.aborted) {
      const records = this.#sql(() => this.#readChunk(partition, next, last))
      if (records.length > 0) last = markOf(records.at(-1)!)
      if (records.length === 0) {
        await this.#watch.more(signal)
      } else {
        next += records.length
        yield records
        // A reader far behind must not starve timers and sockets.
        await nextTurn()
      }
      if (this.#closed) return
    }
  }

  /** Checks that `last`, the record read before, is still in the log. */
  #readChunk(partition: number, from: number, last: RecordMark | undefined): LoggedRecord[] {
    if (!last) return this.#reader.chunk(partition, from)
    try {
      const records = this.#reader.chunk(partition, from)
      if (records.length > 0) this.#reader.checkUnchanged(last)
      return records
    } catch (error) {
      throw behindIsTruncated(error, partition, from)
    }
  }

  async record(partition: number, offset: number): Promise<LoggedRecord | undefined> {
    this.#check(partition)
    return this.#sql(() => this.#reader.record(partition, offset))
  }

  bounds(partition: number): Bounds {
    this.#check(partition)
    return this.#sql(() => this.#reader.bounds(partition))
  }

  async refresh(partition: number): Promise<Bounds> {
    return this.bounds(partition)
  }

  async countTicks(partition: number, from: number, below: number): Promise<number> {
    return this.estimateTicks(partition, from, below)
  }

  /** Exact: each row contains the sum of the ticks before it. */
  estimateTicks(partition: number, from: number, below: number): number {
    this.#check(partition)
    return this.#sql(() => this.#reader.countTicks(partition, from, below))
  }

  /** A single process stores a SQLite log: it gets all partitions. */
  async join(listener: AssignmentListener, signal: AbortSignal): Promise<void> {
    const partitions = Array.from({ length: this.partitions }, (_, partition) => partition)
    for (const partition of partitions) listener.onAssigned(partition)
    if (!signal.aborted) await once(signal, 'abort')
    await Promise.all(partitions.map(partition => listener.onRevoked(partition)))
  }

  /** No lag tools read a SQLite log. */
  noteStored(): void {}

  async trim(partition: number, floor: TrimFloor): Promise<number> {
    this.#check(partition)
    if (this.#appender) return await this.#requireAppender().trim(partition, floor)
    if (this.#closed) throw closed()
    try {
      await requestTrim(this.#directory, this.#identity, partition, floor)
    } catch (error) {
      throw asLogError(error, this.#directory)
    }
    return 0
  }

  /** Runs the trims that readers requested. One that fails stays requested until the next poll. */
  async #pollTrimRequests(): Promise<void> {
    if (!this.#lock?.isOnly) return
    for (const [partition, floor] of requestedFloors(this.#directory, this.#identity)) {
      if (partition >= this.partitions || this.#closed) continue
      if (Math.min(floor.storedBelow, floor.archivedBelow) > this.bounds(partition).first)
        await this.trim(partition, floor).catch(() => {})
    }
  }

  unreachableSinceMs = (): null => null
  unusedPartitions = (): number => 0

  sizeBytes(): number {
    return sizeBytes(this.#directory)
  }

  async announce(key: string, body: unknown): Promise<void> {
    await this.#requireAppender().announce(key, JSON.stringify(body))
  }

  announcements(prefix = ''): Announcement[] {
    return this.#sql(() => this.#reader.announcements(prefix))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#trimPoll)
    this.#watch.stop()
    try {
      // The writer's connection closes last: it then checkpoints and removes the write-ahead log.
      this.#db.close()
      await this.#appender?.close()
    } finally {
      this.#lock?.close()
    }
  }

  #requireAppender(): Appender {
    if (this.#closed) throw closed()
    if (this.#appender) return this.#appender
    throw new TickhouseError(
      'data_unwritable',
      `the log in ${this.#directory} is open read-only`,
      'Write through the process that records.',
    )
  }

  #check(partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitions) return
    throw new RangeError(`partition ${partition}: the log has ${this.partitions}`)
  }

  #sql<T>(read: () => T): T {
    if (this.#closed) throw closed()
    try {
      return read()
    } catch (error) {
      throw asLogError(error, this.#directory)
    }
  }
}

function logMissing(directory: string): TickhouseError {
  return new TickhouseError(
    'log_missing',
    `there is no log in ${directory} yet`,
    'The recorder creates it when it starts: start it, or check the directory.',
    { retryable: true },
  )
}

function otherPartitions(directory: string, existing: number, requested: number): TickhouseError {
  return new TickhouseError(
    'config_invalid',
    `the log in ${directory} has ${existing} partitions, not ${requested}; the number is fixed when a log is created`,
    `Set partitions=${existing}, or start a new log in another directory.`,
  )
}
