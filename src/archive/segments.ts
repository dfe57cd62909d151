/** Which slice of a log partition can be archived next. It is cut by what the tables hold, never by when someone asks. */
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Segment } from './archive.ts'
import type { Reached } from './catalog/catalog.ts'
import { QUARANTINE, TICK_KINDS } from './kinds.ts'

export type SegmentContext = 'hour' | 'day'

const SLICE_MS: Readonly<Record<SegmentContext, number>> = { hour: 3_600_000, day: 86_400_000 }
/** A quiet partition's slice is closed by our clock; the clock of whoever records may be beside it by this much. */
const CLOCKS_APART_MS_MAX = 60_000
/** Records looked at first, and how many times as many next: a question reads little beyond the slice, however much is stored. */
const RECORDS_MIN = 2_000
const RECORDS_GROWTH = 4

export interface SegmentQuery {
  store: Store
  log: Log
  partition: number
  /** How far the partition is archived; undefined if nothing is. */
  reached: Reached | undefined
  slicing: SegmentContext
  nowMs: number
}

/**
 * The slice after what is archived: the records from there on that are of one hour or day by the log's time. Closed when all of it is
 * stored and nothing can be added to it any more. The log's time may fall, where its clock was set back: then the hour is over too, and
 * a later slice may be of the same one, or of one before.
 */
export async function nextSegment(question: SegmentQuery): Promise<{ slice: Segment; closed: boolean } | null> {
  const { log, partition, slicing, reached } = question
  const next = reached?.next ?? 0
  const end = log.bounds(partition).next
  let slice: Segment | undefined
  for (let records = RECORDS_MIN; ; records *= RECORDS_GROWTH) {
    const below = Math.min(next + records, end)
    slice ??= await begun(question, next, below)
    const stored = slice && (await storedOf(question, slice, below))
    if (stored?.passed || below === end) {
      if (!slice || !stored) return null
      slice.lastOffset = stored.last
      const closed = stored.passed || (await closedByClock(question, slice, SLICE_MS[slicing]))
      return { slice, closed }
    }
  }
}

/** The slice that the first stored record from `next` on begins, as yet without an end. */
async function begun({ store, partition, slicing }: SegmentQuery, next: number, below: number) {
  const [row] = await store.rows<{ ms: number }>(
    `SELECT toFloat64(argMin(seconds, log_offset)) * 1000 AS ms FROM (${COUNTED}) HAVING count() > 0 SETTINGS max_threads = 1`,
    { partition, next, below },
  )
  if (!row) return undefined
  const startMs = Math.floor(row.ms / SLICE_MS[slicing]) * SLICE_MS[slicing]
  return { partition, firstOffset: next, lastOffset: next, startMs, endMs: startMs + SLICE_MS[slicing] }
}

/** The last record of a slice below an offset, and whether one of another time follows it; null if none is stored. */
async function storedOf({ store }: SegmentQuery, slice: Segment, below: number) {
  const { partition, firstOffset: next, startMs, endMs } = slice
  const [row] = await store.rows<{ last: number; passed: number }>(
    `WITH (SELECT if(count() = 0, {below:UInt64}, min(log_offset)) FROM (${COUNTED})
           WHERE seconds < {start:UInt32} OR seconds >= {end:UInt32}) AS other
     SELECT toFloat64(max(log_offset)) AS last, other < {below:UInt64} AS passed FROM (${COUNTED}) WHERE log_offset < other
     HAVING count() > 0 SETTINGS max_threads = 1`,
    { partition, next, below, start: startMs / 1000, end: endMs / 1000 },
  )
  return row ? { last: row.last, passed: Number(row.passed) > 0 } : null
}

const WITHIN = 'log_partition = {partition:UInt16} AND log_offset >= {next:UInt64} AND log_offset < {below:UInt64}'
const places = (table: string, more = '') =>
  `SELECT log_offset, toUnixTimestamp(logged_at) AS seconds FROM ${table} WHERE ${WITHIN} ${more}`
const GOOD = TICK_KINDS.filter(({ table }) => table !== QUARANTINE)
  .map(({ table }) => places(table))
  .join(' UNION ALL ')

/**
 * The records of a partition that are stored, from an offset on, below another. Refused ticks are written before the good ones of their
 * batch: those of a batch of which no good tick is seen do not count.
 */
const COUNTED = `${GOOD} UNION ALL ${places(
  QUARANTINE,
  `AND (batch_good = 0 OR toInt64(batch_first_offset) <= (SELECT if(count() = 0, -1, toInt64(max(log_offset))) FROM (${GOOD})))`,
)}`

/** Is the time over, or not begun by our clock, and everything stored that the log has taken since? */
async function closedByClock(
  { log, partition, nowMs }: SegmentQuery,
  slice: Segment,
  sliceMs: number,
): Promise<boolean> {
  const over = nowMs >= slice.endMs + CLOCKS_APART_MS_MAX
  // Written by a clock that was ahead: it would be open for as long as that was.
  const ahead = nowMs < slice.startMs - sliceMs
  if (!over && !ahead) return false
  return (await log.refresh(partition)).next <= slice.lastOffset + 1
}
