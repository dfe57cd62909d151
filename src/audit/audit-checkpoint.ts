/**
 * What audits have proved of a partition, kept in table `audits` from one process to the next: so that a start need not read again
 * all that the log holds. Where there is any doubt nothing is proved, and all is audited.
 */
import type { Store } from '../store/store.ts'
import type { AuditResult } from './audit.ts'

/** Records from `first` up to, not including, `below` were audited without a hole between, and passed. */
export interface AuditCheckpoint {
  first: number
  below: number
  /** The ticks they were found to have. */
  ticks: number
}

export const NOTHING_VERIFIED: AuditCheckpoint = { first: 0, below: 0, ticks: 0 }

/** What is proved after one more audit. */
export function verifiedWith(
  proven: AuditCheckpoint,
  { passed, first, below, ticks }: Pick<AuditResult, 'passed' | 'first' | 'below' | 'ticks'>,
): AuditCheckpoint {
  // What had passed before fails now.
  if (!passed) return first < proven.below ? NOTHING_VERIFIED : proven
  if (first === proven.below) return { first: proven.first, below, ticks: proven.ticks + ticks }
  // What lay between has left the log, or all was audited again.
  return { first, below, ticks }
}

/**
 * What the table's audits prove of a partition whose log begins at `logFirst`. Nothing, unless they go back that far and the tables
 * hold as many ticks as they found: rows may have been taken away since. Throws what the store throws.
 */
export async function loadCheckpoint(store: Store, partition: number, logFirst: number): Promise<AuditCheckpoint> {
  const rows = await store.rows<{ passed: boolean; first: string; below: string; found: string }>(
    `SELECT passed, first_offset AS first, below_offset AS below, ticks AS found FROM audits
     WHERE log_partition = {partition:UInt16} AND (below_offset > {logFirst:UInt64} OR below_offset = 0)
     ORDER BY at, below_offset`,
    { partition, logFirst },
  )
  let proven = NOTHING_VERIFIED
  for (const { passed, first, below, found } of rows) {
    const audit = { passed, first: Number(first), below: Number(below), ticks: Number(found) }
    proven = isRestore(audit) ? NOTHING_VERIFIED : verifiedWith(proven, audit)
  }
  if (proven.below === 0 || proven.first > logFirst) return NOTHING_VERIFIED
  return (await ticksHeld(store, partition, proven)) === proven.ticks ? proven : NOTHING_VERIFIED
}

/** The row says what was restored: no records of the log were looked at. */
const isRestore = ({ below }: { below: number }): boolean => below === 0

async function ticksHeld(store: Store, partition: number, { first, below }: AuditCheckpoint): Promise<number> {
  const within = 'log_partition = {partition:UInt16} AND log_offset >= {first:UInt64} AND log_offset < {below:UInt64}'
  const [row] = await store.rows<{ held: string }>(
    `SELECT toInt64(good) + toInt64(refused) AS held FROM
       (SELECT count() AS good FROM trades WHERE ${within}) AS t, (SELECT sum(ticks) AS refused FROM quarantine WHERE ${within}) AS q
     SETTINGS max_threads = 1`,
    { partition, first, below },
  )
  return Number(row!.held)
}
