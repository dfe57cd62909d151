/**
 * The audit: every tick of a range of log records is in the tables exactly once, valid or quarantined. Together they must be dense, unique
 * and as many as the log counts. Runs every minute and in `tickhouse doctor`.
 */
import { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { KINDS, QUARANTINE } from '../tick/kinds.ts'
import { type DroppedSegment, droppedSegments } from './dropped-ranges.ts'
import { compareWithLog, lastNamed, type Position } from './position.ts'
import { IS_COUNTED_REPEATS, REPEATED_POSITIONS, UNSOUND_ROWS } from './repeats.ts'

/** Records and ticks per query: bounds its memory to about 50 MB. */
const RECORDS_PER_STEP = 20_000
const TICKS_PER_STEP = 500_000

export interface AuditResult {
  partition: number
  /** Audited offsets: from `first` up to, not including, `below`. */
  first: number
  below: number
  passed: boolean
  /** Ticks in the tables, of distinct positions, and as the log counts without those dropped. */
  ticks: number
  distinct: number
  expected: number
  /** Records skipped because their rows were archived and dropped. */
  leftRecords: number
  /** Message if the log has another record than the one stored; empty if not. */
  diverged: string
  detail: string
  tookMs: number
}

interface Found {
  ticks: string
  distinct: string
  records: string
}

/**
 * Audits the offsets from `first` up to, not including, `below`, all of which must be stored. Skips those whose rows were archived, verified
 * and dropped. Of segments of which only some tables' rows were dropped, the rows that are left and the archived ones must be as many as the
 * log counts. `progress` gets the number of offsets done.
 */
export async function audit(
  store: Store,
  log: Log,
  partition: number,
  first: number,
  below: number,
  progress: (done: number) => void = () => {},
): Promise<AuditResult> {
  const startedMs = performance.now()
  const faults: string[] = []
  let [ticks, distinct, expected, leftRecords] = [0, 0, 0, 0]
  let diverged = ''
  const compare = async (from: number, last: number) => {
    const named = diverged === '' && last >= from ? await lastNamed(store, partition, from, last) : null
    if (named) diverged = await divergence(store, log, partition, named)
    if (named && diverged !== '') faults.unshift(diverged)
  }
  /** Counts the records from `from` up to `until`, of which `gone` ticks were dropped. */
  const count = async (from: number, until: number, gone: number | undefined) => {
    let [held, logged] = [0, 0]
    for (let at = from, end = at; at < until; at = end) {
      end = stepEnd(log, partition, at, until)
      const found = await look(store, partition, at, end)
      const counted = await log.countTicks(partition, at, end)
      ticks += found.ticks
      distinct += found.distinct
      held += found.distinct
      logged += counted
      const range = `records ${at} to ${end - 1}`
      if (found.unsound > 0) faults.push(`${range}: ${found.unsound} rows of counted repeats contradict themselves`)
      if (found.distinct !== found.ticks) faults.push(`${range}: ${found.ticks - found.distinct} ticks twice`)
      if (gone === undefined && found.records !== end - at)
        faults.push(`${range}: ${end - at - found.records} records missing`)
      if (gone === undefined && found.distinct !== counted)
        faults.push(`${range}: ${found.distinct} ticks stored, ${counted} in the log`)
      await compare(at, end - 1)
      progress(end - first)
    }
    expected += logged - (gone ?? 0)
    if (gone !== undefined && held + gone !== logged)
      faults.push(
        `records ${from} to ${until - 1}: ${held} ticks stored and ${gone} archived and dropped, ${logged} in the log`,
      )
  }
  // The end of the range audited before: a log that differs after it also differs there.
  await compare(Math.max(0, first - RECORDS_PER_STEP), first - 1)
  const dropped = await droppedSegments(store, partition, first, below)
  for (let from = first, until = first; from < below; from = until) {
    const segment = dropped.find(segment => segment.first <= from && from < segment.below)
    until = segment ? Math.min(segment.below, below) : endBefore(dropped, from, below)
    // The archive states how many ticks of the whole segment were dropped, not of a part of it.
    const whole = segment?.first === from && segment.below === until
    if (segment && (segment.ticks === undefined || !whole)) leftRecords += until - from
    else await count(from, until, segment?.ticks)
    progress(until - first)
  }
  return {
    partition,
    first,
    below,
    passed: faults.length === 0,
    ticks,
    distinct,
    expected,
    leftRecords,
    diverged,
    detail: faults.slice(0, 5).join('; '),
    tookMs: Math.round(performance.now() - startedMs),
  }
}

/** Message if the log's record differs from the stored one; empty if not, or if it was trimmed. Throws errors of log and store. */
async function divergence(store: Store, log: Log, partition: number, position: Position): Promise<string> {
  try {
    await compareWithLog(store, log, partition, position)
    return ''
  } catch (error) {
    if (!(error instanceof TickhouseError) || error.code !== 'log_diverged') throw error
    return error.message
  }
}

/** The next record of a segment with dropped rows, or `below`. */
function endBefore(dropped: readonly DroppedSegment[], from: number, below: number): number {
  return Math.min(below, ...dropped.filter(({ first }) => first > from).map(({ first }) => first))
}

/** The end of a step from `from`: at least one record, within the bounds above. */
function stepEnd(log: Log, partition: number, from: number, below: number): number {
  let records = Math.min(RECORDS_PER_STEP, below - from)
  while (records > 1 && log.estimateTicks(partition, from, from + records) > TICKS_PER_STEP)
    records = Math.ceil(records / 2)
  return from + records
}

/** A record refused as a whole is one row that stands for all its ticks. A record has fewer than 2^20 ticks, so one number is a position. */
async function look(store: Store, partition: number, from: number, until: number) {
  const within = 'log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND log_offset < {until:UInt64}'
  const ticks = [
    ...KINDS.map(({ table }) => `SELECT log_offset, log_index, 1 AS stands_for FROM ${table} WHERE ${within}`),
    `SELECT log_offset, log_index, ticks AS stands_for FROM ${QUARANTINE} WHERE ${within} AND NOT ${IS_COUNTED_REPEATS}`,
    `SELECT log_offset, log_index, 1 AS stands_for FROM (${REPEATED_POSITIONS})`,
  ]
  const [row] = await store.rows<Found>(
    `SELECT sum(stands_for) AS ticks, uniqExact(bitShiftLeft(log_offset, 20) + log_index) + sum(stands_for) - count() AS distinct, uniqExact(log_offset) AS records
     FROM (${ticks.join(' UNION ALL ')})
     SETTINGS max_threads = 1`,
    { partition, from, until },
  )
  const [unsound] = await store.rows<{ rows: string }>(UNSOUND_ROWS, { partition, from, until })
  return {
    ticks: Number(row!.ticks),
    distinct: Number(row!.distinct),
    records: Number(row!.records),
    unsound: Number(unsound!.rows),
  }
}

/** Writes an audit's result to table `audits`. */
export async function writeAudit(store: Store, result: AuditResult, nowMs: number): Promise<void> {
  await store.insertRows('audits', [
    {
      log_partition: result.partition,
      log_day: new Date(nowMs).toISOString().slice(0, 10),
      first_offset: result.first,
      below_offset: result.below,
      passed: result.passed,
      ticks: result.ticks,
      distinct_ticks: result.distinct,
      expected: result.expected,
      detail: `records ${result.first} to ${result.below - 1}${result.detail ? `: ${result.detail}` : ''}`,
      took_ms: result.tookMs,
    },
  ])
}
