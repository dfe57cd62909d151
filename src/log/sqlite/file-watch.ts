import { statSync } from 'node:fs'
import { TickhouseError } from '../../errors.ts'
import { mainFile } from './file.ts'

/**
 * Poll interval for commits of another process while a reader waits. In the writing process each commit wakes readers.
 */
const POLL_MS = 5
/** The same once nothing was committed for `QUIET_MS`: polling is most of what a silent market costs. */
const QUIET_POLL_MS = 25
const QUIET_MS = 200
/** Interval of the check for a replaced file. */
const REPLACED_CHECK_MS = 1000

/** Wakes readers that are at the end of the log: one cheap poll of the file for all of them. */
export class FileWatch {
  readonly #directory: string
  readonly #dataVersion: () => number
  readonly #inode: number | undefined
  readonly #idle = new Set<() => void>()
  #seenVersion: number
  #replacedCheckMs = performance.now()
  #replaced = false
  #changedMs = performance.now()
  #timer: NodeJS.Timeout | undefined

  /** `dataVersion` returns another number after each commit of another connection. */
  constructor(directory: string, dataVersion: () => number) {
    this.#directory = directory
    this.#dataVersion = dataVersion
    this.#inode = this.#currentInode()
    this.#seenVersion = dataVersion()
  }

  /** Resolves when there may be more to read, or the signal aborts. Rejects with `log_replaced`. */
  async more(signal: AbortSignal): Promise<void> {
    await new Promise<void>(resolve => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#idle.delete(wake)
        resolve()
      }
      signal.addEventListener('abort', wake)
      this.#idle.add(wake)
      this.#pollLater()
    })
    if (!this.#replaced) return
    throw new TickhouseError(
      'log_replaced',
      `the log in ${this.#directory} was moved away or replaced while it was being read`,
      'Put it back, or restart everything that uses it.',
    )
  }

  wake(): void {
    for (const wake of this.#idle) wake()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.wake()
  }

  #poll(): void {
    this.#timer = undefined
    if (this.#changed()) this.wake()
    if (this.#idle.size > 0) this.#pollLater()
  }

  #pollLater(): void {
    const isQuiet = performance.now() - this.#changedMs > QUIET_MS
    this.#timer ??= setTimeout(() => this.#poll(), isQuiet ? QUIET_POLL_MS : POLL_MS)
  }

  #changed(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#replacedCheckMs >= REPLACED_CHECK_MS) {
      this.#replacedCheckMs = nowMs
      // A file that was moved away stays readable but gets no more records: that must not look like a quiet market.
      this.#replaced = this.#currentInode() !== this.#inode
    }
    const version = this.#dataVersion()
    const changed = version !== this.#seenVersion || this.#replaced
    this.#seenVersion = version
    if (changed) this.#changedMs = nowMs
    return changed
  }

  #currentInode(): number | undefined {
    return statSync(mainFile(this.#directory), { throwIfNoEntry: false })?.ino
  }
}
