import { TickhouseError } from '../../errors.ts'

/** SQLite's primary result codes that a disk, a file or another program can cause (sqlite.org/rescode.html). */
const RESULT = { perm: 3, busy: 5, locked: 6, readonly: 8, ioerr: 10, corrupt: 11, full: 13, cantopen: 14, notadb: 26 }

/** The file ends in the middle of a page: counted as an input error by SQLite, but the disk is not at fault. */
const SHORT_READ = 522

/** The part of a `TickhouseError` that travels from the writing thread: classes do not survive the way, fields do. */
export interface ErrorFields {
  code: TickhouseError['code']
  message: string
  advice: string
  retryable: boolean
}

export const toFields = ({ code, message, advice, retryable }: TickhouseError): ErrorFields => {
  return { code, message, advice, retryable }
}

export const fromFields = ({ code, message, advice, retryable }: ErrorFields): TickhouseError =>
  new TickhouseError(code, message, advice, { retryable })

/**
 * Names what SQLite or the file system said of the log in `directory`. Decided by result code, never by message text.
 * Anything it does not know is a fault in the code: it is returned as it is.
 */
export function asLogError(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof TickhouseError) return error
  const why = error.message
  if ('errcode' in error && typeof error.errcode === 'number') {
    const primary = error.errcode & 0xff
    if (primary === RESULT.full) return diskFull(directory, error)
    if (error.errcode === SHORT_READ) return corrupt(directory, 'log.sqlite was cut off', error)
    if (primary === RESULT.ioerr) return unavailable(`the log in ${directory} cannot be reached: ${why}`, error)
    if (primary === RESULT.busy || primary === RESULT.locked)
      return unavailable(`the log in ${directory} is held by another program: ${why}`, error)
    if (primary === RESULT.corrupt || primary === RESULT.notadb) return corrupt(directory, why, error)
    if (primary === RESULT.perm || primary === RESULT.readonly || primary === RESULT.cantopen)
      return unwritable(directory, why, error)
  }
  if ('syscall' in error && 'code' in error) {
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull(directory, error)
    if (error.code === 'EIO') return unavailable(`the log in ${directory} cannot be reached: ${why}`, error)
    return unwritable(directory, why, error)
  }
  return error
}

export function corrupt(directory: string, why: string, cause?: unknown): TickhouseError {
  return new TickhouseError(
    'data_corrupt',
    `the log in ${directory} is damaged: ${why}`,
    'Stop everything that uses it, copy the whole directory aside, and restore it from a backup or run ' +
      '"sqlite3 log.sqlite .recover" on the copy; records already stored in ClickHouse are not affected.',
    { cause },
  )
}

export function foreign(directory: string, why: string, advice: string): TickhouseError {
  return new TickhouseError('data_foreign', `log.sqlite in ${directory} is not a log of this tickhouse: ${why}`, advice)
}

export function unavailable(message: string, cause?: unknown): TickhouseError {
  return new TickhouseError('log_unavailable', message, 'Check the disk and what else uses the directory; try again.', {
    cause,
    retryable: true,
  })
}

/** What a closed log rejects with, and one whose writing thread has failed for good, with the cause. */
export function closed(cause?: unknown): TickhouseError {
  const why = cause === undefined ? 'is closed' : `cannot go on: its writing thread failed (${String(cause)})`
  return new TickhouseError('log_unavailable', `the log ${why}`, 'Open the log again.', { cause })
}

function diskFull(directory: string, cause: unknown): TickhouseError {
  return new TickhouseError(
    'disk_full',
    `no space is left for the log in ${directory}`,
    'Free space on that disk: writing goes on by itself.',
    { cause, retryable: true },
  )
}

function unwritable(directory: string, why: string, cause: unknown): TickhouseError {
  return new TickhouseError(
    'data_unwritable',
    `the log in ${directory} cannot be opened or written: ${why}`,
    'Give the user that runs tickhouse the right to read and write that directory and the files in it.',
    { cause },
  )
}
