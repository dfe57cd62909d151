import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { TickhouseError } from '../../errors.ts'
import type { Bounds, LoggedRecord, LogRecord } from '../log.ts'
import { logBehind, logTruncated, offsetGone } from '../offset-errors.ts'
import type { Announcement } from '../status-board.ts'
import { corrupt } from './errors.ts'
import { ANNOUNCEMENT_KEY, OFFSETS_MAX } from './file.ts'

/** Limits of a chunk; a record with a larger payload is a chunk of its own. */
export const CHUNK_BYTES_MAX = 4 * 2 ** 20
export const CHUNK_RECORDS_MAX = 10_000

const AN_OLDER_COPY = 'check that the log was not replaced by an older copy'

type Row = Omit<LogRecord, 'payload'> & {
  payload: Uint8Array | null
  id: number
  timestamp_ms: number
  payload_crc32: number
}

/** Distinguishes a record that was read from another at the same offset. */
export interface RecordMark {
  partition: number
  offset: number
  writtenMs: number
  crc: number
}

export function markOf({ partition, offset, timestampMs, writtenMs = timestampMs, payload }: LoggedRecord): RecordMark {
  return { partition, offset, writtenMs, crc: crc32(payload) }
}

/** Reads the file. Each call is a short transaction, so it never blocks checkpoints for long. */
export class Reader {
  readonly #directory: string
  readonly #bounds: StatementSync
  readonly #chunk: StatementSync
  readonly #record: StatementSync
  readonly #recordMark: StatementSync
  readonly #ticksBefore: StatementSync
  readonly #announcements: StatementSync
  readonly #dataVersion: StatementSync

  constructor(directory: string, db: DatabaseSync) {
    this.#directory = directory
    this.#bounds = db.prepare('SELECT first, next FROM partitions WHERE partition = ?')
    this.#chunk = db.prepare(
      `SELECT id, timestamp_ms, kind, format, version, ticks, payload_crc32, payload
       FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ${CHUNK_RECORDS_MAX}`,
    )
    this.#record = db.prepare(
      'SELECT id, timestamp_ms, kind, format, version, ticks, payload_crc32, payload FROM records WHERE id = ?',
    )
    this.#recordMark = db.prepare('SELECT timestamp_ms, payload_crc32 FROM records WHERE id = ?')
    this.#ticksBefore = db.prepare(
      `SELECT coalesce((SELECT ticks_before FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1), ticks) AS ticks
       FROM partitions WHERE partition = ?3`,
    )
    this.#announcements = db.prepare(
      `SELECT * FROM announcements WHERE substr(${ANNOUNCEMENT_KEY}, 1, length(?1)) = ?1 ORDER BY 1`,
    )
    this.#dataVersion = db.prepare('PRAGMA data_version')
  }

  /** Returns another number after each commit of another connection. */
  dataVersion(): number {
    return this.#dataVersion.get()!.data_version as number
  }

  bounds(partition: number): Bounds {
    const { first, next } = this.#bounds.get(partition) as unknown as Bounds
    return { first, next }
  }

  /**
   * The records from `from` on, up to the limits of a chunk; none at the end of the log. Throws `log_offset_gone`,
   * `data_corrupt`.
   */
  chunk(partition: number, from: number): LoggedRecord[] {
    const base = partition * OFFSETS_MAX
    const records: LoggedRecord[] = []
    let bytes = 0
    // Leaving the loop ends the statement and with it the transaction.
    for (const row of this.#chunk.iterate(base + from, base + OFFSETS_MAX) as Iterable<unknown> as Iterable<Row>) {
      bytes += row.payload?.byteLength ?? 0
      if (bytes > CHUNK_BYTES_MAX && records.length > 0) break
      if (row.id - base !== from + records.length) throw this.#missing(partition, from + records.length)
      records.push(this.#recordOf(partition, row))
    }
    if (records.length === 0) {
      const { first, next } = this.bounds(partition)
      if (from < first) throw this.#missing(partition, from)
      if (from > next) throw logBehind(partition, from, next, AN_OLDER_COPY)
    }
    return records
  }

  /** One record, undefined if it was trimmed. Throws `log_behind_store`, `data_corrupt`. */
  record(partition: number, offset: number): LoggedRecord | undefined {
    const row = this.#record.get(partition * OFFSETS_MAX + offset) as unknown as Row | undefined
    if (row) return this.#recordOf(partition, row)
    const { first, next } = this.bounds(partition)
    if (offset >= next) throw logBehind(partition, offset, next, AN_OLDER_COPY)
    if (offset >= first) throw this.#missing(partition, offset)
    return undefined
  }

  /** Throws `log_truncated` if the log has another record at this offset. A trimmed record cannot be compared. */
  checkUnchanged({ partition, offset, writtenMs, crc }: RecordMark): void {
    const stored = this.#recordMark.get(partition * OFFSETS_MAX + offset)
    if (!stored || (stored.timestamp_ms === writtenMs && stored.payload_crc32 === crc)) return
    throw logTruncated(partition, offset + 1, `record ${offset} is another one; ${AN_OLDER_COPY}`)
  }

  #recordOf(partition: number, row: Row): LoggedRecord {
    const offset = row.id - partition * OFFSETS_MAX
    const { timestamp_ms: writtenMs, kind, format, version, ticks, payload } = row
    // SQLite reads a torn page as empty columns.
    if (payload === null) throw corrupt(this.#directory, `partition ${partition} offset ${offset} is torn`)
    if (crc32(payload) !== row.payload_crc32)
      throw corrupt(this.#directory, `the payload of partition ${partition} offset ${offset} has changed on disk`)
    return { partition, offset, timestampMs: writtenMs, writtenMs, kind, format, version, ticks, payload }
  }

  countTicks(partition: number, from: number, below: number): number {
    if (below <= from) return 0
    return this.#ticksUpTo(partition, below) - this.#ticksUpTo(partition, from)
  }

  announcements(prefix: string): Announcement[] {
    return this.#announcements.all(prefix).map(row => {
      const { station: key, at_ms: atMs, body } = row as { station: string; at_ms: number; body: string }
      return { key, atMs, body: JSON.parse(body) as unknown }
    })
  }

  #ticksUpTo(partition: number, offset: number): number {
    const base = partition * OFFSETS_MAX
    const clamped = Math.min(offset, OFFSETS_MAX)
    const { ticks } = this.#ticksBefore.get(base + clamped, base + OFFSETS_MAX, partition) as { ticks: number }
    return ticks
  }

  #missing(partition: number, offset: number): TickhouseError {
    const { first } = this.bounds(partition)
    if (offset >= first) return corrupt(this.#directory, `partition ${partition} offset ${offset} is missing`)
    return offsetGone(partition, offset, first)
  }
}
