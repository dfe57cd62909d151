/**
 * The log's file: schema, creation, and checks at opening. The directory contains `log.sqlite` with SQLite's `-wal` and
 * `-shm`, and the files of `lock.ts`, which are empty and only locked.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeDataDirectory } from '../../disk.ts'
import { TickhouseError } from '../../errors.ts'
import { corrupt, foreign } from './errors.ts'
import { lastPageMissing } from './wal.ts'

/** Marks the file as ours: "tkhl" in the header's application id. */
export const APPLICATION_ID = 0x746b686c
/** A file with a higher version was written by a newer tickhouse. */
export const SCHEMA_VERSION = 1

/** A record's key is `partition * OFFSETS_MAX + offset`: a partition is one range of keys, exact in a double. */
export const OFFSETS_MAX = 2 ** 40
export const PARTITIONS_MAX = 4096

/** How long a statement waits for another connection, for example a checkpoint for a reader. */
const BUSY_MS_MAX = 1000
/** The same of the writer, which may wait for a commit of the process beside it. */
const WRITER_BUSY_MS_MAX = 10_000

/** Default retention of archived records in a new log, hours: a week, as Kafka's default. */
const KEEP_HOURS = 168

const HEADER_BYTES = 100
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/** The column's name is from the first version. */
export const ANNOUNCEMENT_KEY = 'station'

/*
 * `partitions` has the bounds, so that no offset is assigned twice, even after everything was trimmed.
 * `ticks_before` counts the partition's ticks up to the record: counting a range takes two look-ups, not a scan.
 * `payload_crc32`: SQLite has no checksum once a page has left the write-ahead log.
 */
const SCHEMA = `
  CREATE TABLE meta (
    identity TEXT NOT NULL, partitions INTEGER NOT NULL, created_ms INTEGER NOT NULL, keep_hours INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE partitions (
    partition INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    next INTEGER NOT NULL CHECK (next <= ${OFFSETS_MAX}),
    ticks INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    timestamp_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    version INTEGER NOT NULL,
    ticks INTEGER NOT NULL,
    ticks_before INTEGER NOT NULL,
    payload_crc32 INTEGER NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;
  CREATE TABLE announcements (${ANNOUNCEMENT_KEY} TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
`

export const mainFile = (directory: string): string => join(directory, 'log.sqlite')
export const walFile = (directory: string): string => `${mainFile(directory)}-wal`

/** A log's properties, fixed at creation. */
export interface Meta {
  identity: string
  partitions: number
  /** Retention of archived records, hours. Null, unlimited, in a log created before there was a limit. */
  keepHours: number | null
}

/** Creates a log file atomically: a crash leaves either none or a complete one. */
export function createFile(directory: string, partitions: number, nowMs: number): void {
  if (existsSync(walFile(directory))) throw corrupt(directory, 'log.sqlite is missing, but its log.sqlite-wal is there')
  const file = mainFile(directory)
  const newFile = `${file}-new`
  for (const leftover of [newFile, `${newFile}-wal`, `${newFile}-shm`]) rmSync(leftover, { force: true })
  const db = new DatabaseSync(newFile)
  try {
    // Incremental vacuum, for `trim.ts`. Must be set before the first table.
    db.exec('PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL')
    db.exec(`BEGIN; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; ${SCHEMA}`)
    db.prepare('INSERT INTO meta VALUES (?, ?, ?, ?)').run(randomUUID(), partitions, nowMs, KEEP_HOURS)
    const insert = db.prepare('INSERT INTO partitions VALUES (?, 0, 0, 0, 0)')
    for (let partition = 0; partition < partitions; partition++) insert.run(partition)
    db.exec('COMMIT')
  } finally {
    db.close()
  }
  syncPath(newFile)
  renameSync(newFile, file)
  syncPath(directory)
}

/** The writing connection. */
export function connectWriter(directory: string): DatabaseSync {
  const db = new DatabaseSync(mainFile(directory), { timeout: WRITER_BUSY_MS_MAX })
  // FULL: a commit returns when it would survive a loss of power; on macOS that also takes both fullfsync settings.
  db.exec(
    'PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA cache_size = -16384',
  )
  return db
}

/** A read-only connection: it can neither block the writer nor change a byte. */
export function connectReader(directory: string): DatabaseSync {
  return new DatabaseSync(mainFile(directory), { readOnly: true, timeout: BUSY_MS_MAX })
}

/**
 * Reads the file's header without opening it as a database, so that another program's file stays untouched. Throws
 * `data_foreign` or `data_corrupt`.
 */
export function checkHeader(directory: string): void {
  const header = Buffer.alloc(HEADER_BYTES)
  const file = openSync(mainFile(directory), 'r')
  const length = readSync(file, header, 0, HEADER_BYTES, 0)
  closeSync(file)
  const advice = 'Move it away, or use another directory for tickhouse.'
  const magicBytes = Math.min(length, MAGIC.length)
  if (!header.subarray(0, magicBytes).equals(MAGIC.subarray(0, magicBytes)))
    throw foreign(directory, 'it is not an SQLite file', advice)
  if (length < HEADER_BYTES) throw corrupt(directory, `log.sqlite is only ${length} bytes long`)
  if (header.readUInt32BE(68) !== APPLICATION_ID)
    throw foreign(directory, 'it is the SQLite file of another program', advice)
  const version = header.readUInt32BE(60)
  if (version > SCHEMA_VERSION)
    throw new TickhouseError(
      'data_foreign',
      `the log in ${directory} was written by a newer tickhouse: version ${version}, this program has ${SCHEMA_VERSION}`,
      'Start the newer tickhouse. To stay with this one, set TICKHOUSE_LOG and TICKHOUSE_STORE to new directories; keep the others.',
    )
}

/**
 * Quick checks, whatever the size of the log: every page exists, and the first and last record of each partition match
 * its bounds. For the writer only: no other process may write meanwhile. Throws `data_corrupt`.
 */
export function checkContent(directory: string): void {
  const missing = lastPageMissing(mainFile(directory), walFile(directory))
  if (missing !== undefined) throw corrupt(directory, `log.sqlite was cut off: page ${missing} is missing`)
  const db = connectReader(directory)
  try {
    const selectEnds = db.prepare('SELECT min(id) AS first, max(id) AS last FROM records WHERE id >= ? AND id < ?')
    for (const { partition, first, next } of db.prepare('SELECT * FROM partitions').all() as Record<string, number>[]) {
      const base = partition! * OFFSETS_MAX
      const ends = selectEnds.get(base, base + OFFSETS_MAX) as { first: number | null; last: number | null }
      const whole =
        first === next ? ends.first === null : ends.first === base + first! && ends.last === base + next! - 1
      if (!whole) throw corrupt(directory, `partition ${partition} does not contain offsets ${first} to ${next! - 1}`)
    }
  } finally {
    db.close()
  }
}

export function readMeta(db: DatabaseSync, directory: string): Meta {
  const { identity, partitions, keep_hours: keepHours = null } = db.prepare('SELECT * FROM meta').get() ?? {}
  // SQLite reads a lost page behind a valid header as empty columns.
  if (typeof identity !== 'string' || !Number.isInteger(partitions)) throw corrupt(directory, 'it has no identity')
  return { identity, partitions: partitions as number, keepHours: keepHours as number | null }
}

export function sizeBytes(directory: string): number {
  const bytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return bytes(mainFile(directory)) + bytes(walFile(directory))
}

/**
 * Creates the directory and its parents, and syncs their entries: a record in a directory that is not durable would be
 * lost.
 */
export function makeDirectory(directory: string): void {
  const created = makeDataDirectory(directory)
  if (created === undefined) return
  const top = dirname(resolve(created))
  for (let path = resolve(directory); path !== top; path = dirname(path)) syncPath(dirname(path))
}

function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
