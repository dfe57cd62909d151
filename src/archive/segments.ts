/**
 * Finds the next segment of a log partition to archive. Its bounds depend on the stored records only, not on the time
 * of the query.
 */
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { TICK_TABLES } from '../tick/kinds.ts'
import type { Segment } from './archive.ts'

export type SegmentLength = 'hour' | 'day'

const SEGMENT_MS: Readonly<Record<SegmentLength, number>> = { hour: 3_600_000, day: 86_400_000 }
/** The segment of an idle partition is closed by our clock, which may differ from the recorder's by this much. */
const CLOCK_SKEW_MS_MAX = 60_000
/** Records scanned first, and the growth factor: a query reads little beyond the segment, however many are stored. */
const RECORDS_MIN = 2_000
const RECORDS_GROWTH = 4

export interface SegmentContext {
  store: Store
  log: Log
  partition: number
  /** First offset not archived yet. */
  nextOffset: number
  segmentLength: SegmentLength
  nowMs: number
}

/**
 * The segment from `nextOffset` on: consecutive records of one hour or day by the log's time. It is closed once all its
 * records are stored and no more can follow. If the log's time goes back (its clock was set back), the segment ends
 * there; a later segment may then be of the same hour or an earlier one. Null if no record is stored.
 */
export async function nextSegment(context: SegmentContext): Promise<{ segment: Segment; closed: boolean } | null> {
  const { log, partition, segmentLength, nextOffset } = context
  const end = log.bounds(partition).next
  let segment: Segment | undefined
  for (let records = RECORDS_MIN; ; records *= RECORDS_GROWTH) {
    const below = Math.min(nextOffset + records, end)
    segment ??= await firstSegment(context, below)
    const stored = segment && (await storedOf(context, segment, below))
    if (stored?.passed || below === end) {
      if (!segment || !stored) return null
      segment.lastOffset = stored.last
      const closed = stored.passed || (await closedByClock(context, segment, SEGMENT_MS[segmentLength]))
      return { segment, closed }
    }
  }
}

/** The segment that begins with the first stored record below an offset; its end is not known yet. */
async function firstSegment({ store, partition, segmentLength, nextOffset: next }: SegmentContext, below: number) {
  const [row] = await store.rows<{ ms: number }>(
    `SELECT toFloat64(argMin(seconds, log_offset)) * 1000 AS ms FROM (${COUNTED}) HAVING count() > 0 SETTINGS max_threads = 1, max_ast_elements = 1000000`,
    { partition, next, below },
  )
  if (!row) return undefined
  const startMs = Math.floor(row.ms / SEGMENT_MS[segmentLength]) * SEGMENT_MS[segmentLength]
  return { partition, firstOffset: next, lastOffset: next, startMs, endMs: startMs + SEGMENT_MS[segmentLength] }
}

/**
 * The segment's last stored record below an offset, and whether a record of another time follows; null if none is
 * stored.
 */
async function storedOf({ store }: SegmentContext, segment: Segment, below: number) {
  const { partition, firstOffset: next, startMs, endMs } = segment
  const [row] = await store.rows<{ last: number; passed: number }>(
    `WITH (SELECT if(count() = 0, {below:UInt64}, min(log_offset)) FROM (${COUNTED})
           WHERE seconds < {start:UInt32} OR seconds >= {end:UInt32}) AS other
     SELECT toFloat64(max(log_offset)) AS last, other < {below:UInt64} AS passed FROM (${COUNTED}) WHERE log_offset < other
     HAVING count() > 0 SETTINGS max_threads = 1, max_ast_elements = 1000000`,
    { partition, next, below, start: startMs / 1000, end: endMs / 1000 },
  )
  return row ? { last: row.last, passed: Number(row.passed) > 0 } : null
}

const WITHIN = 'log_partition = {partition:UInt16} AND log_offset >= {next:UInt64} AND log_offset < {below:UInt64}'
const positions = (table: string, more = '') =>
  `SELECT log_offset, toUnixTimestamp(logged_at) AS seconds FROM ${table} WHERE ${WITHIN} ${more}`
/**
 * With a table for each kind this is a long statement: longer than the engine's own limit, so it is read with a larger one.
 * The stored records of a partition within an offset range. Rows of a table count only once later tables of their batch have it, except in the
 * last, which states no batch: see docs/decisions/kinds.md.
 */
const COUNTED = TICK_TABLES.toReversed().reduce(
  (later, table) =>
    later === ''
      ? positions(table)
      : `${later} UNION ALL ${positions(
          table,
          `AND (batch_good = 0 OR toInt64(batch_first_offset) <= (SELECT if(count() = 0, -1, toInt64(max(log_offset))) FROM (${later})))`,
        )}`,
  '',
)

/** Whether the segment's hour is over, or in the future, by our clock, and all records of the log are stored. */
async function closedByClock(
  { log, partition, nowMs }: SegmentContext,
  segment: Segment,
  segmentMs: number,
): Promise<boolean> {
  const over = nowMs >= segment.endMs + CLOCK_SKEW_MS_MAX
  // Written while the clock was ahead: it would stay open that long.
  const ahead = nowMs < segment.startMs - segmentMs
  if (!over && !ahead) return false
  return (await log.refresh(partition)).next <= segment.lastOffset + 1
}
