/** Actions of others on the cluster: another client, its records, an administrator's commands. */
import kafkajs, { type Admin, Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs'
import { parseKafkaAddress } from '../../../../src/log/kafka/address.ts'
import type { LogRecord } from '../../../../src/tick/records.ts'
import { createTopic } from './administer.ts'

/** A record as another client writes it, in a partition of its choice. */
export type ForeignMessage = Message & { partition: number }

export class KafkaOutside implements AsyncDisposable {
  /** The topic of trades. */
  readonly topic: string
  /** All topics of ticks, as the log numbers their partitions. */
  readonly #topics: readonly string[]
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
    this.#topics = [this.topic, `${topicPrefix}quotes`]
    this.group = group
    this.#kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })
    this.admin = this.#kafka.admin()
  }

  /** The first offset kept and the next to be given of each partition of the log. */
  async bounds(): Promise<Map<number, { first: number; next: number }>> {
    const bounds = new Map<number, { first: number; next: number }>()
    for (const topic of this.#topics) {
      const offsets = await this.admin.fetchTopicOffsets(topic)
      const before = bounds.size
      for (const { partition, low, high } of offsets)
        bounds.set(before + partition, { first: Number(low), next: Number(high) })
    }
    return bounds
  }

  /** What the group committed, by partition of the log: what ordinary tools subtract from the end to show lag. */
  async committed(): Promise<Map<number, number>> {
    const found = await this.admin.fetchOffsets({ groupId: this.group, topics: [...this.#topics] }).catch(error => {
      // The brokers are still agreeing on who keeps this group's offsets.
      if (error.retriable) return []
      throw error
    })
    const committed = new Map<number, number>()
    for (const topic of this.#topics) {
      const before = committed.size
      for (const { partition, offset } of found.find(one => one.topic === topic)?.partitions ?? [])
        committed.set(before + partition, Number(offset))
    }
    return committed
  }

  async produce(messages: readonly ForeignMessage[]): Promise<void> {
    if (!this.#producer) {
      this.#producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
      await this.#producer.connect()
    }
    await this.#producer.send({ topic: this.topic, acks: -1, messages: [...messages] })
  }

  /** Deletes the topic and creates it again, empty. */
  async recreateTopic(partitions: number): Promise<void> {
    await this.admin.deleteTopics({ topics: [this.topic] })
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
    await createTopic(this.admin, { topic: this.topic, numPartitions: partitions, configEntries })
  }

  /** Forgets the group, or puts its offsets back to the beginning. Only while it has no members, as any tool. */
  async forgetGroup(how: 'deleted' | 'reset'): Promise<void> {
    if (how === 'deleted') await this.admin.deleteGroups([this.group])
    else await this.admin.resetOffsets({ groupId: this.group, topic: this.topic, earliest: true })
  }

  /** Drops the records of a partition below an offset, as retention does. */
  async dropBelow(partition: number, offset: number): Promise<void> {
    await this.admin.deleteTopicRecords({ topic: this.topic, partitions: [{ partition, offset: String(offset) }] })
  }

  /** From now on records carry the time that their producer gives them, however far from now. */
  async useProducersTime(): Promise<void> {
    const settings = { 'message.timestamp.type': 'CreateTime', 'message.timestamp.after.max.ms': '9223372036854775807' }
    const kept = { 'cleanup.policy': 'delete', 'retention.ms': '-1' }
    const configEntries = Object.entries({ ...settings, ...kept }).map(([name, value]) => ({ name, value }))
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: this.topic, configEntries }
    await this.admin.alterConfigs({ validateOnly: false, resources: [resource] })
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
