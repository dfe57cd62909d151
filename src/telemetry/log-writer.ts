/**
 * Writes log lines. The reader of a pipe may be slow or stop reading, and no process waits for it: lines are buffered
 * in memory up to a bound, and dropped and counted beyond it.
 */
import fs from 'node:fs'
import { Socket } from 'node:net'
import { pino } from 'pino'

const BUFFERED_BYTES_MAX = 2 ** 20
/** How long a process that ends waits for the reader. */
const FLUSH_MS_MAX = 1_000

export class LogWriter {
  /** Files and terminals are written synchronously. */
  readonly #direct: ReturnType<typeof pino.destination> | undefined
  readonly #pipe: Socket | undefined
  readonly #onDropped: (count: number) => void
  #dropped = 0

  /** `onDropped` gets the number of dropped lines, once there is room again. */
  constructor(descriptor: number, onDropped: (count: number) => void) {
    this.#onDropped = onDropped
    const kind = fs.fstatSync(descriptor)
    if (!kind.isFIFO() && !kind.isSocket()) {
      this.#direct = pino.destination({ dest: descriptor, sync: true })
      return
    }
    this.#pipe = new Socket({ fd: descriptor, readable: false, writable: true })
    this.#pipe.unref()
    // The reader is gone: the process continues without one.
    this.#pipe.on('error', () => {})
    this.#pipe.on('drain', () => this.#reportDropped())
  }

  /** `line` ends with a line feed. */
  write(line: string): void {
    this.#direct?.write(line)
    if (!this.#pipe?.writable) return
    if (this.#pipe.writableLength > BUFFERED_BYTES_MAX) this.#dropped++
    else this.#pipe.write(line)
  }

  /** Resolves when all buffered lines were read, after 1 s at the latest. */
  async flush(): Promise<void> {
    const pipe = this.#pipe
    if (!pipe?.writable || pipe.writableLength === 0) return
    await new Promise<void>(resolve => {
      setTimeout(resolve, FLUSH_MS_MAX)
      pipe.write('', () => resolve())
    })
  }

  #reportDropped(): void {
    const count = this.#dropped
    this.#dropped = 0
    if (count > 0) this.#onDropped(count)
  }
}
