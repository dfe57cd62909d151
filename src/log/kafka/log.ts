import { Admin, type BaseOptions } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { AssignmentListener } from '../assignment.ts'
import type { Bounds, LoggedRecord, LogRecord, OpenLog, PartitionsOfKind } from '../log.ts'
import type { TrimFloor } from '../retention.ts'
import type { Announcement } from '../status-board.ts'
import { type KafkaAddress, parseKafkaAddress } from './address.ts'
import { Appender } from './appender.ts'
import { fetchBounds, KnownBounds, type TopicPartition } from './bounds.ts'
import { BoundsPoller } from './bounds-poller.ts'
import { ANSWER_MS_MAX, clientOptions, unanswered, withErrorListener, withTimeout } from './client.ts'
import { asKafkaError, closed } from './errors.ts'
import { Fetcher } from './fetcher.ts'
import { GroupMember } from './group-member.ts'
import { TicksPerRecord } from './message.ts'
import { checkRange, type ReadOptions, readPartition, recordAt } from './reader.ts'
import { StatusTopic } from './status-topic.ts'
import { countUnused, KINDS, openTopics, type Topics, topicPartitionsOf, usedTopics } from './topics.ts'

const CLOSED = Symbol('closed')

/**
 * Opens a log on Apache Kafka. Mode `write` creates missing topics; mode `read` throws `log_missing` (retryable).
 *
 * Throws `address_invalid`, `config_invalid`, `log_unavailable` (retryable: no broker answers), and `log_refused`
 * (credentials, rights, certificates). Once open, it waits for unreachable brokers: appends resolve when the brokers
 * have the records, however long that takes, and reject only with permanent errors; see docs/decisions/kafka.md.
 */
export async function openKafkaLog(address: string, mode: 'write' | 'read'): Promise<OpenLog> {
  const parsed = parseKafkaAddress(address)
  const client = clientOptions(parsed)
  const admin = withErrorListener(new Admin(client))
  try {
    const found = await openTopics(admin, parsed, mode)
    const topic = found.statusTopic
    const [bounds] = await fetchBounds(admin, [{ topic, partition: 0 }])
    const statusTopic = await StatusTopic.open({ client, topic, id: found.ids.get(topic)!, mode, bounds: bounds! })
    try {
      const topics = usedTopics(found, statusTopic.partitionsAtCreation, parsed)
      if (mode === 'write' && statusTopic.partitionsAtCreation === undefined)
        await statusTopic.storePartitionCount(topics.partitions)
      const topicPartitions = topicPartitionsOf(topics)
      const known = new KnownBounds(await fetchBounds(admin, topicPartitions))
      const unusedPartitions = countUnused(found.counts, topics.partitions)
      return new KafkaLog(parsed, mode, client, admin, topics, topicPartitions, known, statusTopic, unusedPartitions)
    } catch (error) {
      await statusTopic.close()
      throw error
    }
  } catch (error) {
    await admin.close().catch(() => {})
    throw asKafkaError(error, parsed.shown)
  }
}

class KafkaLog implements OpenLog {
  readonly address: string
  readonly partitions: number
  /** Other programs may read the topics: records are dropped only by a setting. */
  readonly keepHours = null
  readonly #admin: Admin
  readonly #topics: Topics
  readonly #topicPartitions: readonly TopicPartition[]
  readonly #bounds: KnownBounds
  readonly #statusTopic: StatusTopic
  readonly #fetcher: Fetcher
  readonly #appender: Appender | undefined
  readonly #groupMember: GroupMember
  /** Aborted with `CLOSED`, or with the permanent error that ended this log. */
  readonly #ended = new AbortController()
  readonly #poller: BoundsPoller
  readonly #means: TicksPerRecord[]

  constructor(
    address: KafkaAddress,
    mode: 'write' | 'read',
    client: BaseOptions,
    admin: Admin,
    topics: Topics,
    topicPartitions: readonly TopicPartition[],
    bounds: KnownBounds,
    statusTopic: StatusTopic,
    unusedPartitions: number,
  ) {
    const { shown } = address
    this.address = shown
    this.partitions = topicPartitions.length
    this.#admin = admin
    this.#topics = topics
    this.#topicPartitions = topicPartitions
    this.#bounds = bounds
    this.#statusTopic = statusTopic
    this.#means = topicPartitions.map(() => new TicksPerRecord())
    const { names, partitions, messageBytesMax } = topics
    const ids = new Map(names.map(name => [name, topics.ids.get(name)!]))
    this.#fetcher = new Fetcher({
      client,
      topics: ids,
      bounds: (topic, partition, first, next) =>
        this.#bounds.update(names.indexOf(topic) * partitions + partition, { first, next }),
      topicUnknown: () => void this.#poller.poll(),
    })
    if (mode === 'write')
      this.#appender = new Appender({
        topics: ids,
        partitions,
        messageBytesMax,
        client,
        shown,
        onAppended: (partition, below, bytes) => this.#appended(partition, below, bytes),
      })
    this.#groupMember = new GroupMember({ client, group: address.group, topics: names, partitions, shown })
    const onReplaced = (error: TickhouseError) => this.#end(error)
    this.#poller = new BoundsPoller({ admin, topics, unusedPartitions, topicPartitions, bounds, shown, onReplaced })
  }

  identity(): string {
    return this.#topics.identity
  }

  partitionsOf(kind: string): PartitionsOfKind {
    // A kind without a topic of its own shares that of trades: each message states its kind.
    const index = Math.max(0, (KINDS as readonly string[]).indexOf(kind))
    return { first: index * this.#topics.partitions, count: this.#topics.partitions }
  }

  async append(partition: number, records: readonly LogRecord[]): Promise<number> {
    this.#check(partition)
    const appender = this.#requireAppender()
    if (records.length === 0) return this.#bounds.of(partition).next
    for (const { ticks } of records) this.#means[partition]!.add(ticks)
    return await appender.append(partition, records)
  }

  async *read(
    partition: number,
    fromOffset: number,
    signal: AbortSignal,
    after?: LoggedRecord,
  ): AsyncGenerator<LoggedRecord[], void> {
    const chunks = readPartition({ ...this.#readOptions(partition, signal), from: fromOffset, after })
    for await (const chunk of chunks) {
      for (const { ticks } of chunk) this.#means[partition]!.add(ticks)
      yield chunk
    }
  }

  async record(partition: number, offset: number): Promise<LoggedRecord | undefined> {
    const bounds = await this.refresh(partition)
    if (offset < bounds.first) return undefined
    checkRange(partition, offset + 1, bounds)
    const late = AbortSignal.timeout(ANSWER_MS_MAX)
    const record = await recordAt(this.#readOptions(partition, late), offset)
    if (!record && late.aborted) throw unanswered(this.address)
    return record
  }

  #readOptions(partition: number, signal: AbortSignal): Omit<ReadOptions, 'from' | 'after'> {
    this.#check(partition)
    const { topic, partition: topicPartition } = this.#topicPartitions[partition]!
    return {
      fetcher: this.#fetcher,
      topic,
      topicPartition,
      kind: KINDS[this.#topics.names.indexOf(topic)]!,
      partition,
      signal: AbortSignal.any([signal, this.#ended.signal]),
      bounds: () => this.bounds(partition),
      refresh: () => this.refresh(partition),
    }
  }

  bounds(partition: number): Bounds {
    this.#check(partition)
    return this.#bounds.of(partition)
  }

  async refresh(partition: number): Promise<Bounds> {
    this.#check(partition)
    this.#checkOpen()
    const [bounds] = await withTimeout(this.address, () =>
      fetchBounds(this.#admin, [this.#topicPartitions[partition]!]),
    )
    this.#bounds.update(partition, bounds!)
    return bounds!
  }

  async countTicks(partition: number, from: number, below: number): Promise<number> {
    const { first, next } = await this.refresh(partition)
    const [start, end] = [Math.max(from, first), Math.min(below, next)]
    let ticks = 0
    if (start >= end) return ticks
    const silent = new AbortController()
    const late = setTimeout(() => silent.abort(), ANSWER_MS_MAX)
    try {
      for await (const chunk of this.read(partition, start, silent.signal)) {
        late.refresh()
        for (const record of chunk) if (record.offset < end) ticks += record.ticks
        if (chunk.at(-1)!.offset + 1 >= end) return ticks
      }
    } finally {
      clearTimeout(late)
    }
    throw silent.signal.aborted ? unanswered(this.address) : closed()
  }

  estimateTicks(partition: number, from: number, below: number): number {
    this.#check(partition)
    return Math.round(this.#means[partition]!.mean * Math.max(0, below - from))
  }

  async join(listener: AssignmentListener, signal: AbortSignal): Promise<void> {
    await this.#groupMember.join(listener, signal)
  }

  noteStored(partition: number, below: number): void {
    this.#groupMember.noteStored(partition, below)
  }

  async trim(partition: number, floor: TrimFloor): Promise<number> {
    this.#check(partition)
    const { first, next } = await this.refresh(partition)
    const below = Math.min(floor.storedBelow, floor.archivedBelow, next)
    if (below <= first) return 0
    const { topic, partition: topicPartition } = this.#topicPartitions[partition]!
    const offset = { partition: topicPartition, offset: BigInt(below) }
    await withTimeout(this.address, () =>
      this.#admin.deleteRecords({ topics: [{ name: topic, partitions: [offset] }] }),
    )
    this.#bounds.update(partition, { first: below })
    return below - first
  }

  unusedPartitions(): number {
    return this.#poller.unusedPartitions
  }

  sizeBytes(): number {
    return this.#poller.sizeBytes
  }

  unreachableSinceMs(): number | null {
    return this.#statusTopic.unreachableSinceMs
  }

  async announce(key: string, body: unknown): Promise<void> {
    this.#requireAppender()
    await withTimeout(this.address, () => this.#statusTopic.announce(key, body))
  }

  announcements(prefix = ''): Announcement[] {
    return this.#statusTopic.all.filter(({ key }) => key.startsWith(prefix))
  }

  async close(): Promise<void> {
    if (this.#ended.signal.reason === CLOSED) return
    this.#poller.stop()
    await this.#appender?.close()
    this.#ended.abort(CLOSED)
    await Promise.all([
      this.#groupMember.close(),
      this.#fetcher.close(),
      this.#statusTopic.close(),
      this.#admin.close().catch(() => {}),
    ])
  }

  #appended(partition: number, below: number, bytes: number): void {
    this.#poller.sizeBytes += bytes
    this.#bounds.update(partition, { next: below })
  }

  /** Ends all reads and appends with a permanent error. */
  #end(error: TickhouseError): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort(error)
    this.#appender?.fail(error)
  }

  #requireAppender(): Appender {
    this.#checkOpen()
    if (this.#appender) return this.#appender
    throw new TickhouseError(
      'data_unwritable',
      `the log at ${this.address} is open read-only`,
      'Write through the process that records.',
    )
  }

  #checkOpen(): void {
    const { reason } = this.#ended.signal
    if (reason === CLOSED) throw closed()
    if (reason) throw reason
  }

  #check(partition: number): void {
    if (Number.isInteger(partition) && partition >= 0 && partition < this.partitions) return
    throw new RangeError(`partition ${partition}: the log has ${this.partitions}`)
  }
}
