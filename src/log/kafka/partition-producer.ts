/** One partition on its way to the brokers: what waits in order, and the one batch whose outcome is asked for until it is known. */
import type { MessageRecord } from '@platformatic/kafka'
import type { LogRecord } from '../log.ts'
import { toMessage } from './message.ts'

/** Records of one partition in one request: the brokers write them as one batch. A larger record travels alone. */
const BATCH_BYTES_MAX = 2 ** 20
/** What a record weighs beside its payload: headers, lengths, time. */
export const RECORD_OVERHEAD_BYTES = 96
/** Sequence numbers are 31 bits and go on at 0. */
const SEQUENCES = 2 ** 31

/** One call of `append`. */
interface Call {
  records: readonly LogRecord[]
  /** Records of it that are in a batch already. */
  taken: number
  /** Records of it that the brokers have. */
  acknowledged: number
  /** Of its first record; -1 until it is known. */
  offset: number
  resolve(offset: number): void
  reject(error: Error): void
}

/** What travels together, with how many of it belong to which call. */
interface Batch {
  messages: MessageRecord[]
  shares: { call: Call; count: number }[]
  bytes: number
}

export class PartitionProducer {
  readonly topic: string
  /** Within the topic, and within the log. */
  readonly partition: number
  readonly logPartition: number
  /** Of the batch's first record, for the brokers to know a repetition by. */
  sequence = 0
  batch: Batch | undefined
  /** The batch is in a request that is not answered. */
  sending = false
  #waiting: Call[] = []

  constructor(topic: string, partition: number, logPartition: number) {
    this.topic = topic
    this.partition = partition
    this.logPartition = logPartition
  }

  get idle(): boolean {
    return !this.batch && this.#waiting.length === 0
  }

  append(records: readonly LogRecord[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, taken: 0, acknowledged: 0, offset: -1, resolve, reject })
    })
  }

  /** Is there a batch to send? Takes from what waits, where none is on its way. */
  fill(): boolean {
    if (this.batch) return true
    const batch: Batch = { messages: [], shares: [], bytes: 0 }
    for (let full = false; !full && this.#waiting.length > 0; ) {
      const call = this.#waiting[0]!
      full = this.#take(call, batch)
      if (!full) this.#waiting.shift()
    }
    if (batch.messages.length === 0) return false
    this.batch = batch
    return true
  }

  /** Takes records of a call into a batch; true if some had no room. */
  #take(call: Call, batch: Batch): boolean {
    const from = call.taken
    for (const record of call.records.slice(from)) {
      const bytes = record.payload.byteLength + RECORD_OVERHEAD_BYTES
      if (batch.messages.length > 0 && batch.bytes + bytes > BATCH_BYTES_MAX) break
      batch.messages.push(toMessage(this.topic, this.partition, record))
      batch.bytes += bytes
      call.taken += 1
    }
    if (call.taken > from) batch.shares.push({ call, count: call.taken - from })
    return call.taken < call.records.length
  }

  /** The brokers have the batch, from offset `base` on. Returns how much that was, none if it had been given up. */
  acknowledge(base: number): { records: number; bytes: number } {
    const { batch } = this
    if (!batch) return { records: 0, bytes: 0 }
    this.batch = undefined
    const records = batch.messages.length
    this.sequence = (this.sequence + records) % SEQUENCES
    let offset = base
    for (const { call, count } of batch.shares) {
      if (call.offset < 0) call.offset = offset
      offset += count
      call.acknowledged += count
      if (call.acknowledged === call.records.length) call.resolve(call.offset)
    }
    return { records, bytes: batch.bytes }
  }

  /** Gives up what is on its way and what waits. */
  fail(error: Error): void {
    const calls = new Set([...(this.batch?.shares.map(({ call }) => call) ?? []), ...this.#waiting])
    this.batch = undefined
    this.#waiting = []
    for (const call of calls) call.reject(error)
  }
}
