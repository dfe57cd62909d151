/**
 * Moves ticks from quarantine into `trades`, with the same place in the log, so that each is there at every moment and, once
 * what a crash left is mended, only once. The steps and why: `docs/decisions/requeue.md`.
 */
import { MS_PER_DAY } from '../../clock.ts'
import type { Fence, Store } from '../../store/store.ts'
import type { Batch } from '../batch.ts'

/** A tick's place within a partition of the log. */
export interface Place {
  offset: number
  index: number
}

/** What moves at once: ticks of one partition and log day, logged before the partition's next offset. */
export interface ReprocessTransaction {
  /** Tells this one from others of the same fence. */
  number: number
  /** Ticks that are good now: at least one. */
  good: Batch
  /** Where the first of them is. */
  firstGood: Place
  /** Ticks still refused, of records that were refused as a whole before. */
  refused: Batch
  /** The rows of quarantine that all these stand for. At most `PLACES_MAX`: they are named in one statement. */
  leaving: readonly Place[]
}

/** So many places fit into a statement, which the engine limits to 256 kB. */
export const PLACES_MAX = 5_000

interface RequeueRow {
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

/** Step 0 is written before anything moves, one of the others at the end. */
const STEP = { begun: 0, done: 1, takenBack: 2 } as const

/** Moves ticks. Only the owner of the fence may, while nothing else of the partition is written. Throws what the store throws. */
export async function moveReprocessed(store: Store, requeue: ReprocessTransaction, fence: Fence): Promise<void> {
  const { good, firstGood, refused, leaving, number } = requeue
  const row: RequeueRow = {
    log_partition: fence.partition,
    epoch: fence.epoch,
    number,
    log_day: new Date(good.logDay * MS_PER_DAY).toISOString().slice(0, 10),
    good: good.trades.length,
    good_offset: firstGood.offset,
    good_index: firstGood.index,
    offsets: leaving.map(({ offset }) => offset),
    indexes: leaving.map(({ index }) => index),
  }
  await store.insertRows('requeues', [{ ...row, step: STEP.begun }], fence)
  if (refused.refused.length > 0) await store.insertBlock('quarantine', refused.quarantineBlock(fence.epoch), fence)
  await store.insertBlock('trades', good.tradesBlock(), fence)
  await finish(store, row, fence)
}

/**
 * Brings to an end what an earlier owner of this partition began to move: what has arrived in `trades` leaves quarantine, what
 * has not stays there. To be called before the tables are asked for anything else.
 */
export async function finishInterrupted(store: Store, fence: Fence): Promise<void> {
  const rows = await store.rows<RequeueRow>(
    `SELECT * EXCEPT (step, stored_at) FROM requeues FINAL WHERE log_partition = {partition:UInt16} AND step = 0 ORDER BY epoch, number`,
    { partition: fence.partition },
  )
  for (const row of rows) {
    const [found] = await store.rows<{ arrived: string }>(
      `SELECT count() AS arrived FROM trades
       WHERE log_day = {day:Date} AND log_partition = {partition:UInt16} AND log_offset = {offset:UInt64} AND log_index = {index:UInt32}`,
      { day: row.log_day, partition: fence.partition, offset: row.good_offset, index: row.good_index },
    )
    if (Number(found!.arrived) > 0) await finish(store, row, fence)
    else await takeBack(store, row, fence)
  }
}

async function finish(store: Store, row: RequeueRow, fence: Fence): Promise<void> {
  const places = row.offsets.map((offset, at) => `(${Number(offset)},${Number(row.indexes[at])})`)
  const where = `${WITHIN} AND epoch < {epoch:UInt64} AND (log_offset, log_index) IN (${places.join(',')})`
  await store.deleteRows('quarantine', where, rangeOf(row))
  await store.insertRows('requeues', [{ ...row, step: STEP.done }], fence)
}

async function takeBack(store: Store, row: RequeueRow, fence: Fence): Promise<void> {
  await store.deleteRows('quarantine', `${WITHIN} AND epoch = {epoch:UInt64}`, rangeOf(row))
  await store.insertRows('requeues', [{ ...row, step: STEP.takenBack }], fence)
}

const WITHIN =
  'log_day = {day:Date} AND log_partition = {partition:UInt16} AND log_offset BETWEEN {first:UInt64} AND {last:UInt64}'

function rangeOf(row: RequeueRow) {
  const offsets = row.offsets.map(Number)
  const [first, last] = [offsets[0]!, offsets.at(-1)!]
  return { day: row.log_day, partition: row.log_partition, first, last, epoch: row.epoch }
}
