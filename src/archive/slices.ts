/** Which slice of a log partition can be archived next. It is cut by what the tables hold, never by when someone asks. */
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Slice } from './archive.ts'
import { dateOf } from './keys.ts'
import { QUARANTINE, TICK_KINDS } from './kinds.ts'
import type { Reached } from './ledger.ts'

export type Slicing = 'hour' | 'day'

const SLICE_MS: Readonly<Record<Slicing, number>> = { hour: 3_600_000, day: 86_400_000 }
/** A quiet partition's slice is closed by our clock; the clock of whoever records may be behind it by this much. */
const CLOCKS_APART_MS_MAX = 60_000

export interface SliceQuestion {
  store: Store
  log: Log
  partition: number
  /** How far the partition is archived; undefined if nothing is. */
  reached: Reached | undefined
  slicing: Slicing
  nowMs: number
}

/** The slice after what is archived: closed when all of it is stored and nothing can be added to it any more. */
export async function nextSlice(question: SliceQuestion): Promise<{ slice: Slice; closed: boolean } | null> {
  const { store, partition, slicing } = question
  const { next, startMs: reachedMs } = question.reached ?? { next: 0, startMs: 0 }
  const days = await daysFrom(store, dateOf(reachedMs))
  for (const [index, day] of days.entries()) {
    // One record of a later day would close the day's last slice.
    const stored = await storedFrom(store, partition, next, day, days[index + 1] ?? day)
    if (!stored) continue
    const startMs = Math.floor(stored.firstMs / SLICE_MS[slicing]) * SLICE_MS[slicing]
    const endMs = startMs + SLICE_MS[slicing]
    // The log's time never falls within a partition: one record beyond the end closes what is before it.
    const passed = stored.lastMs >= endMs
    const lastOffset = passed ? await lastBefore(store, partition, next, startMs, endMs) : stored.through
    const closed = passed || (await closedByClock(question, stored.through, endMs))
    return { slice: { partition, firstOffset: next, lastOffset, startMs, endMs }, closed }
  }
  return null
}

/** The log days that the tables hold, from one on, in order. */
async function daysFrom(store: Store, day: string): Promise<string[]> {
  const rows = await store.rows<{ day: string }>(
    `SELECT DISTINCT partition AS day FROM system.parts WHERE active AND database = currentDatabase()
       AND table IN {tables:Array(String)} AND partition >= {day:String} ORDER BY day`,
    { tables: TICK_KINDS.map(({ table }) => table), day },
  )
  return rows.map(row => row.day)
}

interface Stored {
  /** All records up to this one are stored. */
  through: number
  /** The log's time of the first one asked for, and of the last, ms since 1970 UTC. */
  firstMs: number
  lastMs: number
}

/**
 * What is stored of a partition from an offset on, on two log days. Refused ticks are written before the good ones of their
 * batch: those of a batch that has not arrived whole do not count.
 */
async function storedFrom(
  store: Store,
  partition: number,
  next: number,
  day: string,
  dayAfter: string,
): Promise<Stored | null> {
  const rest = `log_day IN ({day:Date}, {dayAfter:Date}) AND log_partition = {partition:UInt16}
    AND log_offset >= {next:UInt64}`
  const places = (table: string, more = '') =>
    `SELECT log_offset, toUnixTimestamp(logged_at) AS seconds FROM ${table} WHERE ${rest} ${more}`
  const good = TICK_KINDS.filter(({ table }) => table !== QUARANTINE)
    .map(({ table }) => places(table))
    .join(' UNION ALL ')
  const [row] = await store.rows<{ through: number; first: number; last: number }>(
    `WITH (SELECT if(count() = 0, -1, toInt64(max(log_offset))) FROM (${good})) AS arrived
     SELECT max(log_offset) AS through, min(seconds) AS first, max(seconds) AS last FROM (
       ${good} UNION ALL ${places(QUARANTINE, 'AND (batch_good = 0 OR toInt64(batch_first_offset) <= arrived)')}
     ) HAVING count() > 0 SETTINGS max_threads = 1`,
    { partition, next, day, dayAfter },
  )
  return row ? { through: row.through, firstMs: row.first * 1000, lastMs: row.last * 1000 } : null
}

/** The last offset whose record the log took before a moment of the same day. */
async function lastBefore(
  store: Store,
  partition: number,
  next: number,
  startMs: number,
  endMs: number,
): Promise<number> {
  const before = TICK_KINDS.map(
    ({ table }) => `SELECT log_offset FROM ${table} WHERE log_day = {day:Date} AND log_partition = {partition:UInt16}
      AND log_offset >= {next:UInt64} AND logged_at < fromUnixTimestamp({end:UInt32})`,
  )
  const [row] = await store.rows<{ last: number }>(
    `SELECT max(log_offset) AS last FROM (${before.join(' UNION ALL ')}) SETTINGS max_threads = 1`,
    { partition, next, day: dateOf(startMs), end: endMs / 1000 },
  )
  return row!.last
}

/** Is the time over, and everything stored that the log has taken since? */
async function closedByClock(
  { log, partition, nowMs }: SliceQuestion,
  through: number,
  endMs: number,
): Promise<boolean> {
  if (nowMs < endMs + CLOCKS_APART_MS_MAX) return false
  return (await log.refresh(partition)).next <= through + 1
}
