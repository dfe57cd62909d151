/**
 * The checkpoint of a log partition, read from the tables themselves: the offset to resume at, and whether a batch arrived. Positions of days dropped
 * after archiving come from `archive_ledger`, their hashes from `positions`; no file has one.
 */

import { droppedRanges } from '../audit/dropped-ranges.ts'
import { compareLast, endsBefore } from '../audit/position.ts'
import type { Clock } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import type { Log, LoggedRecord } from '../log/log.ts'
import { microsText } from '../store/sql.ts'
import type { Fence, Store } from '../store/store.ts'
import { KINDS, type Kind, tablesOf } from '../tick/kinds.ts'
import { countIds, type IdRange } from '../tick/repairs/id-ranges.ts'
import { type Gap, type GapState, stateOf } from './gaps/gap.ts'
import { finishInterrupted } from './reprocess/transaction.ts'

/** A row for table `gaps`, as it was when its batch was sealed. */
export interface GapRow extends IdRange {
  venue: string
  symbol: string
  run: number
  missing: number
  state: GapState
  reason: string
  foundAtMicros: number
  /** The venue's time of the trades before and after it, µs since 1970 UTC; infinite if not known. */
  afterMicros: number
  beforeMicros: number
}

/** Where a partition resumes, and the records lost before. */
export interface Resume {
  next: number
  /** Records that the log dropped before they were stored. */
  lost?: IdRange | undefined
  /** The log's time of the last record stored, or the start of its log day, ms since 1970 UTC. */
  loggedMs?: number | undefined
  /** The last stored record, as read from the log. */
  after?: LoggedRecord | undefined
  /** Why the last stored record cannot be compared with the log; undefined if it was, or nothing is stored. */
  unverified?: string | undefined
}

/** The last record of a partition in a table. */
interface Position {
  offset: number
  loggedMs: number
}

/** Days searched first for the last record: it is almost always in the newest. */
const NEWEST_DAYS = 3

export class Checkpoint {
  readonly #store: Store
  readonly #clock: Clock
  /** The tables of a batch, in insert order. */
  readonly #tables: readonly string[]
  #bound: Promise<void> | undefined
  /** Newest `changed_at` of a gap: the next change must be later, even if this machine's clock is behind. */
  #changedAtMicros = 0

  constructor(store: Store, clock: Clock, kinds: readonly Kind[] = KINDS) {
    this.#store = store
    this.#clock = clock
    this.#tables = tablesOf(kinds)
  }

  /** Binds the store to this log on first use. Throws `log_replaced` if it is bound to another. */
  async bind(log: Log): Promise<void> {
    // Shared by all partitions; retried after a failure.
    this.#bound ??= this.#bind(log)
    await this.#bound.catch(error => {
      this.#bound = undefined
      throw error
    })
  }

  async #bind(log: Log): Promise<void> {
    const rows = await this.#store.rows<{ identity: string }>('SELECT identity FROM log_identity')
    if (rows.length === 0) {
      await this.#store.insertRows('log_identity', [{ identity: log.identity() }])
    } else if (rows[0]!.identity !== log.identity()) {
      throw new TickhouseError(
        'log_replaced',
        `the store ${this.#store.address} follows log ${rows[0]!.identity}, not this one (${log.identity()})`,
        'Put the log back that belongs to this store, or keep this store as it is and set TICKHOUSE_STORE to a new one: their offsets do not match.',
      )
    }
  }

  /**
   * Where to resume: after the last record in the tables, or at the log's first. Refused ticks are inserted before the valid ones of their
   * batch; rows of a batch whose valid ticks never arrived are deleted first. Throws `log_behind_store` if the log ends before the last
   * stored record, `log_diverged` if it has another record at that offset.
   */
  async resume(log: Log, fence: Fence): Promise<Resume> {
    const { partition } = fence
    await finishInterrupted(this.#store, fence, this.#tables)
    await this.#loadNewestChange()
    const last = await this.#deletePartialAndFindLast(fence)
    const bounds = await log.refresh(partition)
    const stored = last === null ? 0 : last.offset + 1
    const loggedMs = last?.loggedMs
    if (stored === 0) {
      return bounds.first === 0 ? { next: 0 } : { next: bounds.first, lost: { first: 0, last: bounds.first - 1 } }
    }
    if (stored > bounds.next) throw endsBefore(partition, stored - 1, bounds.next - 1)
    const lost = stored < bounds.first ? { first: stored, last: bounds.first - 1 } : undefined
    const compared = await compareLast(this.#store, log, partition, stored - 1, this.#tables)
    return { next: lost ? bounds.first : stored, ...(lost && { lost }), loggedMs, ...compared }
  }

  async #loadNewestChange(): Promise<void> {
    const [row] = await this.#store.rows<{ newest: string }>(
      'SELECT toUnixTimestamp64Micro(max(changed_at)) AS newest FROM gaps HAVING count() > 0',
    )
    if (row) this.#changedAtMicros = Math.max(this.#changedAtMicros, Number(row.newest))
  }

  /** The last record of the last complete batch; deletes the rows of a batch after it. The rule: docs/decisions/kinds.md. */
  async #deletePartialAndFindLast(fence: Fence): Promise<Position | null> {
    const { partition } = fence
    const dropped = (await droppedRanges(this.#store, partition)).map(({ below, day }) => ({
      offset: below - 1,
      loggedMs: Date.parse(day),
    }))
    let last = dropped.reduce(later, null)
    for (const [fromEnd, table] of this.#tables.toReversed().entries()) {
      if (fromEnd > 0) await this.#deletePartial(table, last?.offset ?? -1, fence)
      last = later(last, await this.#last(table, partition))
    }
    return last
  }

  /** Deletes rows of a batch that began after `position`, the end of all later tables, and has ticks for them: these never arrived. */
  async #deletePartial(table: string, position: number, { partition, epoch }: Fence): Promise<void> {
    const [batch] = await this.#store.rows<{ first: string }>(
      `SELECT min(batch_first_offset) AS first FROM ${table}
       WHERE log_partition = {partition:UInt16} AND batch_good > 0 AND toInt64(batch_first_offset) > {position:Int64}
       HAVING count() > 0`,
      { partition, position },
    )
    if (!batch) return
    const where = 'log_partition = {partition:UInt16} AND log_offset >= {first:UInt64} AND epoch < {epoch:UInt64}'
    await this.#store.deleteRows(table, where, { partition, first: batch.first, epoch })
  }

  /**
   * The last record in a table, null if there is none. Searches the newest days, then all days for a greater offset: where the log's clock
   * was set back, records of an earlier day follow. The skip index on the log position keeps that cheap.
   */
  async #last(table: string, partition: number): Promise<Position | null> {
    const found: number[] = []
    for (const day of await this.days(table)) {
      const [row] = await this.#store.rows<{ last: string }>(
        `SELECT max(log_offset) AS last FROM ${table}
         WHERE log_day = {day:Date} AND log_partition = {partition:UInt16} HAVING count() > 0`,
        { partition, day },
      )
      if (row) found.push(Number(row.last))
      if (found.length === NEWEST_DAYS) break
    }
    if (found.length === 0) return null
    const floor = Math.max(...found)
    const [beyond] = await this.#store.rows<{ last: string }>(
      `SELECT max(log_offset) AS last FROM ${table}
       WHERE log_partition = {partition:UInt16} AND log_offset > {floor:UInt64} HAVING count() > 0`,
      { partition, floor },
    )
    const offset = beyond ? Number(beyond.last) : floor
    const [{ seconds } = { seconds: 0 }] = await this.#store.rows<{ seconds: number }>(
      `SELECT toUnixTimestamp(logged_at) AS seconds FROM ${table}
       WHERE log_partition = {partition:UInt16} AND log_offset = {offset:UInt64} LIMIT 1`,
      { partition, offset },
    )
    return { offset, loggedMs: Number(seconds) * 1000 }
  }

  /** The log days in a table, newest first, as `YYYY-MM-DD`. */
  async days(table: string): Promise<string[]> {
    const rows = await this.#store.rows<{ day: string }>(
      `SELECT toString(log_day) AS day FROM ${table} GROUP BY log_day ORDER BY log_day DESC`,
    )
    return rows.map(row => row.day)
  }

  /** How many rows of an offset range are in a table, to find out whether an insert of unknown outcome arrived. */
  async count(
    table: string,
    partition: number,
    logDay: number,
    firstOffset: number,
    lastOffset: number,
  ): Promise<number> {
    const [row] = await this.#store.rows<{ rows: string }>(
      `SELECT count() AS rows FROM ${table}
       WHERE log_day = toDate({logDay:UInt16}) AND log_partition = {partition:UInt16}
         AND log_offset BETWEEN {first:UInt64} AND {last:UInt64}`,
      { partition, logDay, first: firstOffset, last: lastOffset },
    )
    return Number(row!.rows)
  }

  async writeLost(lost: IdRange, fence: Fence): Promise<void> {
    const values = [{ log_partition: fence.partition, first_offset: lost.first, last_offset: lost.last }]
    await this.#store.insertRows('lost_ranges', values, fence)
  }

  async writeGaps(gaps: readonly GapRow[], fence: Fence): Promise<void> {
    this.#changedAtMicros = Math.max(this.#clock.nowMicros(), this.#changedAtMicros + 1)
    const values = gaps.map(gap => ({
      venue: gap.venue,
      symbol: gap.symbol,
      first_id: gap.first,
      last_id: gap.last,
      missing: gap.missing,
      state: gap.state,
      found_at: microsText(gap.foundAtMicros),
      changed_at: microsText(this.#changedAtMicros),
      reason: gap.reason,
      id_run: gap.run,
      after_at: knownTime(gap.afterMicros),
      before_at: knownTime(gap.beforeMicros),
    }))
    await this.#store.insertRows('gaps', values, fence)
  }
}

/** The position that is further on. */
const later = (a: Position | null, b: Position | null): Position | null =>
  a && b && a.offset > b.offset ? a : (b ?? a)

/** Names a symbol of a venue. */
export const symbolKey = ({ venue, symbol }: { venue: string; symbol: string }): string => `${venue} ${symbol}`

/** A gap's row as of now. */
export function gapRow(gap: Gap, missing: readonly IdRange[]): GapRow {
  const { venue, symbol, run, first, last, explained, foundAtMicros, afterMicros, beforeMicros } = gap
  const known = { venue, symbol, run, first, last, foundAtMicros, afterMicros, beforeMicros }
  return { ...known, missing: countIds(missing), ...stateOf({ missing, explained }) }
}

/** 1970 for a time that is not known. */
const knownTime = (micros: number): string => microsText(Number.isFinite(micros) ? Math.max(0, micros) : 0)
