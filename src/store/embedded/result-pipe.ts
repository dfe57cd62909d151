/**
 * Answers of the engine on their way to this process: the engine writes one as if to a file, which is a named pipe, and what it
 * writes is counted as it comes. Handed over in one piece, an answer of any size would be made whole in memory first, several times
 * over; and who no longer reads ends the statement that writes.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Pipes in a directory, made when needed and used again. */
export class ResultPipes {
  readonly #directory: string
  readonly #idle: string[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  /** A pipe that nobody writes to. */
  async take(): Promise<string> {
    const idle = this.#idle.pop()
    if (idle) return idle
    const file = path.join(this.#directory, `answer-${randomUUID()}`)
    await run('mkfifo', ['-m', '600', file])
    return file
  }

  /** Only once whoever wrote to it has ended. */
  give(file: string): void {
    this.#idle.push(file)
  }
}

export class ResultPipe {
  /** Resolves if more than `bytesMax` came; nothing is read from then on. */
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
    // A writer of ours, so that there is no end before the engine has begun, and one as soon as it has ended.
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

  /** Reads no more: whoever writes on meets an error. Whoever has not begun must find a reader, or would wait for one for ever. */
  leave(): void {
    this.#left = true
    this.#chunks = []
    if (this.#length > 0) this.#socket.destroy()
  }

  /** To be called once the statement has ended: everything that it wrote. */
  async end(): Promise<Buffer> {
    fs.closeSync(this.#writer)
    await this.#read
    const chunks = this.#chunks
    this.#chunks = []
    return Buffer.concat(chunks)
  }
}
