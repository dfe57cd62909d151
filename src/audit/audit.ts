/**
 * The audit: every tick of a range of log records is in the tables exactly once, valid or quarantined. Together they must be dense, unique
 * and as many as the log counts. Runs every minute and in `tickhouse doctor`.
 */
import { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import { KINDS, QUARANTINE } from '../tick/kinds.ts'
import { type DroppedRange, droppedRanges } from './dropped-ranges.ts'
import { compareWithLog, lastNamed, type Position } from './position.ts'

/** Records and ticks per query: bounds its memory to about 50 MB. */
const RECORDS_PER_STEP = 20_000
const TICKS_PER_STEP = 500_000

export interface AuditResult {
  partition: number
  /** Audited offsets: from `first` up to, not including, `below`. */
  first: number
  below: number
  passed: boolean
  /** Ticks in the tables, of distinct positions, and as the log counts. */
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
 * and dropped. `progress` gets the number of offsets done.
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
  // The end of the range audited before: a log that differs after it also differs there.
  await compare(Math.max(0, first - RECORDS_PER_STEP), first - 1)
  const left = await droppedRanges(store, partition, first, below)
  for (let from = first, until = first; from < below; from = until) {
    const dropped = left.find(dropped => dropped.first <= from && from < dropped.below)
    until = dropped ? Math.min(dropped.below, below) : stepEnd(log, partition, from, endBefore(left, from, below))
    if (dropped) {
      leftRecords += until - from
    } else {
      const found = await look(store, partition, from, until)
      const counted = await log.countTicks(partition, from, until)
      ticks += found.ticks
      distinct += found.distinct
      expected += counted
      const range = `records ${from} to ${until - 1}`
      if (found.records !== until - from) faults.push(`${range}: ${until - from - found.records} records missing`)
      if (found.distinct !== found.ticks) faults.push(`${range}: ${found.ticks - found.distinct} ticks twice`)
      if (found.distinct !== counted) faults.push(`${range}: ${found.distinct} ticks stored, ${counted} in the log`)
      await compare(from, until - 1)
    }
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

/** The next dropped record, or `below`. */
function endBefore(left: readonly DroppedRange[], from: number, below: number): number {
  return Math.min(below, ...left.filter(({ first }) => first > from).map(({ first }) => first))
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
    `SELECT log_offset, log_index, ticks AS stands_for FROM ${QUARANTINE} WHERE ${within}`,
  ]
  const [row] = await store.rows<Found>(
    `SELECT sum(stands_for) AS ticks, uniqExact(bitShiftLeft(log_offset, 20) + log_index) + sum(stands_for) - count() AS distinct, uniqExact(log_offset) AS records
     FROM (${ticks.join(' UNION ALL ')})
     SETTINGS max_threads = 1`,
    { partition, from, until },
  )
  return { ticks: Number(row!.ticks), distinct: Number(row!.distinct), records: Number(row!.records) }
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
