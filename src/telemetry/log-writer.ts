/**
 * Where lines go. Whoever reads them from a pipe may be slow or stand still, and the house does not wait for that: what the pipe does
 * not take waits in memory, and what would wait beyond the bound is left out and counted.
 */
import fs from 'node:fs'
import { Socket } from 'node:net'
import { pino } from 'pino'

const WAITING_BYTES_MAX = 2 ** 20
/** How long an end of the house waits for a reader. */
const FLUSH_MS_MAX = 1_000

export class LogWriter {
  /** A file or a terminal takes lines at once. */
  readonly #direct: ReturnType<typeof pino.destination> | undefined
  readonly #pipe: Socket | undefined
  readonly #leftOut: (count: number) => void
  #count = 0

  /** `leftOut` is told how many lines were left out, once there is room again. */
  constructor(descriptor: number, leftOut: (count: number) => void) {
    this.#leftOut = leftOut
    const kind = fs.fstatSync(descriptor)
    if (!kind.isFIFO() && !kind.isSocket()) {
      this.#direct = pino.destination({ dest: descriptor, sync: true })
      return
    }
    this.#pipe = new Socket({ fd: descriptor, readable: false, writable: true })
    this.#pipe.unref()
    // A reader that has gone reads nothing more; the house goes on without one.
    this.#pipe.on('error', () => {})
    this.#pipe.on('drain', () => this.#tellLeftOut())
  }

  /** `line` ends with a line feed. */
  write(line: string): void {
    this.#direct?.write(line)
    if (!this.#pipe?.writable) return
    if (this.#pipe.writableLength > WAITING_BYTES_MAX) this.#count++
    else this.#pipe.write(line)
  }

  /** Resolves when all that waits was read, or is given up. */
  async flush(): Promise<void> {
    const pipe = this.#pipe
    if (!pipe?.writable || pipe.writableLength === 0) return
    await new Promise<void>(resolve => {
      setTimeout(resolve, FLUSH_MS_MAX)
      pipe.write('', () => resolve())
    })
  }

  #tellLeftOut(): void {
    const count = this.#count
    this.#count = 0
    if (count > 0) this.#leftOut(count)
  }
}
