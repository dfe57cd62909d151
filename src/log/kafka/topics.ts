/** The topics of a log: creates missing ones, checks the settings of existing ones, and identifies them by topic id. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, ConfigResourceTypes } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { KafkaAddress } from './address.ts'
import type { TopicPartition } from './bounds.ts'
import { isProtocolError, PROTOCOL, replaced, unavailable } from './errors.ts'

/** The kinds of ticks, each with its topic. The log numbers their partitions in this order. */
export const KINDS = ['trades', 'quotes'] as const
/** Limit of a record, also of other writers; our largest are those of refused frames. */
const MESSAGE_BYTES_MAX = 16 * 2 ** 20
const REPLICATION_DEFAULT = 3
/** Shorter retention drops ticks before a lagging store has them. */
const RETENTION_MS_MIN = 3_600_000
const RETENTION_BYTES_MIN = 256 * 2 ** 20
const CREATE_MS_MAX = 20_000
const POLL_MS = 100

export interface Topics {
  /** The topic of each of `KINDS`. */
  names: readonly string[]
  statusTopic: string
  /** The topic ids of all three: a topic created again under the same name has another id. */
  ids: ReadonlyMap<string, string>
  /** Partitions used of each topic of ticks: as many as it had when the log was created. */
  partitions: number
  /** Names the log permanently: the topic ids, and the number of partitions used of each. */
  identity: string
  messageBytesMax: number
}

/** The topics as the brokers have them, before the number of used partitions is known. */
export interface FoundTopics extends Omit<Topics, 'partitions' | 'identity'> {
  /** Partitions of the topic of each of `KINDS`. */
  counts: readonly number[]
}

/**
 * Finds the topics; in mode `write`, creates missing ones. Throws `log_missing` (retryable), `config_invalid` for
 * settings that would lose ticks or move them to another day, or the client's errors.
 */
export async function openTopics(admin: Admin, address: KafkaAddress, mode: 'write' | 'read'): Promise<FoundTopics> {
  const names = KINDS.map(kind => `${address.topicPrefix}${kind}`)
  const statusTopic = `${address.topicPrefix}stations`
  const existing = new Set(await admin.listTopics())
  const missing = [...names, statusTopic].filter(name => !existing.has(name))
  if (missing.length > 0) {
    if (mode === 'read') throw topicsMissing(address, missing)
    await createTopics(admin, address, missing, statusTopic)
  }
  const { counts, ids } = await awaitTopics(admin, names, statusTopic)
  return { names, statusTopic, ids, counts, messageBytesMax: await checkSettings(admin, address, names) }
}

/**
 * The topics with the number of partitions that the log uses: `partitionsAtCreation`, or the fewest of any topic if
 * that is not stored (all start with the same number, and Kafka can only add partitions). Throws `config_invalid` if
 * the address has another number, `log_replaced` if a topic has fewer.
 */
export function usedTopics(
  found: FoundTopics,
  partitionsAtCreation: number | undefined,
  address: KafkaAddress,
): Topics {
  const { counts, ...topics } = found
  const fewest = Math.min(...counts)
  const partitions = partitionsAtCreation ?? fewest
  if (fewest < partitions)
    throw replaced(address.shown, `it was created with ${partitions} partitions per topic, and a topic has ${fewest}`)
  if (address.partitions !== undefined && address.partitions !== partitions)
    throw new TickhouseError(
      'config_invalid',
      `the log at ${address.shown} uses ${partitions} partitions of each topic, not ${address.partitions}`,
      `Set partitions=${partitions}, or start a new log with another topicPrefix: a symbol must stay in its partition.`,
    )
  const ids = topics.names.map(name => topics.ids.get(name)!)
  return { ...topics, partitions, identity: identityOf(ids, partitions) }
}

/** The partitions of the log in order: those of the first kind, then those of the second. */
export function topicPartitionsOf(topics: Topics): TopicPartition[] {
  return topics.names.flatMap(topic =>
    Array.from({ length: topics.partitions }, (_, partition) => ({ topic, partition })),
  )
}

/** Partitions added to the topics after the log was created. */
export const countUnused = (counts: readonly number[], partitions: number): number =>
  counts.reduce((sum, count) => sum + Math.max(0, count - partitions), 0)

export const identityOf = (ids: readonly string[], partitions: number): string =>
  `kafka:${ids.join(':')}:${ids.map(() => partitions).join('+')}`

/** Fetches the current ids and partition counts of topics. */
export async function currentTopics(
  admin: Admin,
  names: readonly string[],
): Promise<{ ids: string[]; counts: number[] }> {
  const { topics } = await admin.metadata({ topics: [...names], forceUpdate: true })
  const found = names.map(name => topics.get(name)!)
  return { ids: found.map(({ id }) => id), counts: found.map(({ partitionsCount }) => partitionsCount) }
}

async function createTopics(
  admin: Admin,
  address: KafkaAddress,
  missing: string[],
  statusTopic: string,
): Promise<void> {
  const { brokers } = await admin.metadata({ forceUpdate: true })
  const replicas = address.replication ?? Math.min(REPLICATION_DEFAULT, brokers.size)
  const tickSettings = {
    // Compaction would drop ticks: messages have no keys.
    'cleanup.policy': 'delete',
    // The broker's clock: a producer's wrong clock could move a tick to a closed day.
    'message.timestamp.type': 'LogAppendTime',
    // Ticks are dropped by `trim`, once stored and archived, not by age.
    'retention.ms': '-1',
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    // An acknowledged record survives the loss of any one broker, and appends continue without that broker.
    'min.insync.replicas': replicas >= 3 ? '2' : '1',
  }
  // An announcement every second: short segments, so that compaction soon drops replaced ones.
  const statusSettings = {
    ...tickSettings,
    'cleanup.policy': 'compact',
    'segment.ms': '600000',
    'min.cleanable.dirty.ratio': '0.2',
  }
  for (const topic of missing) {
    const configs = Object.entries(topic === statusTopic ? statusSettings : tickSettings).map(([name, value]) => ({
      name,
      value,
    }))
    const partitions = topic === statusTopic ? 1 : address.partitionsAtCreation
    try {
      await admin.createTopics({ topics: [topic], partitions, replicas, configs })
    } catch (error) {
      // Another process was faster: its topic is checked like any other.
      if (isProtocolError(error, PROTOCOL.topicAlreadyExists)) continue
      if (isProtocolError(error, PROTOCOL.invalidReplicationFactor))
        throw unfit(
          topic,
          `cannot have ${replicas} copies`,
          `Set replication=${brokers.size} or less, or start more brokers.`,
        )
      throw error
    }
  }
}

/** Waits until all partitions have a leader: a new topic has none for a short time. */
async function awaitTopics(admin: Admin, names: readonly string[], statusTopic: string) {
  const deadlineMs = performance.now() + CREATE_MS_MAX
  for (;;) {
    try {
      const { topics } = await admin.metadata({ topics: [...names, statusTopic], forceUpdate: true })
      const all = [...names, statusTopic].map(name => topics.get(name)!)
      if (all.every(topic => topic.partitions.every(({ leader }) => leader >= 0))) {
        const counts = names.map(name => topics.get(name)!.partitionsCount)
        return { counts, ids: new Map([...topics].map(([name, { id }]) => [name, id])) }
      }
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
    }
    if (performance.now() > deadlineMs)
      throw unavailable(`topics ${names.join(' and ')} have partitions without a leader`)
    await sleep(POLL_MS)
  }
}

async function checkSettings(admin: Admin, address: KafkaAddress, names: readonly string[]): Promise<number> {
  const resources = names.map(resourceName => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName }))
  let messageBytesMax = MESSAGE_BYTES_MAX
  for (const { resourceName: topic, configs } of await admin.describeConfigs({ resources })) {
    const settings = new Map(configs.map(({ name, value }) => [name, value ?? '']))
    const alter = (setting: string) =>
      `kafka-configs.sh --bootstrap-server ${address.brokers[0]} --alter --entity-type topics --entity-name ${topic} --add-config ${setting}`
    const number = (name: string) => Number(settings.get(name) ?? -1)
    if (settings.get('cleanup.policy')?.includes('compact'))
      throw unfit(topic, 'is compacted: ticks would be dropped', alter('cleanup.policy=delete'))
    if (settings.get('message.timestamp.type') !== 'LogAppendTime')
      throw unfit(
        topic,
        'uses producer timestamps: a wrong clock would move ticks to a closed day',
        alter('message.timestamp.type=LogAppendTime'),
      )
    if (number('retention.ms') >= 0 && number('retention.ms') < RETENTION_MS_MIN)
      throw unfit(topic, `keeps records for ${number('retention.ms')} ms only`, alter('retention.ms=-1'))
    if (number('retention.bytes') >= 0 && number('retention.bytes') < RETENTION_BYTES_MIN)
      throw unfit(topic, `keeps ${number('retention.bytes')} bytes only`, alter('retention.bytes=-1'))
    messageBytesMax = Math.min(messageBytesMax, number('max.message.bytes'))
  }
  return messageBytesMax
}

function unfit(topic: string, what: string, advice: string): TickhouseError {
  return new TickhouseError('config_invalid', `topic ${topic} ${what}`, advice)
}

function topicsMissing(address: KafkaAddress, missing: readonly string[]): TickhouseError {
  return new TickhouseError(
    'log_missing',
    `there is no log at ${address.shown} yet: topic ${missing.join(', ')} is missing`,
    'The recorder creates it when it starts: start it, or check topicPrefix.',
    { retryable: true },
  )
}
