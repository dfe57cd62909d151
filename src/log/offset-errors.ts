/** What every log says of an offset that it does not hold. */
import { TickhouseError } from '../errors.ts'

/** It was trimmed: the log begins at `first`. */
export function offsetGone(partition: number, offset: number, first: number): TickhouseError {
  return new TickhouseError(
    'log_offset_gone',
    `partition ${partition} offset ${offset} is gone: the log begins at ${first}`,
    `Go on from offset ${first} and record the range before it as lost.`,
  )
}

/** It lies beyond the end. `look` says what to look for in a log of this kind. */
export function logBehind(partition: number, offset: number, next: number, look: string): TickhouseError {
  return new TickhouseError(
    'log_behind_store',
    `partition ${partition} ends before offset ${next}, but offset ${offset} was asked for`,
    `The store has seen more than this log holds: ${look}.`,
  )
}

/** The record before `offset` is another than was read: `how` says what shows it. */
export function logTruncated(partition: number, offset: number, how: string): TickhouseError {
  return new TickhouseError(
    'log_truncated',
    `partition ${partition} no longer holds what was read before offset ${offset}: ${how}`,
    'The last stored record is compared with the log next.',
  )
}

/** A log that was read up to here and ends before has lost what was read. Other errors as they are. */
export function behindIsTruncated(error: unknown, partition: number, offset: number): unknown {
  if (!(error instanceof TickhouseError) || error.code !== 'log_behind_store') return error
  return logTruncated(partition, offset, error.message)
}
