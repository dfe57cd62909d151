/**
 * Finds the next segment of a log partition to archive. Its bounds depend on the stored records only, not on the time
 * of the query.
 */
import { MS_PER_DAY, MS_PER_HOUR } from '../clock.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { TICK_TABLES } from '../tick/kinds.ts'
import type { Segment } from './archive.ts'

export type SegmentLength = 'hour' | 'day'

const SEGMENT_MS: Readonly<Record<SegmentLength, number>> = { hour: MS_PER_HOUR, day: MS_PER_DAY }
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
    const counted = await countedBelow(context, below)
    segment ??= await firstSegment(context, counted)
    const stored = segment && (await storedOf(context, segment, counted))
    if (stored?.passed || below === end) {
      if (!segment || !stored) return null
      segment.lastOffset = stored.last
      const closed = stored.passed || (await closedByClock(context, segment, SEGMENT_MS[segmentLength]))
      return { segment, closed }
    }
  }
}

/** The segment that begins with the first of the counted records; its end is not known yet. */
async function firstSegment(
  { store, partition, segmentLength, nextOffset: next }: SegmentContext,
  counted: Record<string, number>,
) {
  const [row] = await store.rows<{ ms: number }>(
    `SELECT toFloat64(argMin(seconds, log_offset)) * 1000 AS ms FROM (${COUNTED}) HAVING count() > 0 SETTINGS max_threads = 1`,
    { partition, next, ...counted },
  )
  if (!row) return undefined
  const startMs = Math.floor(row.ms / SEGMENT_MS[segmentLength]) * SEGMENT_MS[segmentLength]
  return { partition, firstOffset: next, lastOffset: next, startMs, endMs: startMs + SEGMENT_MS[segmentLength] }
}

/** The segment's last one of the counted records, and whether a record of another time follows; null if there is none. */
async function storedOf({ store }: SegmentContext, segment: Segment, counted: Record<string, number>) {
  const { partition, firstOffset: next, startMs, endMs } = segment
  const [row] = await store.rows<{ last: number; passed: number }>(
    `WITH (SELECT if(count() = 0, {below:UInt64}, min(log_offset)) FROM (${COUNTED})
           WHERE seconds < {start:UInt32} OR seconds >= {end:UInt32}) AS other
     SELECT toFloat64(max(log_offset)) AS last, other < {below:UInt64} AS passed FROM (${COUNTED}) WHERE log_offset < other
     HAVING count() > 0 SETTINGS max_threads = 1`,
    { partition, next, ...counted, start: startMs / 1000, end: endMs / 1000 },
  )
  return row ? { last: row.last, passed: Number(row.passed) > 0 } : null
}

const WITHIN = 'log_partition = {partition:UInt16} AND log_offset >= {next:UInt64} AND log_offset < {below:UInt64}'
const positions = (table: string, more = '') =>
  `SELECT log_offset, toUnixTimestamp(logged_at) AS seconds FROM ${table} WHERE ${WITHIN} ${more}`
/**
 * The stored records of a partition within an offset range. Rows of a table count only once later tables of their batch have it, except in the
 * last, which states no batch: see docs/decisions/kinds.md. `countedBelow` has its parameters.
 */
const COUNTED = TICK_TABLES.map((table, at) =>
  positions(table, at === TICK_TABLES.length - 1 ? '' : `AND ${inStoredBatch(`later_${table}`)}`),
).join(' UNION ALL ')

function inStoredBatch(last: string): string {
  return `(batch_good = 0 OR toInt64(batch_first_offset) <= {${last}:Int64})`
}

/**
 * For each table the last counted offset of the tables after it, and as `below` the end of what is counted. Records that are stored
 * meanwhile are beyond that, so that later queries see one state. A statement for each table: as one, it would double with each.
 */
async function countedBelow({ store, partition, nextOffset: next }: SegmentContext, below: number) {
  const counted: Record<string, number> = {}
  let last = -1
  for (const table of TICK_TABLES.toReversed()) {
    counted[`later_${table}`] = last
    const isLast = table === TICK_TABLES.at(-1)
    const [row] = await store.rows<{ last: number }>(
      `SELECT if(count() = 0, -1, toFloat64(max(log_offset))) AS last FROM ${table}
       WHERE ${WITHIN} ${isLast ? '' : `AND ${inStoredBatch('last')}`} SETTINGS max_threads = 1`,
      { partition, next, below, last },
    )
    last = Math.max(last, row!.last)
  }
  return { ...counted, below: Math.min(below, last + 1) }
}

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
