/**
 * Writes to the topics, each record once. The producing request is sent from here and not by the client's own producer: that one
 * takes a new identity after some failures, and a batch whose outcome was unknown could be written a second time. Here a batch keeps
 * its producer id and sequence number until the broker has answered for it, so that the broker knows a repetition.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BaseOptions, NumericMap, Producer, produceV9 } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { LogRecord } from '../log.ts'
import { outlivingErrors } from './client.ts'
import { asKafkaError, closed, PROTOCOL, replaced } from './errors.ts'
import { PartitionProducer, RECORD_OVERHEAD_BYTES } from './partition-producer.ts'

/** Room for the batch's own header within the topic's limit. */
const BATCH_OVERHEAD_BYTES = 256
const ALL_IN_SYNC = -1
/** How long the leader may wait for its followers before it answers. */
const REPLICATION_MS_MAX = 5_000
const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1_000
/** Kafka's own word for a partition that nobody leads. */
const NO_LEADER = -1
/** A stop waits so long for what was appended before. */
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
  /** Told of what the brokers have acknowledged. */
  appended: (partition: number, below: number, bytes: number) => void
}

export class Appender {
  readonly #options: AppenderOptions
  readonly #producer: Producer
  readonly #producers: PartitionProducer[]
  readonly #busy = new Set<number>()
  #identity: { producerId: bigint; producerEpoch: number } | undefined
  #refusal: TickhouseError | undefined
  readonly #failures = new Map<number, number>()
  readonly #ended = new AbortController()
  #pumping = false
  #again = false
  #onIdle: () => void = () => {}

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#producer = outlivingErrors(new Producer({ ...options.client, idempotent: true }))
    const { topics, partitions } = options
    this.#producers = [...topics.keys()].flatMap((topic, index) =>
      Array.from(
        { length: partitions },
        (_, partition) => new PartitionProducer(topic, partition, index * partitions + partition),
      ),
    )
  }

  /** Resolves when all brokers in sync have the records. Bounded: a partition has one batch on its way, the rest waits in order. */
  append(partition: number, records: readonly LogRecord[]): Promise<number> {
    const recordBytesMax = this.#options.messageBytesMax - BATCH_OVERHEAD_BYTES
    for (const { payload, ticks } of records) {
      if (!Number.isSafeInteger(ticks) || ticks < 0)
        return Promise.reject(new RangeError(`a record of ${ticks} ticks: it must be a whole number from 0`))
      if (payload.byteLength + RECORD_OVERHEAD_BYTES > recordBytesMax)
        return Promise.reject(
          new RangeError(`a record of ${payload.byteLength} bytes: the topic takes ${recordBytesMax}`),
        )
    }
    if (this.#refusal) return Promise.reject(this.#refusal)
    const appended = this.#producers[partition]!.append(records)
    this.#pump()
    return appended
  }

  /** Refuses everything from now on, and what waits. What was on its way may or may not be in the log. */
  fail(error: TickhouseError): void {
    this.#refusal ??= error
    this.#ended.abort()
    for (const producer of this.#producers) producer.fail(this.#refusal)
    this.#onIdle()
  }

  async close(): Promise<void> {
    const refusal = closed()
    if (!this.#refusal && !this.#idle) {
      const drained = new Promise<void>(resolve => (this.#onIdle = resolve))
      const late = setTimeout(() => this.fail(refusal), CLOSE_MS_MAX)
      this.#refusal = refusal
      await drained
      clearTimeout(late)
    }
    this.#refusal ??= refusal
    this.#ended.abort()
    await this.#producer.close().catch(() => {})
  }

  get #idle(): boolean {
    return this.#producers.every(producer => producer.idle)
  }

  /** Sends what waits, a request to each leader that is not answering one. What gathers meanwhile travels together next. */
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
        return this.fail(replaced(this.#options.shown, `topic ${name} was deleted and made again`))
    }
    const byLeader = new Map<number, PartitionProducer[]>()
    for (const producer of this.#producers) {
      if (producer.sending || !producer.fill()) continue
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
   * What failed may pass: the leader moved, too few are in sync, the broker is down. The same batches are sent again, to whoever
   * leads then; only the first word of the brokers decides whether there is any use in it.
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

  /** Throws where a partition's batch is to be sent again. */
  async #send(producers: readonly PartitionProducer[], broker: Broker | undefined): Promise<void> {
    const connection = await this.#producer.connections.get(broker!)
    const messages = producers.flatMap(producer => producer.batch?.messages ?? [])
    const sequences = new NumericMap()
    for (const producer of producers) sequences.set(`${producer.topic}:${producer.partition}`, producer.sequence)
    const options = { ...this.#identity!, sequences }
    const response = await produceV9.api
      .async(connection, ALL_IN_SYNC, REPLICATION_MS_MAX, messages, options)
      .catch(error => {
        // The client throws where one partition of many was refused: the answer is within.
        if (typeof error.response === 'object') return error.response as ProduceResponse
        throw error
      })
    const again: Error[] = []
    for (const { name, partitionResponses } of (response as ProduceResponse).responses)
      for (const { index, errorCode, baseOffset, errorMessage } of partitionResponses) {
        const producer = producers.find(({ topic, partition }) => topic === name && partition === index)!
        if (errorCode === PROTOCOL.none) {
          const { records, bytes } = producer.acknowledge(Number(baseOffset))
          this.#options.appended(producer.logPartition, Number(baseOffset) + records, bytes)
        } else {
          const said = errorMessage ? ` (${errorMessage})` : ''
          const why = `the broker answered with error ${errorCode}${said} for ${name} partition ${index}`
          if (!this.#ends(errorCode, why)) again.push(new Error(why))
        }
      }
    if (again.length > 0) throw again[0]
  }

  /** Is there no use in sending again? Then nothing more is written here. */
  #ends(errorCode: number, why: string): boolean {
    const { shown } = this.#options
    if (NEVER_TAKEN.includes(errorCode)) {
      const advice = 'See docs/kafka.md for the rights and limits needed, and what the brokers say in their own logs.'
      this.fail(new TickhouseError('log_refused', `${why} at ${shown}`, advice))
      return true
    }
    if (!STATE_LOST.includes(errorCode)) return false
    const advice = 'Records that were acknowledged may be lost there: look at the cluster, then run: tickhouse doctor'
    this.fail(new TickhouseError('data_corrupt', `${why}: it forgot what we wrote before, at ${shown}`, advice))
    return true
  }
}

/** Nothing that is sent again would be taken. */
const NEVER_TAKEN: readonly number[] = [
  PROTOCOL.messageTooLarge,
  PROTOCOL.invalidTopic,
  PROTOCOL.recordListTooLarge,
  PROTOCOL.topicAuthorizationFailed,
  PROTOCOL.clusterAuthorizationFailed,
  PROTOCOL.invalidRecord,
]

/** The broker lost the sequence of our batches: to go on under a new identity could write one twice. */
const STATE_LOST: readonly number[] = [
  PROTOCOL.outOfOrderSequence,
  PROTOCOL.invalidProducerEpoch,
  PROTOCOL.unknownProducerId,
]
