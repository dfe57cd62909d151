/** What others do to a Kafka that the house uses: another client than ours, another's records, an administrator's hand. */
import { type Admin, Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs'
import { parseKafkaAddress } from '../../src/log/kafka-address.ts'
import type { LogRecord } from '../../src/tick/records.ts'

/** A record as another client writes it, in a partition of its choice. */
export type ForeignMessage = Message & { partition: number }

export class KafkaOutside implements AsyncDisposable {
  /** The topic of trades. */
  readonly topic: string
  readonly group: string
  readonly admin: Admin
  readonly #kafka: Kafka
  #producer: Producer | undefined

  /** `address` is that of the log. */
  static async connect(address: string): Promise<KafkaOutside> {
    const outside = new KafkaOutside(address)
    await outside.admin.connect()
    return outside
  }

  private constructor(address: string) {
    const { brokers, topicPrefix, group } = parseKafkaAddress(address)
    this.topic = `${topicPrefix}trades`
    this.group = group
    this.#kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })
    this.admin = this.#kafka.admin()
  }

  /** The first offset kept and the next to be given of each partition. */
  async bounds(): Promise<Map<number, { first: number; next: number }>> {
    const offsets = await this.admin.fetchTopicOffsets(this.topic)
    return new Map(offsets.map(({ partition, low, high }) => [partition, { first: Number(low), next: Number(high) }]))
  }

  /** What the group committed, by partition: what ordinary tools subtract from the end to show lag. */
  async committed(): Promise<Map<number, number>> {
    const [found] = await this.admin.fetchOffsets({ groupId: this.group, topics: [this.topic] })
    return new Map(found!.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
  }

  async produce(messages: readonly ForeignMessage[]): Promise<void> {
    if (!this.#producer) {
      this.#producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
      await this.#producer.connect()
    }
    await this.#producer.send({ topic: this.topic, acks: -1, messages: [...messages] })
  }

  /** Makes the topic anew, empty, as a person does who deletes it and creates it again. */
  async recreateTopic(partitions: number): Promise<void> {
    await this.admin.deleteTopics({ topics: [this.topic] })
    await this.admin.createTopics({ topics: [{ topic: this.topic, numPartitions: partitions }], waitForLeaders: true })
  }

  /** A member of a group of its own that is given every record and never comes back for more. */
  async blockedReader(): Promise<AsyncDisposable> {
    const consumer = this.#kafka.consumer({ groupId: `${this.group}-blocked` })
    await consumer.connect()
    await consumer.subscribe({ topic: this.topic, fromBeginning: true })
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const { promise: blocked, resolve: block } = Promise.withResolvers<void>()
    await consumer.run({
      eachMessage: () => {
        block()
        return released
      },
    })
    await blocked
    return {
      [Symbol.asyncDispose]: async () => {
        release()
        await consumer.disconnect()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer?.disconnect()
    await this.admin.disconnect()
  }
}

/** A log record as another client would write it, with our headers. */
export function foreignRecord(partition: number, { kind, format, version, ticks, payload }: LogRecord): ForeignMessage {
  const headers = { kind, format, version: String(version), ticks: String(ticks) }
  return { partition, value: Buffer.from(payload), headers }
}
