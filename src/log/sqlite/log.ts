/**
 * The log on one machine: one SQLite file in a directory, written by one process and read by any number.
 * A thread of its own writes (`writer.ts`); reading happens in the caller's thread, a few milliseconds a slice.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TickhouseError } from '../../errors.ts'
import type { AssignmentListener } from '../assignment.ts'
import type { Bounds, LoggedRecord, LogRecord, OpenLog, PartitionsOfKind } from '../log.ts'
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
  lastTimestampsMs,
  lockDirectory,
  type Meta,
  mainFile,
  PARTITIONS_MAX,
  readMeta,
  sizeBytes,
} from './file.ts'
import { FileWatch } from './file-identity.ts'
import { requestedFloors, requestTrim } from './floors.ts'
import { type Mark, markOf, Reader } from './reader.ts'

/** How soon a reader's wish to trim is seen. */
const TRIM_ASKED_MS = 5_000

export interface SqliteLogOptions {
  /** Fixed when the log is made; 1 if not said. Saying another number later is refused. */
  partitions?: number
  /** The log's clock, ms since 1970 UTC. */
  nowMs?: () => number
}

/**
 * Opens the log in a directory on a local disk. 'write' makes it if there is none and keeps every other writer out until it is closed;
 * 'read' leaves everything as it is: `append` and `announce` then reject, and `trim` asks the process that writes.
 * Throws TickhouseErrors: `data_in_use`, `data_foreign`, `data_corrupt`, `data_unwritable`, `disk_full`, `config_invalid`,
 * and `log_unavailable` (retryable) where there is no log to read yet.
 *
 * Appends reject with `disk_full` and `log_unavailable` (both retryable), `data_corrupt` or `data_unwritable`, and with them
 * every append that was made before the failure was known: what is in the log is always a first part of the calls made, so
 * trying again in the same order keeps the order. Too much at once is not refused: see `PENDING_BYTES_MAX`.
 * Closing commits the appends made before; a trim under way stops where it is and rejects.
 */
export async function openSqliteLog(
  directory: string,
  mode: 'write' | 'read',
  options: SqliteLogOptions = {},
): Promise<OpenLog> {
  const { partitions, nowMs = Date.now } = options
  if (partitions !== undefined && !(Number.isInteger(partitions) && partitions >= 1 && partitions <= PARTITIONS_MAX))
    throw new RangeError(`partitions must be a whole number from 1 to ${PARTITIONS_MAX}`)
  let lock: DatabaseSync | undefined
  let db: DatabaseSync | undefined
  try {
    if (mode === 'write') {
      lock = lockDirectory(directory)
      if (!existsSync(mainFile(directory))) createFile(directory, partitions ?? 1, nowMs())
    } else if (!existsSync(mainFile(directory))) {
      throw notThereYet(directory)
    }
    checkHeader(directory)
    if (mode === 'write') checkContent(directory)
    db = connectReader(directory)
    const meta = readMeta(db, directory)
    if (partitions !== undefined && partitions !== meta.partitions)
      throw otherPartitions(directory, meta.partitions, partitions)
    const appender = lock && (await Appender.start(directory, nowMs, lastTimestampsMs(db)))
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
  readonly #lock: DatabaseSync | undefined
  readonly #watch: FileWatch
  readonly #trimming: NodeJS.Timeout | undefined
  #closed = false

  constructor(directory: string, meta: Meta, db: DatabaseSync, lock?: DatabaseSync, appender?: Appender) {
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
      this.#trimAsked()
      this.#trimming = setInterval(() => this.#trimAsked(), TRIM_ASKED_MS).unref()
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
    return await this.#writing().append(partition, records)
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
      const entries = this.#sql(() => this.#slice(partition, next, last))
      if (entries.length > 0) last = markOf(entries.at(-1)!)
      if (entries.length === 0) {
        await this.#watch.more(signal)
      } else {
        next += entries.length
        yield entries
        // A reader far behind must leave turns to timers and sockets.
        await nextTurn()
      }
      if (this.#closed) return
    }
  }

  /** `last` is what was read before: it must still be there. */
  #slice(partition: number, from: number, last: Mark | undefined): LoggedRecord[] {
    if (!last) return this.#reader.slice(partition, from)
    try {
      const entries = this.#reader.slice(partition, from)
      if (entries.length > 0) this.#reader.checkHeld(last)
      return entries
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

  /** Exact: each record's row keeps the sum of all before it. */
  estimateTicks(partition: number, from: number, below: number): number {
    this.#check(partition)
    return this.#sql(() => this.#reader.countTicks(partition, from, below))
  }

  /** One process stores a SQLite log: the engine's directory belongs to one. */
  async join(listener: AssignmentListener, signal: AbortSignal): Promise<void> {
    const partitions = Array.from({ length: this.partitions }, (_, partition) => partition)
    for (const partition of partitions) listener.onAssigned(partition)
    if (!signal.aborted) await once(signal, 'abort')
    await Promise.all(partitions.map(partition => listener.onRevoked(partition)))
  }

  /** Nobody else looks: the tables tell. */
  noteStored(): void {}

  async trim(partition: number, floor: TrimFloor): Promise<number> {
    this.#check(partition)
    if (this.#appender) return await this.#writing().trim(partition, floor)
    if (this.#closed) throw closed()
    try {
      await requestTrim(this.#directory, this.#identity, partition, floor)
    } catch (error) {
      throw asLogError(error, this.#directory)
    }
    return 0
  }

  /** Does what readers have asked for. One that fails is asked for still, and tried again the next time. */
  async #trimAsked(): Promise<void> {
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

  async announce(station: string, body: unknown): Promise<void> {
    await this.#writing().announce(station, JSON.stringify(body))
  }

  announcements(): Announcement[] {
    return this.#sql(() => this.#reader.announcements())
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#trimming)
    this.#watch.stop()
    try {
      // The writer's connection is the last to close, so that it takes the write-ahead log in and removes it.
      this.#db.close()
      await this.#appender?.close()
    } finally {
      this.#lock?.close()
    }
  }

  #writing(): Appender {
    if (this.#closed) throw closed()
    if (this.#appender) return this.#appender
    throw new TickhouseError(
      'data_unwritable',
      `the log in ${this.#directory} is open for reading only`,
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

function notThereYet(directory: string): TickhouseError {
  return new TickhouseError(
    'log_missing',
    `there is no log in ${directory} yet`,
    'The recorder makes it when it starts: start it, or check the directory.',
    { retryable: true },
  )
}

function otherPartitions(directory: string, held: number, asked: number): TickhouseError {
  return new TickhouseError(
    'config_invalid',
    `the log in ${directory} has ${held} partitions, ${asked} were asked for; the number is fixed when a log is made`,
    `Say partitions=${held}, or begin a new log in another directory.`,
  )
}
