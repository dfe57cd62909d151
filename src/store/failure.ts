import { ClickHouseError } from '@clickhouse/client'
import { TickhouseError } from '../errors.ts'

/** The engine's code ABORTED. */
const ENGINE_ABORTED = '236'
/** The engine's code NOT_ENOUGH_SPACE. */
const ENGINE_NOT_ENOUGH_SPACE = '243'

/** By the engine's code: what no second try mends, and what would. */
const REFUSALS: Record<string, string> = {
  '516': 'Check user and password in TICKHOUSE_STORE.',
  '193': 'Check user and password in TICKHOUSE_STORE.',
  '192': 'Check user and password in TICKHOUSE_STORE.',
  '81': 'Check the database in TICKHOUSE_STORE, then start tickhouse again: it makes a database that is absent.',
  '60': 'Start tickhouse again: it makes tables that are absent. The log holds the ticks and fills them.',
  '164': 'Give the user of TICKHOUSE_STORE a profile that may write (readonly=0).',
  '497': 'Grant the user of TICKHOUSE_STORE what the message names; docs/clickhouse-server.md lists it.',
  '452': 'Let the profile of the user of TICKHOUSE_STORE change the setting that the message names.',
}

/**
 * The engine in this process met a fatal signal, and refuses every statement from then on. A server says ABORTED of what it cancels as it
 * shuts down, too: that passes.
 */
export class EngineAborted extends ClickHouseError {
  constructor(said: ConstructorParameters<typeof ClickHouseError>[0]) {
    super(said)
    // ClickHouseError makes every instance one of its own class.
    Object.setPrototypeOf(this, EngineAborted.prototype)
  }
}

/** An error of the engine in this process: EngineAborted if it is its last. */
export function engineError(error: ClickHouseError | Error): Error {
  if (!(error instanceof ClickHouseError) || error.code !== ENGINE_ABORTED) return error
  const { code, type = '', message } = error
  return new EngineAborted({ code, type, message })
}

/** What went wrong, whether it may pass, and what a person can do about it. */
export function storeError(error: unknown): TickhouseError {
  if (error instanceof TickhouseError) return error
  const { message } = error as Error
  const { code } = error as ClickHouseError | NodeJS.ErrnoException
  // A host with several addresses that all refuse gives an error without words.
  const line = message.split('\n')[0]!.slice(0, 300) || `no answer (${code ?? 'no reason given'})`
  if (code === ENGINE_NOT_ENOUGH_SPACE || code === 'ENOSPC' || /No space left on device/.test(message)) {
    return new TickhouseError(
      'disk_full',
      `no space left for the store: ${line}`,
      'Make room on the disk: storing goes on by itself, and the log keeps the ticks.',
      { cause: error, retryable: true },
    )
  }
  if (error instanceof EngineAborted)
    return new TickhouseError('engine_died', line, 'Start the process again; the log keeps the ticks.', {
      cause: error,
    })
  const advice = error instanceof ClickHouseError ? REFUSALS[error.code] : undefined
  if (advice) return new TickhouseError('store_refused', line, advice, { cause: error })
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
