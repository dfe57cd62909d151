/**
 * Moves ticks from quarantine into the table of their kind at the same log position, so that each is in a table at every moment and, after recovery from a
 * crash, in only one. The steps and why: `docs/decisions/reprocess.md`.
 */
import { MS_PER_DAY } from '../../clock.ts'
import type { Fence, Store } from '../../store/store.ts'
import { QUARANTINE, TICK_TABLES } from '../../tick/kinds.ts'
import type { Batch } from '../batch.ts'

/** A tick's position within a partition of the log. */
export interface TickPosition {
  offset: number
  index: number
}

/** Ticks of one kind, partition and log day that move together. */
export interface ReprocessTransaction {
  /** Unique within the fence. */
  number: number
  /** Ticks of one kind that are valid now: at least one. */
  good: Batch
  /** Position of the first of them. */
  firstGood: TickPosition
  /** Ticks still refused, of records that were refused as a whole. */
  refused: Batch
  /** The quarantine rows that these replace. At most `POSITIONS_MAX`: one statement lists them. */
  leaving: readonly TickPosition[]
}

/** Positions that fit into one statement, which the engine limits to 256 kB. */
export const POSITIONS_MAX = 5_000

interface ReprocessRow {
  log_partition: number
  epoch: number
  number: number
  log_day: string
  good: number
  good_offset: number
  good_index: number
  offsets: number[]
  indexes: number[]
}

const MOVES = 'requeues'

/** Step 0 is written before anything moves, one of the others at the end. */
const STEP = { begun: 0, done: 1, rolledBack: 2 } as const

/** Moves ticks. Call only as owner of the fence, while nothing else of the partition is written. Throws errors of the store. */
export async function moveReprocessed(store: Store, move: ReprocessTransaction, fence: Fence): Promise<void> {
  const { good, firstGood, refused, leaving, number } = move
  const row: ReprocessRow = {
    log_partition: fence.partition,
    epoch: fence.epoch,
    number,
    log_day: new Date(good.logDay * MS_PER_DAY).toISOString().slice(0, 10),
    good: good.goodTicks,
    good_offset: firstGood.offset,
    good_index: firstGood.index,
    offsets: leaving.map(({ offset }) => offset),
    indexes: leaving.map(({ index }) => index),
  }
  await store.insertRows(MOVES, [{ ...row, step: STEP.begun }], fence)
  if (refused.refused.length > 0) await store.insertBlock(QUARANTINE, refused.block(QUARANTINE, fence.epoch), fence)
  for (const { table, rows } of good.tables)
    if (rows > 0) await store.insertBlock(table, good.block(table, fence.epoch), fence)
  await finish(store, row, fence)
}

/**
 * Finishes the moves that an earlier owner of this partition began: ticks that arrived in their table are deleted from quarantine, the others
 * stay. Call before any other query of the tables.
 */
export async function finishInterrupted(store: Store, fence: Fence, tables = TICK_TABLES): Promise<void> {
  const rows = await store.rows<ReprocessRow>(
    `SELECT * EXCEPT (step, stored_at) FROM ${MOVES} FINAL WHERE log_partition = {partition:UInt16} AND step = 0 ORDER BY epoch, number`,
    { partition: fence.partition },
  )
  for (const row of rows) {
    if (await hasArrived(store, row, tables)) await finish(store, row, fence)
    else await rollBack(store, row, fence)
  }
}

/** Whether the first valid tick of a move is in its table: then all of them are. */
async function hasArrived(store: Store, row: ReprocessRow, tables: readonly string[]): Promise<boolean> {
  const { log_partition: partition, log_day: day, good_offset: offset, good_index: index } = row
  for (const table of tables.filter(name => name !== QUARANTINE)) {
    const [found] = await store.rows<{ arrived: string }>(
      `SELECT count() AS arrived FROM ${table}
       WHERE log_day = {day:Date} AND log_partition = {partition:UInt16} AND log_offset = {offset:UInt64} AND log_index = {index:UInt32}`,
      { day, partition, offset, index },
    )
    if (Number(found!.arrived) > 0) return true
  }
  return false
}

async function finish(store: Store, row: ReprocessRow, fence: Fence): Promise<void> {
  const places = row.offsets.map((offset, at) => `(${Number(offset)},${Number(row.indexes[at])})`)
  const where = `${WITHIN} AND epoch < {epoch:UInt64} AND (log_offset, log_index) IN (${places.join(',')})`
  await store.deleteRows(QUARANTINE, where, rangeOf(row))
  await store.insertRows(MOVES, [{ ...row, step: STEP.done }], fence)
}

async function rollBack(store: Store, row: ReprocessRow, fence: Fence): Promise<void> {
  await store.deleteRows(QUARANTINE, `${WITHIN} AND epoch = {epoch:UInt64}`, rangeOf(row))
  await store.insertRows(MOVES, [{ ...row, step: STEP.rolledBack }], fence)
}

const WITHIN =
  'log_day = {day:Date} AND log_partition = {partition:UInt16} AND log_offset BETWEEN {first:UInt64} AND {last:UInt64}'

function rangeOf(row: ReprocessRow) {
  const offsets = row.offsets.map(Number)
  const [first, last] = [offsets[0]!, offsets.at(-1)!]
  return { day: row.log_day, partition: row.log_partition, first, last, epoch: row.epoch }
}
