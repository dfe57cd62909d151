import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { TickhouseError } from '../errors.ts'
import type { Announcement, Bounds, LogEntry } from './log.ts'
import { logBehind, offsetGone } from './offset-errors.ts'
import { corrupt } from './sqlite-errors.ts'
import { OFFSETS_MAX } from './sqlite-file.ts'

/** A slice holds at most so many bytes of payload, or one record, and at most so many records. */
export const SLICE_BYTES_MAX = 4 * 2 ** 20
export const SLICE_RECORDS_MAX = 10_000

type Row = Omit<LogEntry, 'partition' | 'offset' | 'timestampMs' | 'payload'> & {
  payload: Uint8Array | null
  id: number
  timestamp_ms: number
  payload_crc32: number
}

/** Reads the file. Each call is a short transaction of its own: none stays open, so checkpoints are never held up for long. */
export class Reader {
  readonly #directory: string
  readonly #bounds: StatementSync
  readonly #slice: StatementSync
  readonly #ticksBefore: StatementSync
  readonly #announcements: StatementSync
  readonly #dataVersion: StatementSync

  constructor(directory: string, db: DatabaseSync) {
    this.#directory = directory
    this.#bounds = db.prepare('SELECT first, next FROM partitions WHERE partition = ?')
    this.#slice = db.prepare(
      `SELECT id, timestamp_ms, kind, format, version, ticks, payload_crc32, payload
       FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ${SLICE_RECORDS_MAX}`,
    )
    this.#ticksBefore = db.prepare(
      `SELECT coalesce((SELECT ticks_before FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1), ticks) AS ticks
       FROM partitions WHERE partition = ?3`,
    )
    this.#announcements = db.prepare('SELECT station, at_ms AS atMs, body FROM announcements ORDER BY station')
    this.#dataVersion = db.prepare('PRAGMA data_version')
  }

  /** Another number whenever another connection has committed. */
  dataVersion(): number {
    return this.#dataVersion.get()!.data_version as number
  }

  bounds(partition: number): Bounds {
    const { first, next } = this.#bounds.get(partition) as unknown as Bounds
    return { first, next }
  }

  /** The records from `from` on, as many as a slice may hold; none at the log's end. Throws `log_offset_gone`, `data_corrupt`. */
  slice(partition: number, from: number): LogEntry[] {
    const base = partition * OFFSETS_MAX
    const entries: LogEntry[] = []
    let bytes = 0
    // Leaving the loop ends the statement and with it the transaction.
    for (const row of this.#slice.iterate(base + from, base + OFFSETS_MAX) as Iterable<unknown> as Iterable<Row>) {
      // A torn page of SQLite's own reads as empty columns.
      if (row.payload === null) throw corrupt(this.#directory, `partition ${partition} offset ${row.id - base} is torn`)
      bytes += row.payload.byteLength
      if (bytes > SLICE_BYTES_MAX && entries.length > 0) break
      const offset = row.id - base
      if (offset !== from + entries.length) throw this.#missing(partition, from + entries.length)
      if (crc32(row.payload) !== row.payload_crc32)
        throw corrupt(this.#directory, `the payload of partition ${partition} offset ${offset} has changed on disk`)
      const { kind, format, version, ticks, payload } = row
      entries.push({ partition, offset, timestampMs: row.timestamp_ms, kind, format, version, ticks, payload })
    }
    if (entries.length === 0) {
      const { first, next } = this.bounds(partition)
      if (from < first) throw this.#missing(partition, from)
      if (from > next) throw logBehind(partition, from, next, 'check that the log was not replaced by an older copy')
    }
    return entries
  }

  countTicks(partition: number, from: number, below: number): number {
    if (below <= from) return 0
    return this.#ticksUpTo(partition, below) - this.#ticksUpTo(partition, from)
  }

  announcements(): Announcement[] {
    return this.#announcements.all().map(row => {
      const { station, atMs, body } = row as { station: string; atMs: number; body: string }
      return { station, atMs, body: JSON.parse(body) as unknown }
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
