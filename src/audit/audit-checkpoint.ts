/**
 * How far audits have verified a partition, derived from table `audits`, so that a start need not audit the whole log again. In doubt
 * nothing counts as verified.
 */
import type { Store } from '../store/store.ts'
import { KINDS, QUARANTINE } from '../tick/kinds.ts'
import type { AuditResult } from './audit.ts'
import { IS_COUNTED_REPEATS, REPEATED_TICKS } from './repeats.ts'

/** Records from `first` up to, not including, `below` were audited without a hole between, and passed. */
export interface AuditCheckpoint {
  first: number
  below: number
  /** Ticks in those records. */
  ticks: number
}

export const NOTHING_VERIFIED: AuditCheckpoint = { first: 0, below: 0, ticks: 0 }

/** The checkpoint after one more audit. */
export function verifiedWith(
  verified: AuditCheckpoint,
  { passed, first, below, ticks }: Pick<AuditResult, 'passed' | 'first' | 'below' | 'ticks'>,
): AuditCheckpoint {
  // Records that passed before fail now.
  if (!passed) return first < verified.below ? NOTHING_VERIFIED : verified
  if (first === verified.below) return { first: verified.first, below, ticks: verified.ticks + ticks }
  // The records between were trimmed, or all were audited again.
  return { first, below, ticks }
}

/**
 * The checkpoint of a partition whose log begins at `logFirst`. Nothing is verified unless audits go back that far and the tables still have
 * as many ticks as they counted. Throws errors of the store.
 */
export async function loadCheckpoint(store: Store, partition: number, logFirst: number): Promise<AuditCheckpoint> {
  const rows = await store.rows<{ passed: boolean; first: string; below: string; found: string }>(
    `SELECT passed, first_offset AS first, below_offset AS below, ticks AS found FROM audits
     WHERE log_partition = {partition:UInt16} AND subject = '' AND (below_offset > {logFirst:UInt64} OR below_offset = 0)
     ORDER BY at, below_offset`,
    { partition, logFirst },
  )
  let verified = NOTHING_VERIFIED
  for (const { passed, first, below, found } of rows) {
    const audit = { passed, first: Number(first), below: Number(below), ticks: Number(found) }
    verified = isRestore(audit) ? NOTHING_VERIFIED : verifiedWith(verified, audit)
  }
  if (verified.below === 0 || verified.first > logFirst) return NOTHING_VERIFIED
  return (await storedTicks(store, partition, verified)) === verified.ticks ? verified : NOTHING_VERIFIED
}

/** The row reports a restore, not an audit of log records. */
const isRestore = ({ below }: { below: number }): boolean => below === 0

async function storedTicks(store: Store, partition: number, { first, below }: AuditCheckpoint): Promise<number> {
  const within = 'log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND log_offset < {until:UInt64}'
  const counts = [
    ...KINDS.map(({ table }) => `SELECT toInt64(count()) AS ticks FROM ${table} WHERE ${within}`),
    `SELECT toInt64(sum(ticks)) AS ticks FROM ${QUARANTINE} WHERE ${within} AND NOT ${IS_COUNTED_REPEATS}`,
    REPEATED_TICKS,
  ]
  const [row] = await store.rows<{ stored: string }>(
    `SELECT sum(ticks) AS stored FROM (${counts.join(' UNION ALL ')}) SETTINGS max_threads = 1`,
    { partition, from: first, until: below },
  )
  return Number(row!.stored)
}
