/** What names a record beside its offset: two logs that share their first records differ in it where they part. */
import { createHash } from 'node:crypto'
import type { LoggedRecord } from './log.ts'

const HASH_BYTES = 6

/**
 * The first 48 bits of the SHA-256 of all that is written of a record: exact in a double, and never 0, which stands for a hash that is
 * not known.
 */
export function recordHash(entry: LoggedRecord): number {
  const { kind, format, version, ticks, payload, timestampMs, writtenMs = timestampMs, leaderEpoch = -1 } = entry
  const head = JSON.stringify([kind, format, version, ticks, writtenMs, leaderEpoch])
  return createHash('sha256').update(head).update(payload).digest().readUIntBE(0, HASH_BYTES) || 1
}
