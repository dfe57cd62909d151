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
