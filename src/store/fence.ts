/**
 * The writer of a log partition is the owner of the highest epoch in table `epochs`. Why this fences every earlier
 * owner, even one that was paused in the middle of an insert: `docs/decisions/fence.md`.
 */
import { TickhouseError } from '../errors.ts'
import type { Backend } from './backend.ts'
import { queryRows } from './query.ts'
import type { Fence } from './store.ts'

/** Attempts to take an epoch that no other process takes at the same moment. */
const CLAIM_ATTEMPTS_MAX = 8

/** Takes a higher epoch than every earlier owner. */
export async function takeEpoch(backend: Backend, partition: number): Promise<Fence> {
  for (let tries = 0; tries < CLAIM_ATTEMPTS_MAX; tries++) {
    const last = await highestEpoch(backend, partition)
    const fence = { partition, epoch: last + 1 + Math.floor(Math.random() * tries) }
    if (await writeAlone(backend, fence)) return fence
  }
  throw new TickhouseError(
    'store_unavailable',
    `another process claimed partition ${partition} at the same moment, ${CLAIM_ATTEMPTS_MAX} times`,
    'It is retried.',
    { retryable: true },
  )
}

/**
 * Makes inserts that this owner sent earlier fail at their guard if they start only now. Throws `store_fenced` if there
 * is a later owner.
 */
export async function raiseEpoch(backend: Backend, fence: Fence): Promise<void> {
  await checkEpoch(backend, fence)
  const raised = { partition: fence.partition, epoch: fence.epoch + 1 }
  // Another process wrote the same epoch: it may have found it alone there, and then owns the partition.
  if (!(await writeAlone(backend, raised))) throw fenced(fence)
  fence.epoch = raised.epoch
}

/** Throws `store_fenced` if a later owner has taken the partition over. */
export async function checkEpoch(backend: Backend, fence: Fence): Promise<void> {
  if ((await highestEpoch(backend, fence.partition)) !== fence.epoch) throw fenced(fence)
}

async function highestEpoch(backend: Backend, partition: number): Promise<number> {
  const [row] = await queryRows<{ last: string }>(
    backend,
    'SELECT max(epoch) AS last FROM epochs WHERE log_partition = {partition:UInt16}',
    { partition },
  )
  return Number(row!.last)
}

/**
 * Of several processes that write the same epoch, at most one finds it alone: the last one reads after all have
 * written.
 */
async function writeAlone(backend: Backend, { partition, epoch }: Fence): Promise<boolean> {
  await backend.insert({
    table: 'epochs',
    columns: ['log_partition', 'epoch'],
    format: 'JSONEachRow',
    data: Buffer.from(JSON.stringify({ log_partition: partition, epoch })),
  })
  const [row] = await queryRows<{ writers: string }>(
    backend,
    'SELECT count() AS writers FROM epochs WHERE log_partition = {partition:UInt16} AND epoch = {epoch:UInt64}',
    { partition, epoch },
  )
  return Number(row!.writers) === 1
}

function fenced({ partition, epoch }: Fence): TickhouseError {
  return new TickhouseError(
    'store_fenced',
    `another process took over partition ${partition} after epoch ${epoch}`,
    'No action needed: the current owner stores it.',
  )
}
