/**
 * Answers of the engine through a named pipe, which the engine writes like a file and this process counts while
 * reading. Without it, the engine would build an answer of any size in memory, several times over. A pipe that is no
 * longer read ends its statement.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Pipes in a directory, created when needed and reused. */
export class ResultPipes {
  readonly #directory: string
  readonly #idle: string[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  /** A pipe without a writer. */
  async take(): Promise<string> {
    const idle = this.#idle.pop()
    if (idle) return idle
    const file = path.join(this.#directory, `answer-${randomUUID()}`)
    await run('mkfifo', ['-m', '600', file])
    return file
  }

  /** Only once its writer has ended. */
  give(file: string): void {
    this.#idle.push(file)
  }
}

export class ResultPipe {
  /** Resolves if more than `bytesMax` arrived; no more is read then. */
  readonly overflowed: Promise<void>
  readonly #socket: net.Socket
  readonly #writer: number
  readonly #read: Promise<void>
  #chunks: Buffer[] = []
  #length = 0
  #left = false

  constructor(file: string, bytesMax: number) {
    const { O_RDONLY, O_NONBLOCK, O_WRONLY } = fs.constants
    const fd = fs.openSync(file, O_RDONLY | O_NONBLOCK)
    // A writer of our own: no end of file before the engine has started, and one as soon as it has ended.
    try {
      this.#writer = fs.openSync(file, O_WRONLY)
    } catch (error) {
      fs.closeSync(fd)
      throw error
    }
    this.#socket = new net.Socket({ fd, readable: true, writable: false })
    this.#read = new Promise(resolve => this.#socket.once('close', () => resolve()))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.overflowed = promise
    this.#socket.on('error', () => {})
    this.#socket.on('data', (chunk: Buffer) => {
      this.#length += chunk.length
      if (this.#left) this.#socket.destroy()
      else if (this.#length <= bytesMax) this.#chunks.push(chunk)
      else {
        this.leave()
        resolve()
      }
    })
  }

  /** Stops reading: a writer then gets an error. One that has not started needs a reader, or it would wait forever. */
  leave(): void {
    this.#left = true
    this.#chunks = []
    if (this.#length > 0) this.#socket.destroy()
  }

  /** Call once the statement has ended. Returns all that it wrote. */
  async end(): Promise<Buffer> {
    fs.closeSync(this.#writer)
    await this.#read
    const chunks = this.#chunks
    this.#chunks = []
    return Buffer.concat(chunks)
  }
}
