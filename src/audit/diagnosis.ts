/** Compares the whole log with the whole store, for `tickhouse doctor`. Reads only. */
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { TICK_TABLES } from '../tick/kinds.ts'
import { type AuditResult, audit } from './audit.ts'
import { diskGrowthBytesPerDay } from './disk-growth.ts'
import { droppedRanges } from './dropped-ranges.ts'
import { type Unproven, unprovenVenues } from './unproven.ts'

export interface PartitionDiagnosis extends AuditResult {
  /** Records in the log that are not stored yet. */
  lagRecords: number
  lagTicks: number
}

export interface Diagnosis {
  sameLog: boolean
  partitions: PartitionDiagnosis[]
  unproven: Unproven[]
  openGaps: { venue: string; symbol: string; gaps: number; missing: number }[]
  quarantined: { reason: string; ticks: number }[]
  lostRanges: number
  /** Partitions that were added to the log after it was made. */
  unusedPartitions: number
  /** The store's disk; null where it is another machine's. */
  disk: { freeBytes: number; growthPerDay: number | null } | null
}

/** A line of the doctor's HTTP answer: progress, or the diagnosis. */
export type DoctorMessage = { done: number; total: number } | { diagnosis: Diagnosis }

/** Compares everything; `progress` gets records done and total, `idKinds` is the kind of trade ids of each built-in venue. */
export async function diagnose(
  store: Store,
  log: Log,
  progress: (done: number, total: number) => void,
  idKinds: ReadonlyMap<string, string> = new Map(),
): Promise<Diagnosis> {
  const identities = await store.rows<{ identity: string }>('SELECT identity FROM log_identity')
  const before = await Promise.all(Array.from({ length: log.partitions }, (_, partition) => log.refresh(partition)))
  const total = before.reduce((sum, { first, next }) => sum + next - first, 0)
  const partitions: PartitionDiagnosis[] = []
  let done = 0
  for (let partition = 0; partition < log.partitions; partition++) {
    const held = await storedBelow(store, partition)
    // After reading the position: log and store grow all the time, and the stored records must be within the bounds.
    const { first, next } = await log.refresh(partition)
    const stored = Math.max(first, Math.min(held, next))
    const result = await audit(store, log, partition, first, stored, records => progress(done + records, total))
    if (held > next) {
      result.passed = false
      result.detail = `the store has records up to ${held - 1}, the log ends at ${next - 1}`
    }
    partitions.push({ ...result, lagRecords: next - stored, lagTicks: await log.countTicks(partition, stored, next) })
    done += before[partition]!.next - before[partition]!.first
  }
  const openGaps = await store.rows<{ venue: string; symbol: string; gaps: string; missing: string }>(
    `SELECT venue, symbol, count() AS gaps, sum(missing) AS missing FROM gaps FINAL WHERE state = 'open' GROUP BY venue, symbol ORDER BY missing DESC LIMIT 20`,
  )
  const quarantined = await store.rows<{ reason: string; ticks: string }>(
    'SELECT reason, sum(ticks) AS ticks FROM quarantine GROUP BY reason ORDER BY ticks DESC',
  )
  const disk = store.disk()
  const [lost] = await store.rows<{ ranges: string }>('SELECT count() AS ranges FROM lost_ranges FINAL')
  return {
    sameLog: identities.length === 0 || identities[0]!.identity === log.identity(),
    partitions,
    unproven: await unprovenVenues(store, idKinds),
    openGaps: openGaps.map(row => ({ ...row, gaps: Number(row.gaps), missing: Number(row.missing) })),
    quarantined: quarantined.map(row => ({ ...row, ticks: Number(row.ticks) })),
    lostRanges: Number(lost!.ranges),
    unusedPartitions: log.unusedPartitions(),
    disk: disk && { freeBytes: disk.freeBytes, growthPerDay: await diskGrowthBytesPerDay(store) },
  }
}

/** All records below are stored. Rows of a batch whose later tables have not arrived do not count. */
async function storedBelow(store: Store, partition: number): Promise<number> {
  const dropped = await droppedRanges(store, partition)
  let stored = Math.max(0, ...dropped.map(({ below }) => below))
  // Last table first: a batch of which a table has rows is complete if a later table has rows of it. See docs/decisions/kinds.md.
  for (const [fromEnd, table] of TICK_TABLES.toReversed().entries()) {
    const complete = fromEnd === 0 ? '' : 'AND (batch_good = 0 OR toInt64(batch_first_offset) < {stored:Int64})'
    // max() over no rows is 0: count() distinguishes that from offset 0.
    const [row] = await store.rows<{ below: string }>(
      `SELECT if(count() = 0, 0, max(toInt64(log_offset)) + 1) AS below FROM ${table}
       WHERE log_partition = {partition:UInt16} ${complete}`,
      { partition, stored },
    )
    stored = Math.max(stored, Number(row!.below))
  }
  return stored
}

/** Whether log and store agree. Gaps and refused ticks are known losses, not disagreements. */
export function isSound({ sameLog, partitions }: Diagnosis): boolean {
  return sameLog && partitions.every(partition => partition.passed)
}
