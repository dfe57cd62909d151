import { TickhouseError } from '../../errors.ts'
import type { Log, LoggedRecord } from '../../log/log.ts'

/** A record at most this far ahead is reached by reading on; beyond, a new read starts at it. */
const READ_ON_RECORDS_MAX = 1_000

/** Single records of a log partition, requested in rising order. Must be closed. */
export class LogRecords {
  readonly #log: Log
  readonly #partition: number
  #reading: AsyncGenerator<LoggedRecord[], void> | undefined
  #stop = new AbortController()
  #chunk: LoggedRecord[] = []

  constructor(log: Log, partition: number) {
    this.#log = log
    this.#partition = partition
  }

  /** The record at an offset below the log's end; undefined if it was trimmed. */
  async at(offset: number): Promise<LoggedRecord | undefined> {
    const last = this.#chunk.at(-1)
    if (!last || offset < this.#chunk[0]!.offset || offset > last.offset + READ_ON_RECORDS_MAX)
      await this.#readFrom(offset)
    try {
      while (!(offset <= (this.#chunk.at(-1)?.offset ?? -1))) {
        const { value } = await this.#reading!.next()
        if (!value) return undefined
        this.#chunk = value
      }
    } catch (error) {
      if (!(error instanceof TickhouseError) || error.code !== 'log_offset_gone') throw error
      await this.close()
      return undefined
    }
    return this.#chunk.find(entry => entry.offset === offset)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#reading?.return()
    this.#chunk = []
  }

  async #readFrom(offset: number): Promise<void> {
    await this.close()
    this.#stop = new AbortController()
    this.#reading = this.#log.read(this.#partition, offset, this.#stop.signal)
  }
}
