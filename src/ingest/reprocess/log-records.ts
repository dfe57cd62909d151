import { TickhouseError } from '../../errors.ts'
import type { Log, LoggedRecord } from '../../log/log.ts'

/** A record so little ahead is reached by reading on; one farther away by reading anew. */
const READ_ON_RECORDS_MAX = 1_000

/** Single records of a log partition, asked for in rising order. To be closed. */
export class LogRecords {
  readonly #log: Log
  readonly #partition: number
  #reading: AsyncGenerator<LoggedRecord[], void> | undefined
  #stop = new AbortController()
  #slice: LoggedRecord[] = []

  constructor(log: Log, partition: number) {
    this.#log = log
    this.#partition = partition
  }

  /** The record at an offset that the log has given out; undefined if it does not hold it any more. */
  async at(offset: number): Promise<LoggedRecord | undefined> {
    const last = this.#slice.at(-1)
    if (!last || offset < this.#slice[0]!.offset || offset > last.offset + READ_ON_RECORDS_MAX)
      await this.#readFrom(offset)
    try {
      while (!(offset <= (this.#slice.at(-1)?.offset ?? -1))) {
        const { value } = await this.#reading!.next()
        if (!value) return undefined
        this.#slice = value
      }
    } catch (error) {
      if (!(error instanceof TickhouseError) || error.code !== 'log_offset_gone') throw error
      await this.close()
      return undefined
    }
    return this.#slice.find(entry => entry.offset === offset)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#reading?.return()
    this.#slice = []
  }

  async #readFrom(offset: number): Promise<void> {
    await this.close()
    this.#stop = new AbortController()
    this.#reading = this.#log.read(this.#partition, offset, this.#stop.signal)
  }
}
