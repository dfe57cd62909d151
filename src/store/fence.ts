/** Taking a log partition over from whoever wrote it before: see `docs/decisions/fence.md`. */
import { TickhouseError } from '../errors.ts'
import { askRows } from './ask.ts'
import type { Backend } from './backend.ts'
import { attempt } from './failure.ts'
import type { Fence } from './store.ts'

/** Tries for an epoch that nobody else took at the same moment. */
const CLAIM_ATTEMPTS_MAX = 8

/** The highest epoch of a partition so far, 0 if nobody has written it. */
export async function highestEpoch(backend: Backend, partition: number): Promise<number> {
  const [row] = await askRows<{ last: string }>(
    backend,
    'SELECT max(epoch) AS last FROM epochs WHERE log_partition = {partition:UInt16}',
    { partition },
  )
  return Number(row!.last)
}

/**
 * Takes a higher epoch than every owner before. Of two that insert the same one at the same moment, at most one finds it alone
 * there: the later of the two questions is asked when both are in. Resolves once no insert of an earlier owner can commit.
 */
export async function claim(backend: Backend, partition: number): Promise<Fence> {
  for (let tries = 0; tries < CLAIM_ATTEMPTS_MAX; tries++) {
    const last = await highestEpoch(backend, partition)
    const epoch = last + 1 + Math.floor(Math.random() * tries)
    const row = JSON.stringify({ log_partition: partition, epoch })
    await attempt(() =>
      backend.insert({
        table: 'epochs',
        columns: ['log_partition', 'epoch'],
        format: 'JSONEachRow',
        data: Buffer.from(row),
      }),
    )
    const [found] = await askRows<{ takers: string }>(
      backend,
      'SELECT count() AS takers FROM epochs WHERE log_partition = {partition:UInt16} AND epoch = {epoch:UInt64}',
      { partition, epoch },
    )
    if (Number(found!.takers) !== 1) continue
    const fence = { partition, epoch }
    await attempt(() => backend.settle(fence, 'predecessors'))
    return fence
  }
  throw new TickhouseError(
    'store_unavailable',
    `${CLAIM_ATTEMPTS_MAX} times another process claimed partition ${partition} at the same moment`,
    'It is tried again.',
    { retryable: true },
  )
}
