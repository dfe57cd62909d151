/**
 * Whether the log is still the one whose records are stored: the last record of each batch is stored with its hash, and the record at the
 * same offset must have the same hash. Why: `docs/decisions/positions.md`.
 */
import { TickhouseError } from '../errors.ts'
import type { Log, LoggedRecord } from '../log/log.ts'
import { recordHash } from '../log/record-hash.ts'
import type { Store } from '../store/store.ts'
import { TICK_TABLES } from '../tick/kinds.ts'

/** A stored record and its hash; 0 if not known. */
export interface Position {
  offset: number
  hash: number
}

/** The stored hash of a record; 0 if there is none. Throws errors of the store. */
export async function hashOf(store: Store, partition: number, offset: number, tables = TICK_TABLES): Promise<number> {
  for (const table of [...tables, 'positions']) {
    const [row] = await store.rows<{ hash: string }>(
      `SELECT max(log_hash) AS hash FROM ${table}
       WHERE log_partition = {partition:UInt16} AND log_offset = {offset:UInt64} HAVING count() > 0`,
      { partition, offset },
    )
    if (row && Number(row.hash) > 0) return Number(row.hash)
  }
  return 0
}

/** The last record with a hash from offset `first` to `last`, inclusive; null if there is none. Throws errors of the store. */
export async function lastNamed(
  store: Store,
  partition: number,
  first: number,
  last: number,
  tables = TICK_TABLES,
): Promise<Position | null> {
  let found: Position | null = null
  for (const table of tables) {
    const [row] = await store.rows<{ offset: string; hash: string }>(
      `SELECT log_offset AS offset, log_hash AS hash FROM ${table}
       WHERE log_partition = {partition:UInt16} AND log_offset BETWEEN {first:UInt64} AND {last:UInt64} AND log_hash > 0
       ORDER BY log_offset DESC LIMIT 1`,
      { partition, first, last },
    )
    if (row && Number(row.offset) > (found?.offset ?? -1))
      found = { offset: Number(row.offset), hash: Number(row.hash) }
  }
  return found
}

/** The log's record at a stored position; undefined if it was trimmed. Throws `log_diverged` if it differs, and errors of log and store. */
export async function compareWithLog(
  store: Store,
  log: Log,
  partition: number,
  position: Position,
  tables = TICK_TABLES,
): Promise<LoggedRecord | undefined> {
  const entry = await log.record(partition, position.offset)
  if (!entry || position.hash === 0 || recordHash(entry) === position.hash) return entry
  const same = await lastSame(store, log, partition, position.offset, tables)
  const until = same === null ? '' : `: they are equal up to record ${same} and differ before record ${position.offset}`
  throw logDiverged(
    `partition ${partition}: record ${position.offset} of the log is not the one that was stored${until}`,
  )
}

/**
 * The last stored record as read from the log, or why the two cannot be compared. Throws `log_diverged` if they differ, and errors of log and
 * store.
 */
export async function compareLast(
  store: Store,
  log: Log,
  partition: number,
  offset: number,
  tables = TICK_TABLES,
): Promise<{ after?: LoggedRecord; unverified?: string }> {
  const hash = await hashOf(store, partition, offset, tables)
  const after = await compareWithLog(store, log, partition, { offset, hash }, tables)
  if (!after) return { unverified: 'it has left the log' }
  return hash === 0 ? { after, unverified: 'the store does not know its hash' } : { after }
}

/** The store has records up to `stored`, the log only up to `last`. */
export function endsBefore(partition: number, stored: number, last: number): TickhouseError {
  return new TickhouseError(
    'log_behind_store',
    `partition ${partition}: the store has records up to ${stored}, the log ends at ${last}`,
    'Stop recording: this log assigns those offsets a second time. Put the newer log back. Keep the store: only it has those ' +
      'records. See docs/recovery.md, "log and store have parted".',
  )
}

export function logDiverged(message: string): TickhouseError {
  return new TickhouseError(
    'log_diverged',
    message,
    'An older copy of the log was put back, or its brokers lost records, and others were written in their place. Keep log and store: ' +
      'each has records that the other does not. See docs/recovery.md, "log and store have parted".',
  )
}

/** The last record with a hash below `offset` that log and store have in common; null if none is known. */
async function lastSame(
  store: Store,
  log: Log,
  partition: number,
  offset: number,
  tables: readonly string[],
): Promise<number | null> {
  let same: number | null = null
  // All records with a hash up to `low` are equal or unknown; the one at `high` differs.
  let low = log.bounds(partition).first - 1
  for (let high = offset; high - low > 1; ) {
    const middle = Math.floor((low + high) / 2)
    const named = await lastNamed(store, partition, low + 1, middle, tables)
    const entry = named && (await log.record(partition, named.offset))
    if (!named || !entry || recordHash(entry) === named.hash) {
      if (named && entry) same = named.offset
      low = middle
    } else high = named.offset
  }
  return same
}
