import type { ClickHouseError } from '@clickhouse/client'
import { TickhouseError } from '../errors.ts'

/** The engine's code NOT_ENOUGH_SPACE. */
const ENGINE_NOT_ENOUGH_SPACE = '243'

/** What went wrong, whether it may pass, and what a person can do about it. */
export function storeError(error: unknown): TickhouseError {
  if (error instanceof TickhouseError) return error
  const { message } = error as Error
  const line = message.split('\n')[0]!.slice(0, 300)
  const { code } = error as ClickHouseError | NodeJS.ErrnoException
  if (code === ENGINE_NOT_ENOUGH_SPACE || code === 'ENOSPC' || /No space left on device/.test(message)) {
    return new TickhouseError(
      'disk_full',
      `no space left for the store: ${line}`,
      'Make room on the disk: storing goes on by itself, and the log keeps the ticks.',
      { cause: error, retryable: true },
    )
  }
  return new TickhouseError(
    'store_unavailable',
    line,
    'See the lines above; the log keeps the ticks until they are stored.',
    { cause: error, retryable: true },
  )
}

/** Runs work against the store; what it throws becomes a TickhouseError. */
export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}
