/** The topics of a log: made if they are not there, looked at if they are, and told apart from others of the same name. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, ConfigResourceTypes } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { KafkaAddress } from './address.ts'
import { isProtocolError, PROTOCOL, replaced, unavailable } from './errors.ts'
import type { TopicPartition } from './offsets.ts'

/** The kinds of ticks, each with its topic, in the order in which the log numbers their partitions. */
export const KINDS = ['trades', 'quotes'] as const
/** A record we write, and what others may: refused frames are the largest. */
const MESSAGE_BYTES_MAX = 16 * 2 ** 20
const REPLICATION_DEFAULT = 3
/** Retention shorter than this drops ticks that a store a little behind has not seen. */
const RETENTION_MS_MIN = 3_600_000
const RETENTION_BYTES_MIN = 256 * 2 ** 20
const MADE_MS_MAX = 20_000
const POLL_MS = 100

export interface Topics {
  /** The topic of each of `KINDS`. */
  names: readonly string[]
  stations: string
  /** The brokers' own ids of all three: another topic of the same name has another. */
  ids: ReadonlyMap<string, string>
  /** Partitions of each topic of ticks that the log uses: as many as there were when it was made. */
  partitions: number
  /** Names the log for ever: the topics' own ids, given by the brokers when they were made, and how partitions are numbered. */
  identity: string
  messageBytesMax: number
}

/** The topics as the brokers have them; how many of their partitions the log uses is not known yet. */
export interface FoundTopics extends Omit<Topics, 'partitions' | 'identity'> {
  /** Partitions of the topic of each of `KINDS`. */
  counts: readonly number[]
}

/**
 * Finds the topics, and makes those that are missing where `mode` is write. Throws `log_missing` (retryable), `config_invalid`
 * for settings under which ticks would be lost or change their place, or what the client says.
 */
export async function openTopics(admin: Admin, address: KafkaAddress, mode: 'write' | 'read'): Promise<FoundTopics> {
  const names = KINDS.map(kind => `${address.topicPrefix}${kind}`)
  const stations = `${address.topicPrefix}stations`
  const existing = new Set(await admin.listTopics())
  const missing = [...names, stations].filter(name => !existing.has(name))
  if (missing.length > 0) {
    if (mode === 'read') throw notThereYet(address, missing)
    await makeTopics(admin, address, missing, stations)
  }
  const { counts, ids } = await awaitTopics(admin, names, stations)
  return { names, stations, ids, counts, messageBytesMax: await checkSettings(admin, address, names) }
}

/**
 * The topics with the partitions that the log uses. `made` is how many there were when it was made; undefined if nobody has noted it: then
 * the fewest of any topic, since all began with as many and they can only be added to. Throws `config_invalid` if the address says another
 * number, `log_replaced` if there are fewer.
 */
export function usedTopics(found: FoundTopics, made: number | undefined, address: KafkaAddress): Topics {
  const { counts, ...topics } = found
  const fewest = Math.min(...counts)
  const partitions = made ?? fewest
  if (fewest < partitions)
    throw replaced(address.shown, `it had ${partitions} partitions when it was made, and a topic has ${fewest}`)
  if (address.partitions !== undefined && address.partitions !== partitions)
    throw new TickhouseError(
      'config_invalid',
      `the log at ${address.shown} uses ${partitions} partitions of each topic, ${address.partitions} were asked for`,
      `Say partitions=${partitions}, or begin a new log with another topicPrefix: a symbol must not change its partition.`,
    )
  const ids = topics.names.map(name => topics.ids.get(name)!)
  return { ...topics, partitions, identity: identityOf(ids, partitions) }
}

/** The partitions of the log in their order: those of the first kind, then those of the second. */
export function placesOf(topics: Topics): TopicPartition[] {
  return topics.names.flatMap(topic =>
    Array.from({ length: topics.partitions }, (_, partition) => ({ topic, partition })),
  )
}

/** Partitions that were added to the topics after the log was made. */
export const addedTo = (counts: readonly number[], partitions: number): number =>
  counts.reduce((sum, count) => sum + Math.max(0, count - partitions), 0)

export const identityOf = (ids: readonly string[], partitions: number): string =>
  `kafka:${ids.join(':')}:${ids.map(() => partitions).join('+')}`

/** The ids and the numbers of partitions of topics as they are now. Asks the brokers. */
export async function currentTopics(
  admin: Admin,
  names: readonly string[],
): Promise<{ ids: string[]; counts: number[] }> {
  const { topics } = await admin.metadata({ topics: [...names], forceUpdate: true })
  const found = names.map(name => topics.get(name)!)
  return { ids: found.map(({ id }) => id), counts: found.map(({ partitionsCount }) => partitionsCount) }
}

async function makeTopics(admin: Admin, address: KafkaAddress, missing: string[], stations: string): Promise<void> {
  const { brokers } = await admin.metadata({ forceUpdate: true })
  const replicas = address.replication ?? Math.min(REPLICATION_DEFAULT, brokers.size)
  const ofTicks = {
    // Keys mean nothing here and no tick may go because a later one came.
    'cleanup.policy': 'delete',
    // The log's own clock: a producer's could put a tick into a day that is closed.
    'message.timestamp.type': 'LogAppendTime',
    // Ticks go when they are stored and archived, by `trim`, not when a clock says so.
    'retention.ms': '-1',
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    // An acknowledged record survives the loss of any one broker, and writing goes on without it.
    'min.insync.replicas': replicas >= 3 ? '2' : '1',
  }
  // Announcements come every second: small segments, so that the brokers soon drop those that were replaced.
  const ofStations = {
    ...ofTicks,
    'cleanup.policy': 'compact',
    'segment.ms': '600000',
    'min.cleanable.dirty.ratio': '0.2',
  }
  for (const topic of missing) {
    const configs = Object.entries(topic === stations ? ofStations : ofTicks).map(([name, value]) => ({ name, value }))
    const partitions = topic === stations ? 1 : address.partitionsWhenMade
    try {
      await admin.createTopics({ topics: [topic], partitions, replicas, configs })
    } catch (error) {
      // Another process was faster: its topic is looked at like any other.
      if (isProtocolError(error, PROTOCOL.topicAlreadyExists)) continue
      if (isProtocolError(error, PROTOCOL.invalidReplicationFactor))
        throw unfit(
          topic,
          `cannot have ${replicas} copies`,
          `Say replication=${brokers.size} or less, or start more brokers.`,
        )
      throw error
    }
  }
}

/** A new topic is known to every broker, and led by one, a little after it was made. */
async function awaitTopics(admin: Admin, names: readonly string[], stations: string) {
  const deadlineMs = performance.now() + MADE_MS_MAX
  for (;;) {
    try {
      const { topics } = await admin.metadata({ topics: [...names, stations], forceUpdate: true })
      const all = [...names, stations].map(name => topics.get(name)!)
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
        'has the producers’ timestamps: a wrong clock would move ticks to a closed day',
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

function notThereYet(address: KafkaAddress, missing: readonly string[]): TickhouseError {
  return new TickhouseError(
    'log_missing',
    `there is no log at ${address.shown} yet: topic ${missing.join(', ')} is missing`,
    'The recorder makes it when it starts: start it, or check topicPrefix.',
    { retryable: true },
  )
}
