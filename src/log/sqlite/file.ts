/**
 * The log's file: its schema, how it is made, and what is checked before it is trusted. One directory holds `log.sqlite`
 * with SQLite's own `-wal` and `-shm` beside it, and `lock.sqlite`, which is empty and only ever locked.
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
/** The schema's number; a file with a higher one was written by a newer tickhouse. */
export const SCHEMA_VERSION = 1

/** A record's key is `partition * OFFSETS_MAX + offset`, so that a partition is one run of keys, exact in a double. */
export const OFFSETS_MAX = 2 ** 40
export const PARTITIONS_MAX = 4096

/** How long a statement waits for another connection, such as a reader in the way of a checkpoint. */
const BUSY_MS_MAX = 1000

/** How long archived records stay in a log made now, where no setting says otherwise: a week, as on Kafka. */
const KEEP_HOURS = 168

const HEADER_BYTES = 100
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

/*
 * `partitions` keeps the bounds, so that an offset is never given twice, even when everything was trimmed.
 * `ticks_before` counts the partition's ticks up to the record: counting a range takes two look-ups, not a scan.
 * `payload_crc32` is ours because SQLite has no checksum of its own once a page has left the write-ahead log.
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
  CREATE TABLE announcements (station TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
`

export const mainFile = (directory: string): string => join(directory, 'log.sqlite')
export const walFile = (directory: string): string => `${mainFile(directory)}-wal`

/** What a log says of itself since it was made. */
export interface Meta {
  identity: string
  partitions: number
  /** How long archived records stay, in hours. Null in a log made before there was a limit: for ever. */
  keepHours: number | null
}

/**
 * Takes the right to write, for as long as the returned connection is open; it falls with the process, however that ends.
 * Throws `data_in_use` at once if another has it.
 */
export function lockDirectory(directory: string): DatabaseSync {
  makeDirectory(directory)
  const lock = new DatabaseSync(join(directory, 'lock.sqlite'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!(error instanceof Error && 'errcode' in error && error.errcode === 5)) throw error
    throw new TickhouseError(
      'data_in_use',
      `another tickhouse is writing the log in ${directory}`,
      'Stop that one first, or give this one another directory.',
      { cause: error },
    )
  }
  return lock
}

/** Makes a log file with so many partitions, all at once: a crash leaves either none or a whole one. */
export function createFile(directory: string, partitions: number, nowMs: number): void {
  if (existsSync(walFile(directory))) throw corrupt(directory, 'log.sqlite is missing, but its log.sqlite-wal is there')
  const file = mainFile(directory)
  const draft = `${file}-new`
  for (const left of [draft, `${draft}-wal`, `${draft}-shm`]) rmSync(left, { force: true })
  const db = new DatabaseSync(draft)
  try {
    // Free pages are given back on demand: see `trim.ts`. Must be set before the first table.
    db.exec('PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL')
    db.exec(`BEGIN; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; ${SCHEMA}`)
    db.prepare('INSERT INTO meta VALUES (?, ?, ?, ?)').run(randomUUID(), partitions, nowMs, KEEP_HOURS)
    const insert = db.prepare('INSERT INTO partitions VALUES (?, 0, 0, 0, 0)')
    for (let partition = 0; partition < partitions; partition++) insert.run(partition)
    db.exec('COMMIT')
  } finally {
    db.close()
  }
  syncPath(draft)
  renameSync(draft, file)
  syncPath(directory)
}

/** The connection that writes. */
export function connectWriter(directory: string): DatabaseSync {
  const db = new DatabaseSync(mainFile(directory), { timeout: BUSY_MS_MAX })
  // FULL: a commit returns when it would survive a loss of power; the fullfsync pair says the same to macOS.
  db.exec(
    'PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA cache_size = -16384',
  )
  return db
}

/** A connection that only reads: it can neither block the writer nor change a byte. */
export function connectReader(directory: string): DatabaseSync {
  return new DatabaseSync(mainFile(directory), { readOnly: true, timeout: BUSY_MS_MAX })
}

/**
 * Reads the file's header without opening it as a database, so that a file which is not ours is not touched.
 * Throws `data_foreign` or `data_corrupt`.
 */
export function checkHeader(directory: string): void {
  const header = Buffer.alloc(HEADER_BYTES)
  const file = openSync(mainFile(directory), 'r')
  const length = readSync(file, header, 0, HEADER_BYTES, 0)
  closeSync(file)
  const elsewhere = 'Move it away, or give tickhouse another directory.'
  const magicBytes = Math.min(length, MAGIC.length)
  if (!header.subarray(0, magicBytes).equals(MAGIC.subarray(0, magicBytes)))
    throw foreign(directory, 'it is not an SQLite file', elsewhere)
  if (length < HEADER_BYTES) throw corrupt(directory, `log.sqlite is only ${length} bytes long`)
  if (header.readUInt32BE(68) !== APPLICATION_ID)
    throw foreign(directory, 'it is the SQLite file of another program', elsewhere)
  const version = header.readUInt32BE(60)
  if (version > SCHEMA_VERSION)
    throw foreign(directory, `it has version ${version}, this tickhouse knows ${SCHEMA_VERSION}`, 'Upgrade tickhouse.')
}

/**
 * Checks what can be checked in a moment, however large the log: every page is there, and each partition's records are
 * the ones its bounds promise at both ends. For the writer, which nobody can disturb. Throws `data_corrupt`.
 */
export function checkContent(directory: string): void {
  const missing = lastPageMissing(mainFile(directory), walFile(directory))
  if (missing !== undefined) throw corrupt(directory, `log.sqlite was cut off: page ${missing} is missing`)
  const db = connectReader(directory)
  try {
    const ends = db.prepare('SELECT min(id) AS first, max(id) AS last FROM records WHERE id >= ? AND id < ?')
    for (const { partition, first, next } of db.prepare('SELECT * FROM partitions').all() as Record<string, number>[]) {
      const base = partition! * OFFSETS_MAX
      const held = ends.get(base, base + OFFSETS_MAX) as { first: number | null; last: number | null }
      const whole =
        first === next ? held.first === null : held.first === base + first! && held.last === base + next! - 1
      if (!whole) throw corrupt(directory, `partition ${partition} does not hold offsets ${first} to ${next! - 1}`)
    }
  } finally {
    db.close()
  }
}

export function readMeta(db: DatabaseSync, directory: string): Meta {
  const { identity, partitions, keep_hours: keepHours = null } = db.prepare('SELECT * FROM meta').get() ?? {}
  // A page lost behind a whole header reads as empty columns.
  if (typeof identity !== 'string' || !Number.isInteger(partitions))
    throw corrupt(directory, 'it does not say which log it is')
  return { identity, partitions: partitions as number, keepHours: keepHours as number | null }
}

/** The last timestamp given in each partition, 0 where none was. */
export function lastTimestampsMs(db: DatabaseSync): number[] {
  const rows = db.prepare('SELECT timestamp_ms FROM partitions ORDER BY partition').all()
  return rows.map(row => row.timestamp_ms as number)
}

export function sizeBytes(directory: string): number {
  const bytes = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return bytes(mainFile(directory)) + bytes(walFile(directory))
}

/** Makes the directory and those above it, and their entries durable: a record is not safe in a directory that is not. */
function makeDirectory(directory: string): void {
  const made = makeDataDirectory(directory)
  if (made === undefined) return
  const top = dirname(resolve(made))
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
