/** Errors of all logs for an offset that they do not contain. */
import { TickhouseError } from '../errors.ts'

/** The offset was trimmed: the log starts at `first`. */
export function offsetGone(partition: number, offset: number, first: number): TickhouseError {
  return new TickhouseError(
    'log_offset_gone',
    `partition ${partition} offset ${offset} is gone: the log starts at ${first}`,
    `Resume from offset ${first} and record the range before it as lost.`,
  )
}

/** The offset lies beyond the end. `advice` is what to check in a log of this kind. */
export function logBehind(partition: number, offset: number, next: number, advice: string): TickhouseError {
  return new TickhouseError(
    'log_behind_store',
    `partition ${partition} ends before offset ${next}, but offset ${offset} was requested`,
    `The store has seen more than this log contains: ${advice}.`,
  )
}

/** The record before `offset` is not the one that was read: `how` is the evidence. */
export function logTruncated(partition: number, offset: number, how: string): TickhouseError {
  return new TickhouseError(
    'log_truncated',
    `partition ${partition} no longer contains what was read before offset ${offset}: ${how}`,
    'Ingest now compares the last stored record with the log.',
  )
}

/**
 * Maps `log_behind_store` to `log_truncated`: a log that ends before a record already read has lost it. Other errors
 * are unchanged.
 */
export function behindIsTruncated(error: unknown, partition: number, offset: number): unknown {
  if (!(error instanceof TickhouseError) || error.code !== 'log_behind_store') return error
  return logTruncated(partition, offset, error.message)
}
