/** The status board on Kafka: a compacted topic with one key per process, read into memory. */
import { type BaseOptions, Producer, type RecordsBatch, stringSerializer } from '@platformatic/kafka'
import type { Bounds } from '../log.ts'
import type { Announcement } from '../status-board.ts'
import { withErrorListener } from './client.ts'
import { unavailable } from './errors.ts'
import { Fetcher, type PendingFetch } from './fetcher.ts'

/** The key of the log's own properties: no process announces under it. */
const LOG = '@log'
const RETRIES_MAX = 3
/** The topic is fetched all the time, and brokers answer within a fraction of this. */
const ANSWERS_APART_MS_MAX = 2_000
const CATCH_UP_MS_MAX = 15_000
/** `acks` of all in-sync replicas. */
const ACKNOWLEDGED_BY_ALL = -1

export interface StatusTopicOptions {
  client: BaseOptions
  topic: string
  /** The topic's own id. */
  id: string
  mode: 'write' | 'read'
  /** The topic's bounds at opening. */
  bounds: Bounds
}

export class StatusTopic {
  readonly #topic: string
  readonly #fetcher: Fetcher
  readonly #producer: Producer<string, string> | undefined
  readonly #last = new Map<string, Announcement>()
  readonly #pending: PendingFetch
  #first: number

  /** Resolves when all earlier announcements are read. */
  static async open(options: StatusTopicOptions): Promise<StatusTopic> {
    const { promise: caughtUp, resolve, reject } = Promise.withResolvers<void>()
    const statusTopic = new StatusTopic(options, next => next >= options.bounds.next && resolve())
    if (options.bounds.next === options.bounds.first) return statusTopic
    const late = setTimeout(() => reject(unavailable(`no broker answers for topic ${options.topic}`)), CATCH_UP_MS_MAX)
    try {
      await caughtUp
      return statusTopic
    } catch (error) {
      await statusTopic.close()
      throw error
    } finally {
      clearTimeout(late)
    }
  }

  private constructor({ client, topic, id, mode, bounds }: StatusTopicOptions, reached: (next: number) => void) {
    this.#topic = topic
    this.#first = bounds.first
    this.#fetcher = new Fetcher({
      client,
      topics: new Map([[topic, id]]),
      bounds: (_topic, _partition, first) => (this.#first = first),
      topicUnknown: () => {},
    })
    if (mode === 'write')
      this.#producer = withErrorListener(
        new Producer({
          ...client,
          retries: RETRIES_MAX,
          serializers: { key: stringSerializer, value: stringSerializer },
        }),
      )
    const pending: PendingFetch = {
      topic,
      partition: 0,
      next: bounds.first,
      lastEpoch: -1,
      onBatches: batches => {
        pending.next = this.#readBatches(batches, pending.next)
        reached(pending.next)
        this.#fetcher.add(pending)
      },
      onOutOfRange: () => {
        // Compaction moved the first offset; the latest announcements follow it.
        pending.next = this.#first
        this.#fetcher.add(pending)
      },
      onDiverged: () => {},
      onUnreadable: () => {},
    }
    this.#pending = pending
    this.#fetcher.add(pending)
  }

  async announce(key: string, body: unknown): Promise<void> {
    const announcement: Announcement = { key, atMs: Date.now(), body }
    const value = JSON.stringify({ atMs: announcement.atMs, body })
    await this.#producer!.send({
      messages: [{ topic: this.#topic, partition: 0, key, value }],
      acks: ACKNOWLEDGED_BY_ALL,
    })
    this.#update(announcement)
  }

  /**
   * Since when no broker has answered, ms since 1970 UTC; null if they answer. A fetch of this topic is always pending.
   */
  get unreachableSinceMs(): number | null {
    const { answeredMs } = this.#fetcher
    return Date.now() - answeredMs > ANSWERS_APART_MS_MAX ? answeredMs : null
  }

  /** Partitions per topic when the log was created; undefined if no process has stored the number. */
  get partitionsAtCreation(): number | undefined {
    const body = this.#last.get(LOG)?.body as { partitions?: unknown } | undefined
    return Number.isSafeInteger(body?.partitions) ? (body!.partitions as number) : undefined
  }

  /** Stores it for all later openings. */
  async storePartitionCount(partitions: number): Promise<void> {
    await this.announce(LOG, { partitions })
  }

  get all(): Announcement[] {
    const announcements = [...this.#last.values()].filter(({ key }) => key !== LOG)
    return announcements.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async close(): Promise<void> {
    this.#fetcher.cancel(this.#pending)
    await Promise.all([this.#fetcher.close(), this.#producer?.close(true).catch(() => {})])
  }

  #readBatches(batches: readonly RecordsBatch[], from: number): number {
    let next = from
    for (const batch of batches) {
      for (const { offsetDelta, key, value } of batch.records)
        if (Number(batch.firstOffset) + offsetDelta >= from && key && value)
          this.#readAnnouncement(key.toString(), value.toString())
      next = Number(batch.firstOffset) + batch.lastOffsetDelta + 1
    }
    return Math.max(next, from)
  }

  /** Ignores messages of other programs. */
  #readAnnouncement(key: string, text: string): void {
    try {
      const { atMs, body } = JSON.parse(text) as Announcement
      if (typeof atMs === 'number') this.#update({ key, atMs, body })
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }

  /** Own announcements are in memory before they are read back: an older one must not replace them. */
  #update(announcement: Announcement): void {
    const { key, atMs } = announcement
    if ((this.#last.get(key)?.atMs ?? 0) <= atMs) this.#last.set(key, announcement)
  }
}
