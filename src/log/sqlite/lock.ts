/**
 * The right to write a log in a directory. One process has it. One more may write beside it, to take its place without
 * an interruption: it gets the right when the other has ended. Locks of SQLite end with their process, however it ends.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TickhouseError } from '../../errors.ts'
import { makeDirectory } from './file.ts'

const BUSY = 5
/** How often a process beside another tries to get its lock. */
const RETRY_MS = 100

const MAIN = 'lock.sqlite'
const BESIDE = 'lock-beside.sqlite'

export class WriteLock {
  readonly #directory: string
  #main: DatabaseSync | undefined
  #beside: DatabaseSync | undefined
  #timer: NodeJS.Timeout | undefined

  /**
   * Locks the directory, which is created, until `close` or the end of the process. With `beside`, another process may
   * have the lock. Throws `data_in_use` without waiting.
   */
  static take(directory: string, beside = false): WriteLock {
    makeDirectory(directory)
    const lock = new WriteLock(directory)
    try {
      lock.#main = tryLock(join(directory, MAIN))
      if (lock.#main && !isFree(join(directory, BESIDE))) throw inUse(directory, 'another tickhouse is')
      if (lock.#main) return lock
      if (!beside) throw inUse(directory, 'another tickhouse is')
      lock.#beside = tryLock(join(directory, BESIDE))
      if (!lock.#beside) throw inUse(directory, 'two others are')
      lock.#timer = setInterval(() => lock.#takeMain(), RETRY_MS).unref()
      return lock
    } catch (error) {
      lock.close()
      throw error
    }
  }

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** Whether no other process may write. */
  get isOnly(): boolean {
    return this.#main !== undefined
  }

  close(): void {
    clearInterval(this.#timer)
    this.#main?.close()
    this.#beside?.close()
  }

  #takeMain(): void {
    this.#main = tryLock(join(this.#directory, MAIN))
    if (!this.#main) return
    clearInterval(this.#timer)
    // Only now: at no moment could a third process take both.
    this.#beside?.close()
    this.#beside = undefined
  }
}

/** Undefined if another process has the lock. */
function tryLock(file: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) return undefined
    throw error
  }
}

function isFree(file: string): boolean {
  // On a full disk it could not be created.
  if (!existsSync(file)) return true
  const lock = tryLock(file)
  lock?.close()
  return lock !== undefined
}

function inUse(directory: string, who: string): TickhouseError {
  return new TickhouseError(
    'data_in_use',
    `${who} writing the log in ${directory}`,
    'Stop that process, or use another directory for this one.',
  )
}
