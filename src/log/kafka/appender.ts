/**
 * Idempotent producer. It sends its own Produce requests, since the client's producer takes a new producer id after
 * some failures and could then write a batch of unknown outcome a second time. Here a batch keeps its producer id and
 * sequence number until the broker has acknowledged it, so the broker recognizes a retry.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BaseOptions, NumericMap, Producer, produceV9 } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { LogRecord } from '../log.ts'
import { withErrorListener } from './client.ts'
import { asKafkaError, closed, PROTOCOL, replaced } from './errors.ts'
import { PartitionProducer, RECORD_OVERHEAD_BYTES } from './partition-producer.ts'

/** Room for the batch's own header within the topic's limit. */
const BATCH_OVERHEAD_BYTES = 256
const ALL_IN_SYNC = -1
/** How long the leader may wait for its followers before it answers. */
const REPLICATION_MS_MAX = 5_000
const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1_000
/** Kafka's leader id of a partition without a leader. */
const NO_LEADER = -1
/** How long `close` waits for pending appends. */
const CLOSE_MS_MAX = 5_000

type ProduceResponse = Exclude<Awaited<ReturnType<typeof produceV9.api.async>>, boolean>
type Broker = { host: string; port: number }

export interface AppenderOptions {
  /** The topics in the log's order, with the ids they had when it was opened. */
  topics: ReadonlyMap<string, string>
  /** Partitions of each topic. */
  partitions: number
  messageBytesMax: number
  client: BaseOptions
  shown: string
  /** Called for each acknowledged batch. */
  onAppended: (partition: number, below: number, bytes: number) => void
}

export class Appender {
  readonly #options: AppenderOptions
  readonly #producer: Producer
  readonly #producers: PartitionProducer[]
  readonly #busy = new Set<number>()
  #identity: { producerId: bigint; producerEpoch: number } | undefined
  #failure: TickhouseError | undefined
  readonly #failures = new Map<number, number>()
  readonly #ended = new AbortController()
  #pumping = false
  #again = false
  #onIdle: () => void = () => {}

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#producer = withErrorListener(new Producer({ ...options.client, idempotent: true }))
    const { topics, partitions } = options
    this.#producers = [...topics.keys()].flatMap((topic, index) =>
      Array.from(
        { length: partitions },
        (_, partition) => new PartitionProducer(topic, partition, index * partitions + partition),
      ),
    )
  }

  /**
   * Resolves when all in-sync replicas have the records. A partition has one batch in flight; further appends wait in
   * order.
   */
  append(partition: number, records: readonly LogRecord[]): Promise<number> {
    const recordBytesMax = this.#options.messageBytesMax - BATCH_OVERHEAD_BYTES
    for (const { payload, ticks } of records) {
      if (!Number.isSafeInteger(ticks) || ticks < 0)
        return Promise.reject(new RangeError(`a record of ${ticks} ticks: it must be a whole number from 0`))
      if (payload.byteLength + RECORD_OVERHEAD_BYTES > recordBytesMax)
        return Promise.reject(
          new RangeError(`a record of ${payload.byteLength} bytes: the topic's limit is ${recordBytesMax}`),
        )
    }
    if (this.#failure) return Promise.reject(this.#failure)
    const appended = this.#producers[partition]!.append(records)
    this.#pump()
    return appended
  }

  /** Rejects all pending and future appends. A batch in flight may or may not be in the log. */
  fail(error: TickhouseError): void {
    this.#failure ??= error
    this.#ended.abort()
    for (const producer of this.#producers) producer.fail(this.#failure)
    this.#onIdle()
  }

  async close(): Promise<void> {
    const failure = closed()
    if (!this.#failure && !this.#idle) {
      const drained = new Promise<void>(resolve => (this.#onIdle = resolve))
      const late = setTimeout(() => this.fail(failure), CLOSE_MS_MAX)
      this.#failure = failure
      await drained
      clearTimeout(late)
    }
    this.#failure ??= failure
    this.#ended.abort()
    await this.#producer.close().catch(() => {})
  }

  get #idle(): boolean {
    return this.#producers.every(producer => producer.idle)
  }

  /** Sends pending batches: one request in flight per leader. Records that arrive meanwhile share the next request. */
  #pump(): void {
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    void (async () => {
      while (this.#again && !this.#ended.signal.aborted) {
        this.#again = false
        await this.#sendReady().catch(error => this.#waitAfter(error, NO_LEADER))
      }
      this.#pumping = false
    })()
  }

  async #sendReady(): Promise<void> {
    this.#identity ??= await this.#producer.initIdempotentProducer({})
    const metadata = await this.#producer.metadata({ topics: [...this.#options.topics.keys()] })
    this.#failures.delete(NO_LEADER)
    for (const [name, id] of this.#options.topics) {
      const found = metadata.topics.get(name)?.id
      if (found !== undefined && found !== id)
        return this.fail(replaced(this.#options.shown, `topic ${name} was deleted and created again`))
    }
    const byLeader = new Map<number, PartitionProducer[]>()
    for (const producer of this.#producers) {
      if (producer.sending || !producer.fillBatch()) continue
      const leader = metadata.topics.get(producer.topic)?.partitions[producer.partition]?.leader ?? NO_LEADER
      if (this.#busy.has(leader)) continue
      const producers = byLeader.get(leader) ?? []
      byLeader.set(leader, producers)
      producers.push(producer)
    }
    for (const [leader, producers] of byLeader) {
      this.#busy.add(leader)
      for (const producer of producers) producer.sending = true
      void this.#send(producers, metadata.brokers.get(leader))
        .then(() => this.#failures.delete(leader))
        .catch(error => this.#waitAfter(error, leader))
        .finally(() => {
          this.#busy.delete(leader)
          for (const producer of producers) producer.sending = false
          if (this.#idle) this.#onIdle()
          else this.#pump()
        })
    }
  }

  /**
   * The failure may be temporary: the leader moved, too few replicas are in sync, the broker is down. The same batches
   * are sent again, to the current leader. Only an error before the first answer (no producer id yet) can be permanent.
   */
  async #waitAfter(error: unknown, leader: number): Promise<void> {
    const named = asKafkaError(error, this.#options.shown)
    if (!named.retryable && this.#identity === undefined) this.fail(named)
    this.#producer.clearMetadata()
    const failures = this.#failures.get(leader) ?? 0
    this.#failures.set(leader, failures + 1)
    const waitMs = Math.min(RETRY_MS_MIN * 2 ** failures, RETRY_MS_MAX)
    await sleep(waitMs, undefined, { signal: this.#ended.signal }).catch(() => {})
    this.#again = true
  }

  /** Throws if the batch of a partition must be sent again. */
  async #send(producers: readonly PartitionProducer[], broker: Broker | undefined): Promise<void> {
    const connection = await this.#producer.connections.get(broker!)
    const messages = producers.flatMap(producer => producer.batch?.messages ?? [])
    const sequences = new NumericMap()
    for (const producer of producers) sequences.set(`${producer.topic}:${producer.partition}`, producer.sequence)
    const options = { ...this.#identity!, sequences }
    const response = await produceV9.api
      .async(connection, ALL_IN_SYNC, REPLICATION_MS_MAX, messages, options)
      .catch(error => {
        // The client throws if any partition has an error; the response is attached.
        if (typeof error.response === 'object') return error.response as ProduceResponse
        throw error
      })
    const again: Error[] = []
    for (const { name, partitionResponses } of (response as ProduceResponse).responses)
      for (const { index, errorCode, baseOffset, errorMessage } of partitionResponses) {
        const producer = producers.find(({ topic, partition }) => topic === name && partition === index)!
        if (errorCode === PROTOCOL.none) {
          const { records, bytes } = producer.acknowledge(Number(baseOffset))
          this.#options.onAppended(producer.logPartition, Number(baseOffset) + records, bytes)
        } else {
          const detail = errorMessage ? ` (${errorMessage})` : ''
          const why = `the broker answered with error ${errorCode}${detail} for ${name} partition ${index}`
          if (!this.#failIfPermanent(errorCode, why)) again.push(new Error(why))
        }
      }
    if (again.length > 0) throw again[0]
  }

  /** True if a retry cannot succeed: then this appender rejects everything. */
  #failIfPermanent(errorCode: number, why: string): boolean {
    const { shown } = this.#options
    if (PERMANENT_ERRORS.includes(errorCode)) {
      const advice = 'See docs/kafka.md for the rights and limits needed, and the logs of the brokers.'
      this.fail(new TickhouseError('log_refused', `${why} at ${shown}`, advice))
      return true
    }
    if (!STATE_LOST_ERRORS.includes(errorCode)) return false
    const advice = 'The cluster may have lost acknowledged records: check it, then run: tickhouse doctor'
    this.fail(new TickhouseError('data_corrupt', `${why}: it lost the state of this producer, at ${shown}`, advice))
    return true
  }
}

/** A retry would fail in the same way. */
const PERMANENT_ERRORS: readonly number[] = [
  PROTOCOL.messageTooLarge,
  PROTOCOL.invalidTopic,
  PROTOCOL.recordListTooLarge,
  PROTOCOL.topicAuthorizationFailed,
  PROTOCOL.clusterAuthorizationFailed,
  PROTOCOL.invalidRecord,
]

/** The broker lost our sequence numbers: under a new producer id a batch could be written twice. */
const STATE_LOST_ERRORS: readonly number[] = [
  PROTOCOL.outOfOrderSequence,
  PROTOCOL.invalidProducerEpoch,
  PROTOCOL.unknownProducerId,
]
