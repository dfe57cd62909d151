/** Appends of one partition: a queue in order, and one batch in flight, which is sent until its outcome is known. */
import type { MessageRecord } from '@platformatic/kafka'
import type { LogRecord } from '../log.ts'
import { toMessage } from './message.ts'

/** Limit of a partition's batch in one request. A larger record is a batch of its own. */
const BATCH_BYTES_MAX = 2 ** 20
/** Upper estimate of a record's headers, lengths and time. */
export const RECORD_OVERHEAD_BYTES = 96
/** Sequence numbers have 31 bits and wrap around to 0. */
const SEQUENCES = 2 ** 31

/** One call of `append`. */
interface Call {
  records: readonly LogRecord[]
  /** Records already in a batch. */
  batched: number
  /** Records acknowledged by the brokers. */
  acknowledged: number
  /** Offset of its first record; -1 until known. */
  offset: number
  resolve(offset: number): void
  reject(error: Error): void
}

/** One batch of messages, and how many of them belong to which call, in order. */
interface Batch {
  messages: MessageRecord[]
  parts: { call: Call; count: number }[]
  bytes: number
}

export class PartitionProducer {
  readonly topic: string
  /** Within the topic. */
  readonly partition: number
  /** Within the log. */
  readonly logPartition: number
  /** Sequence number of the batch's first record, by which the broker recognizes a retry. */
  sequence = 0
  batch: Batch | undefined
  /** The batch is in a request without an answer yet. */
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
      this.#waiting.push({ records, batched: 0, acknowledged: 0, offset: -1, resolve, reject })
    })
  }

  /** True if there is a batch to send; builds one from the queue if none is in flight. */
  fillBatch(): boolean {
    if (this.batch) return true
    const batch: Batch = { messages: [], parts: [], bytes: 0 }
    for (let full = false; !full && this.#waiting.length > 0; ) {
      const call = this.#waiting[0]!
      full = this.#moveToBatch(call, batch)
      if (!full) this.#waiting.shift()
    }
    if (batch.messages.length === 0) return false
    this.batch = batch
    return true
  }

  /** Moves records of a call into a batch; true if the batch is full before the call's last record. */
  #moveToBatch(call: Call, batch: Batch): boolean {
    const from = call.batched
    for (const record of call.records.slice(from)) {
      const bytes = record.payload.byteLength + RECORD_OVERHEAD_BYTES
      if (batch.messages.length > 0 && batch.bytes + bytes > BATCH_BYTES_MAX) break
      batch.messages.push(toMessage(this.topic, this.partition, record))
      batch.bytes += bytes
      call.batched += 1
    }
    if (call.batched > from) batch.parts.push({ call, count: call.batched - from })
    return call.batched < call.records.length
  }

  /** The batch was appended at offset `base`. Returns its size, 0 if it had failed before. */
  acknowledge(base: number): { records: number; bytes: number } {
    const { batch } = this
    if (!batch) return { records: 0, bytes: 0 }
    this.batch = undefined
    const records = batch.messages.length
    this.sequence = (this.sequence + records) % SEQUENCES
    let offset = base
    for (const { call, count } of batch.parts) {
      if (call.offset < 0) call.offset = offset
      offset += count
      call.acknowledged += count
      if (call.acknowledged === call.records.length) call.resolve(call.offset)
    }
    return { records, bytes: batch.bytes }
  }

  /** Rejects the batch in flight and the queue. */
  fail(error: Error): void {
    const calls = new Set([...(this.batch?.parts.map(({ call }) => call) ?? []), ...this.#waiting])
    this.batch = undefined
    this.#waiting = []
    for (const call of calls) call.reject(error)
  }
}
