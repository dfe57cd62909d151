/** Identifies a record's content: shows where two logs with the same first records diverge. */
import { createHash } from 'node:crypto'
import type { LoggedRecord } from './log.ts'

const HASH_BYTES = 6

/**
 * The first 48 bits of the SHA-256 of all written fields of a record: exact in a double, and never 0, which means
 * unknown.
 */
export function recordHash(record: LoggedRecord): number {
  const { kind, format, version, ticks, payload, timestampMs, writtenMs = timestampMs, leaderEpoch = -1 } = record
  const head = JSON.stringify([kind, format, version, ticks, writtenMs, leaderEpoch])
  return createHash('sha256').update(head).update(payload).digest().readUIntBE(0, HASH_BYTES) || 1
}
