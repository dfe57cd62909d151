import { TickhouseError } from '../../errors.ts'

/**
 * SQLite's primary result codes with a cause outside the code: disk, file or another program (sqlite.org/rescode.html).
 */
const RESULT = { perm: 3, busy: 5, locked: 6, readonly: 8, ioerr: 10, corrupt: 11, full: 13, cantopen: 14, notadb: 26 }

/** The file ends in the middle of a page: for SQLite an I/O error, but the disk works. */
const SHORT_READ = 522

/** The fields of a `TickhouseError` from the writer thread: a structured clone loses the class. */
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
 * Maps an error of SQLite or the file system for the log in `directory`, by result code, never by message text. An
 * unknown error is a bug and is returned unchanged.
 */
export function asLogError(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || error instanceof TickhouseError) return error
  const why = error.message
  if ('errcode' in error && typeof error.errcode === 'number') {
    const primary = error.errcode & 0xff
    if (primary === RESULT.full) return diskFull(directory, error)
    if (error.errcode === SHORT_READ) return corrupt(directory, 'log.sqlite was cut off', error)
    if (primary === RESULT.ioerr) return unavailable(`cannot read or write the log in ${directory}: ${why}`, error)
    if (primary === RESULT.busy || primary === RESULT.locked)
      return unavailable(`the log in ${directory} is locked by another program: ${why}`, error)
    if (primary === RESULT.corrupt || primary === RESULT.notadb) return corrupt(directory, why, error)
    if (primary === RESULT.perm || primary === RESULT.readonly || primary === RESULT.cantopen)
      return unwritable(directory, why, error)
  }
  if ('syscall' in error && 'code' in error) {
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull(directory, error)
    if (error.code === 'EIO') return unavailable(`cannot read or write the log in ${directory}: ${why}`, error)
    return unwritable(directory, why, error)
  }
  return error
}

export function corrupt(directory: string, why: string, cause?: unknown): TickhouseError {
  return new TickhouseError(
    'data_corrupt',
    `the log in ${directory} is damaged: ${why}`,
    'Stop everything that uses it, make a copy of the whole directory, and restore it from a backup or run ' +
      '"sqlite3 log.sqlite .recover" on the copy; records already stored in ClickHouse are not affected.',
    { cause },
  )
}

export function foreign(directory: string, why: string, advice: string): TickhouseError {
  return new TickhouseError('data_foreign', `log.sqlite in ${directory} is not a tickhouse log: ${why}`, advice)
}

export function unavailable(message: string, cause?: unknown): TickhouseError {
  return new TickhouseError('log_unavailable', message, 'Check the disk and other programs that use the directory.', {
    cause,
    retryable: true,
  })
}

/** For a closed log, and for one whose writer thread has failed, with the cause. */
export function closed(cause?: unknown): TickhouseError {
  const why = cause === undefined ? 'is closed' : `has failed: its writer thread ended (${String(cause)})`
  return new TickhouseError('log_unavailable', `the log ${why}`, 'Open the log again.', { cause })
}

function diskFull(directory: string, cause: unknown): TickhouseError {
  return new TickhouseError(
    'disk_full',
    `no space is left for the log in ${directory}`,
    'Free space on that disk: appends resume by themselves.',
    { cause, retryable: true },
  )
}

function unwritable(directory: string, why: string, cause: unknown): TickhouseError {
  return new TickhouseError(
    'data_unwritable',
    `cannot open or write the log in ${directory}: ${why}`,
    'Give the user that runs tickhouse read and write access to that directory and its files.',
    { cause },
  )
}
