import { ClickHouseError } from '@clickhouse/client'
import { TickhouseError } from '../errors.ts'

/** The engine's code ABORTED. */
const ENGINE_ABORTED = '236'
/** The engine's code NOT_ENOUGH_SPACE. */
const ENGINE_NOT_ENOUGH_SPACE = '243'

/** Errors that no retry solves, by the engine's code, with advice. */
const REFUSALS: Record<string, string> = {
  '516': 'Check user and password in TICKHOUSE_STORE.',
  '193': 'Check user and password in TICKHOUSE_STORE.',
  '192': 'Check user and password in TICKHOUSE_STORE.',
  '81': 'Check the database in TICKHOUSE_STORE, then start tickhouse again: it makes a database that is absent.',
  '60': 'Start tickhouse again: it makes tables that are absent. The log has the ticks and refills them.',
  '164': 'Give the user of TICKHOUSE_STORE a profile that may write (readonly=0).',
  '497': 'Grant the user of TICKHOUSE_STORE what the message names; docs/clickhouse-server.md lists it.',
  '452': 'Let the profile of the user of TICKHOUSE_STORE change the setting that the message names.',
}

/**
 * The engine in this process received a fatal signal and refuses every further statement. A server reports ABORTED for
 * what it cancels on shutdown too: there a retry helps.
 */
export class EngineAborted extends ClickHouseError {
  constructor(reported: ConstructorParameters<typeof ClickHouseError>[0]) {
    super(reported)
    // ClickHouseError resets the prototype of its subclasses.
    Object.setPrototypeOf(this, EngineAborted.prototype)
  }
}

/** An error of the engine in this process: EngineAborted if the engine is dead. */
export function engineError(error: ClickHouseError | Error): Error {
  if (!(error instanceof ClickHouseError) || error.code !== ENGINE_ABORTED) return error
  const { code, type = '', message } = error
  return new EngineAborted({ code, type, message })
}

/** Any error of the store as a TickhouseError: code, whether a retry may help, advice. */
export function storeError(error: unknown): TickhouseError {
  if (error instanceof TickhouseError) return error
  const { message } = error as Error
  const { code } = error as ClickHouseError | NodeJS.ErrnoException
  // The error of a host with several addresses that all refuse has an empty message.
  const line = message.split('\n')[0]!.slice(0, 300) || `no answer (${code ?? 'no reason given'})`
  if (code === ENGINE_NOT_ENOUGH_SPACE || code === 'ENOSPC' || /No space left on device/.test(message)) {
    return new TickhouseError(
      'disk_full',
      `no space left for the store: ${line}`,
      'Make room on the disk: storing resumes by itself, and the log keeps the ticks.',
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

/** Runs work on the store; its errors become TickhouseErrors. */
export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}
