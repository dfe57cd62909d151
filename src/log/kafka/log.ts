import { Admin, type BaseOptions } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { AssignmentListener } from '../assignment.ts'
import type { Bounds, LoggedRecord, LogRecord, OpenLog, PartitionsOfKind } from '../log.ts'
import type { TrimFloor } from '../retention.ts'
import type { Announcement } from '../status-board.ts'
import { type KafkaAddress, parseKafkaAddress } from './address.ts'
import { Appender } from './appender.ts'
import { BoundsPoller } from './bounds.ts'
import { ANSWER_MS_MAX, asked, clientOptions, outlivingErrors, unanswered } from './client.ts'
import { asKafkaError, closed } from './errors.ts'
import { Fetcher } from './fetcher.ts'
import { Membership } from './group-member.ts'
import { TicksPerRecord } from './message.ts'
import { fetchBounds, KnownBounds, type TopicPartition } from './offsets.ts'
import { checkRange, type ReadOptions, readPartition, recordAt } from './reader.ts'
import { StatusTopic } from './status-topic.ts'
import { addedTo, KINDS, openTopics, placesOf, type Topics, usedTopics } from './topics.ts'

const CLOSED = Symbol('closed')

/**
 * Opens a log on Apache Kafka. In mode `write` its topics are made if they are missing; in mode `read` that is `log_missing`.
 *
 * Throws `address_invalid`, `config_invalid`, `log_unavailable` (retryable: no broker answers), and `log_refused` (credentials,
 * rights, certificates). Once open, brokers that cannot be reached are waited for: appends resolve when they have taken the
 * records, however long that takes, and reject only for good; see docs/decisions/kafka.md.
 */
export async function openKafkaLog(address: string, mode: 'write' | 'read'): Promise<OpenLog> {
  const parsed = parseKafkaAddress(address)
  const client = clientOptions(parsed)
  const admin = outlivingErrors(new Admin(client))
  try {
    const found = await openTopics(admin, parsed, mode)
    const topic = found.stations
    const [bounds] = await fetchBounds(admin, [{ topic, partition: 0 }])
    const stations = await StatusTopic.open({ client, topic, id: found.ids.get(topic)!, mode, bounds: bounds! })
    try {
      const topics = usedTopics(found, stations.partitionsMade, parsed)
      if (mode === 'write' && stations.partitionsMade === undefined) await stations.notePartitions(topics.partitions)
      const places = placesOf(topics)
      const known = new KnownBounds(await fetchBounds(admin, places))
      const unusedPartitions = addedTo(found.counts, topics.partitions)
      return new KafkaLog(parsed, mode, client, admin, topics, places, known, stations, unusedPartitions)
    } catch (error) {
      await stations.close()
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
  /** Other programs may read the topics: nothing is taken from them without being asked to. */
  readonly keepHours = null
  readonly #admin: Admin
  readonly #topics: Topics
  readonly #places: readonly TopicPartition[]
  readonly #bounds: KnownBounds
  readonly #stations: StatusTopic
  readonly #fetcher: Fetcher
  readonly #appender: Appender | undefined
  readonly #membership: Membership
  /** Aborted when the log is closed, or with the error for which it can go on no more. */
  readonly #ended = new AbortController()
  readonly #watch: BoundsPoller
  readonly #means: TicksPerRecord[]

  constructor(
    address: KafkaAddress,
    mode: 'write' | 'read',
    client: BaseOptions,
    admin: Admin,
    topics: Topics,
    places: readonly TopicPartition[],
    bounds: KnownBounds,
    stations: StatusTopic,
    unusedPartitions: number,
  ) {
    this.address = address.shown
    this.partitions = places.length
    this.#admin = admin
    this.#topics = topics
    this.#places = places
    this.#bounds = bounds
    this.#stations = stations
    this.#means = places.map(() => new TicksPerRecord())
    const { names, partitions, messageBytesMax } = topics
    const ids = new Map(names.map(name => [name, topics.ids.get(name)!]))
    this.#fetcher = new Fetcher({
      client,
      topics: ids,
      bounds: (topic, partition, first, next) =>
        this.#bounds.learn(names.indexOf(topic) * partitions + partition, { first, next }),
      topicUnknown: () => void this.#watch.ask(),
    })
    if (mode === 'write')
      this.#appender = new Appender({
        topics: ids,
        partitions,
        messageBytesMax,
        client,
        shown: this.address,
        appended: (partition, below, bytes) => this.#appended(partition, below, bytes),
      })
    this.#membership = new Membership({ client, group: address.group, topics: names, partitions, shown: this.address })
    const lost = (error: TickhouseError) => this.#end(error)
    this.#watch = new BoundsPoller({ admin, topics, unusedPartitions, places, bounds, shown: this.address, lost })
  }

  identity(): string {
    return this.#topics.identity
  }

  partitionsOf(kind: string): PartitionsOfKind {
    // What is of no known kind goes where trades go, and is refused there.
    const index = Math.max(0, (KINDS as readonly string[]).indexOf(kind))
    return { first: index * this.#topics.partitions, count: this.#topics.partitions }
  }

  async append(partition: number, records: readonly LogRecord[]): Promise<number> {
    this.#check(partition)
    const appender = this.#writing()
    if (records.length === 0) return this.#bounds.of(partition).next
    for (const { ticks } of records) this.#means[partition]!.learn(ticks)
    return await appender.append(partition, records)
  }

  async *read(
    partition: number,
    fromOffset: number,
    signal: AbortSignal,
    after?: LoggedRecord,
  ): AsyncGenerator<LoggedRecord[], void> {
    const slices = readPartition({ ...this.#reading(partition, signal), from: fromOffset, after })
    for await (const slice of slices) {
      for (const { ticks } of slice) this.#means[partition]!.learn(ticks)
      yield slice
    }
  }

  async record(partition: number, offset: number): Promise<LoggedRecord | undefined> {
    const bounds = await this.refresh(partition)
    if (offset < bounds.first) return undefined
    checkRange(partition, offset + 1, bounds)
    const late = AbortSignal.timeout(ANSWER_MS_MAX)
    const entry = await recordAt(this.#reading(partition, late), offset)
    if (!entry && late.aborted) throw unanswered(this.address)
    return entry
  }

  #reading(partition: number, signal: AbortSignal): Omit<ReadOptions, 'from' | 'after'> {
    this.#check(partition)
    const { topic, partition: topicPartition } = this.#places[partition]!
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
    const [bounds] = await asked(this.address, () => fetchBounds(this.#admin, [this.#places[partition]!]))
    this.#bounds.learn(partition, bounds!)
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
      for await (const slice of this.read(partition, start, silent.signal)) {
        late.refresh()
        for (const entry of slice) if (entry.offset < end) ticks += entry.ticks
        if (slice.at(-1)!.offset + 1 >= end) return ticks
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
    await this.#membership.join(listener, signal)
  }

  noteStored(partition: number, below: number): void {
    this.#membership.noteStored(partition, below)
  }

  async trim(partition: number, floor: TrimFloor): Promise<number> {
    this.#check(partition)
    const { first, next } = await this.refresh(partition)
    const below = Math.min(floor.storedBelow, floor.archivedBelow, next)
    if (below <= first) return 0
    const { topic, partition: topicPartition } = this.#places[partition]!
    const offset = { partition: topicPartition, offset: BigInt(below) }
    await asked(this.address, () => this.#admin.deleteRecords({ topics: [{ name: topic, partitions: [offset] }] }))
    this.#bounds.learn(partition, { first: below })
    return below - first
  }

  unusedPartitions(): number {
    return this.#watch.unusedPartitions
  }

  sizeBytes(): number {
    return this.#watch.sizeBytes
  }

  unreachableSinceMs(): number | null {
    return this.#stations.unreachableSinceMs
  }

  async announce(station: string, body: unknown): Promise<void> {
    this.#writing()
    await asked(this.address, () => this.#stations.announce(station, body))
  }

  announcements(): Announcement[] {
    return this.#stations.all
  }

  async close(): Promise<void> {
    if (this.#ended.signal.reason === CLOSED) return
    this.#watch.stop()
    await this.#appender?.close()
    this.#ended.abort(CLOSED)
    await Promise.all([
      this.#membership.close(),
      this.#fetcher.close(),
      this.#stations.close(),
      this.#admin.close().catch(() => {}),
    ])
  }

  #appended(partition: number, below: number, bytes: number): void {
    this.#watch.sizeBytes += bytes
    this.#bounds.learn(partition, { next: below })
  }

  /** It can go on no more: readers and writers are told. */
  #end(error: TickhouseError): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort(error)
    this.#appender?.fail(error)
  }

  #writing(): Appender {
    this.#checkOpen()
    if (this.#appender) return this.#appender
    throw new TickhouseError(
      'data_unwritable',
      `the log at ${this.address} is open for reading only`,
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
