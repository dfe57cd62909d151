import { MS_PER_DAY } from '../clock.ts'
import type { Store } from '../store/store.ts'
import { KINDS, type Kind, QUARANTINE, TICK_TABLES } from '../tick/kinds.ts'

/** Records of a log partition from offset `first` up to, not including, `below`, and their log day, `YYYY-MM-DD`. */
export interface DroppedRange {
  first: number
  below: number
  day: string
}

/**
 * The records of a partition whose rows were archived and dropped from the tables, or are being dropped: table `archive_ledger` proves that
 * they are stored. Of segments with records from offset `first` up to, not including, `below`; in order, once per archive. Throws errors of
 * the store.
 */
export async function droppedRanges(
  store: Store,
  partition: number,
  first = 0,
  below = Number.MAX_SAFE_INTEGER,
  kinds: readonly Kind[] = KINDS,
): Promise<DroppedRange[]> {
  const rows = await store.rows<{ first: string; last: string; day: string }>(
    `SELECT first_offset AS first, last_offset AS last, toString(toDate(slice_start)) AS day FROM archive_ledger FINAL
     WHERE kind IN {tables:Array(String)} AND log_partition = {partition:UInt16} AND state >= 'dropping'
       AND last_offset >= {first:UInt64} AND first_offset < {below:UInt64} ORDER BY first_offset`,
    { partition, first, below, tables: kinds.map(({ table }) => table) },
  )
  return rows.map(({ first, last, day }) => ({ first: Number(first), below: Number(last) + 1, day }))
}

/** Records of a partition from offset `first` up to, not including, `below`, of which tables' rows were dropped. */
export interface DroppedSegment {
  first: number
  below: number
  /** Ticks dropped, as many as are archived; undefined if tables still have some of these rows, or nothing is left in any. */
  ticks: number | undefined
}

/**
 * The archived segments of a partition, as in `droppedRanges`, with what is known of the rows dropped. Quarantine is
 * dropped last: with it nothing is left. Throws errors of the store.
 */
export async function droppedSegments(
  store: Store,
  partition: number,
  first: number,
  below: number,
): Promise<DroppedSegment[]> {
  const rows = await store.rows<{ first: string; last: string; ticks: string; partly: number }>(
    `SELECT first_offset AS first, last_offset AS last, sum(most) AS ticks,
       min(finished) AND NOT max(table = {quarantine:String}) AS partly
     FROM (
       SELECT kind AS table, first_offset, last_offset, max(rows) AS most, min(state = 'dropped') AS finished
       FROM archive_ledger FINAL
       WHERE kind IN {tables:Array(String)} AND log_partition = {partition:UInt16} AND state >= 'dropping'
         AND last_offset >= {first:UInt64} AND first_offset < {below:UInt64}
       GROUP BY kind, first_offset, last_offset
     )
     GROUP BY first_offset, last_offset ORDER BY first_offset, last_offset`,
    { partition, first, below, tables: TICK_TABLES, quarantine: QUARANTINE },
  )
  return rows.map(({ first, last, ticks, partly }) => ({
    first: Number(first),
    below: Number(last) + 1,
    ticks: Number(partly) > 0 ? Number(ticks) : undefined,
  }))
}

/** The end of the newest of these days, µs since 1970 UTC; minus infinity if there is none. Dropped ticks are older. */
export const droppedUntilMicros = (left: readonly DroppedRange[]): number =>
  left.reduce((until, { day }) => Math.max(until, (Date.parse(day) + MS_PER_DAY) * 1000), Number.NEGATIVE_INFINITY)
