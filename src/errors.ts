/**
 * Errors for users: a closed list of codes, a message, and advice on what to do next. Whether a retry may help is
 * decided where the error is created.
 */
export type ErrorCode =
  | 'usage'
  | 'config_invalid'
  | 'address_invalid'
  | 'address_in_use'
  | 'data_in_use'
  | 'data_foreign'
  | 'data_corrupt'
  | 'data_unwritable'
  | 'disk_full'
  | 'log_missing'
  | 'log_refused'
  | 'log_unavailable'
  | 'log_offset_gone'
  | 'log_replaced'
  | 'log_behind_store'
  | 'log_truncated'
  | 'log_diverged'
  | 'store_unavailable'
  | 'store_refused'
  | 'store_inconsistent'
  | 'store_fenced'
  | 'engine_missing'
  | 'engine_died'
  | 'engine_stuck'
  | 'archive_unavailable'
  | 'archive_refused'
  | 'archive_mismatch'
  | 'archive_foreign'
  | 'query_failed'
  | 'venue_unreachable'
  | 'process_unreachable'

export class TickhouseError extends Error {
  readonly code: ErrorCode
  /** What to do next, one sentence. */
  readonly advice: string
  readonly retryable: boolean

  constructor(
    code: ErrorCode,
    message: string,
    advice: string,
    options: { cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TickhouseError'
    this.code = code
    this.advice = advice
    this.retryable = options.retryable ?? false
  }
}

/** The engine failed, which only a new process can repair: not a mistake of the user. */
export function isEngineFailure(error: unknown): error is TickhouseError {
  return error instanceof TickhouseError && (error.code === 'engine_died' || error.code === 'engine_stuck')
}
