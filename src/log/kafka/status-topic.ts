/** What stations last said of themselves: a compacted topic, one key a station, followed into memory. */
import { type BaseOptions, Producer, type RecordsBatch, stringSerializer } from '@platformatic/kafka'
import type { Bounds } from '../log.ts'
import type { Announcement } from '../status-board.ts'
import { outlivingErrors } from './client.ts'
import { unavailable } from './errors.ts'
import { Fetcher, type Waiting } from './fetcher.ts'

/** The key under which the log says what it was when it was made: no station has such a name. */
const LOG = '@log'
const RETRIES_MAX = 3
/** They are asked all the time and answer within a fraction of this. */
const ANSWERS_APART_MS_MAX = 2_000
const CATCH_UP_MS_MAX = 15_000
/** An announcement is replaced by the next a second later: an old one need not arrive. */
const ACKNOWLEDGED_BY_ALL = -1

export interface StatusTopicOptions {
  client: BaseOptions
  topic: string
  /** The topic's own id. */
  id: string
  mode: 'write' | 'read'
  /** Where the topic stands at the opening. */
  bounds: Bounds
}

export class StatusTopic {
  readonly #topic: string
  readonly #fetcher: Fetcher
  readonly #producer: Producer<string, string> | undefined
  readonly #last = new Map<string, Announcement>()
  readonly #waiting: Waiting
  #first: number

  /** Resolves when all that had been announced before is known. */
  static async open(options: StatusTopicOptions): Promise<StatusTopic> {
    const { promise: caughtUp, resolve, reject } = Promise.withResolvers<void>()
    const stations = new StatusTopic(options, next => next >= options.bounds.next && resolve())
    if (options.bounds.next === options.bounds.first) return stations
    const late = setTimeout(() => reject(unavailable(`topic ${options.topic} is not answered for`)), CATCH_UP_MS_MAX)
    try {
      await caughtUp
      return stations
    } catch (error) {
      await stations.close()
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
      this.#producer = outlivingErrors(
        new Producer({
          ...client,
          retries: RETRIES_MAX,
          serializers: { key: stringSerializer, value: stringSerializer },
        }),
      )
    const waiting: Waiting = {
      topic,
      partition: 0,
      next: bounds.first,
      lastEpoch: -1,
      found: batches => {
        waiting.next = this.#take(batches, waiting.next)
        reached(waiting.next)
        this.#fetcher.want(waiting)
      },
      outOfRange: () => {
        // Compaction moved the beginning on; what is kept comes again.
        waiting.next = this.#first
        this.#fetcher.want(waiting)
      },
      diverged: () => {},
      unreadable: () => {},
    }
    this.#waiting = waiting
    this.#fetcher.want(waiting)
  }

  async announce(station: string, body: unknown): Promise<void> {
    const said: Announcement = { station, atMs: Date.now(), body }
    const value = JSON.stringify({ atMs: said.atMs, body })
    await this.#producer!.send({
      messages: [{ topic: this.#topic, partition: 0, key: station, value }],
      acks: ACKNOWLEDGED_BY_ALL,
    })
    this.#keep(said)
  }

  /** Since when no broker has answered, ms since 1970 UTC; null if they answer. Here somebody always waits for them. */
  get unreachableSinceMs(): number | null {
    const { answeredMs } = this.#fetcher
    return Date.now() - answeredMs > ANSWERS_APART_MS_MAX ? answeredMs : null
  }

  /** How many partitions the log had when it was made; undefined if nobody has noted it. */
  get partitionsMade(): number | undefined {
    const body = this.#last.get(LOG)?.body as { partitions?: unknown } | undefined
    return Number.isSafeInteger(body?.partitions) ? (body!.partitions as number) : undefined
  }

  /** Notes it, for every opening from now on. */
  async notePartitions(partitions: number): Promise<void> {
    await this.announce(LOG, { partitions })
  }

  get all(): Announcement[] {
    const stations = [...this.#last.values()].filter(({ station }) => station !== LOG)
    return stations.sort((a, b) => (a.station < b.station ? -1 : 1))
  }

  async close(): Promise<void> {
    this.#fetcher.forget(this.#waiting)
    await Promise.all([this.#fetcher.close(), this.#producer?.close(true).catch(() => {})])
  }

  #take(batches: readonly RecordsBatch[], from: number): number {
    let next = from
    for (const batch of batches) {
      for (const { offsetDelta, key, value } of batch.records)
        if (Number(batch.firstOffset) + offsetDelta >= from && key && value)
          this.#read(key.toString(), value.toString())
      next = Number(batch.firstOffset) + batch.lastOffsetDelta + 1
    }
    return Math.max(next, from)
  }

  /** Another program's words on this topic are none of ours. */
  #read(station: string, text: string): void {
    try {
      const { atMs, body } = JSON.parse(text) as Announcement
      if (typeof atMs === 'number') this.#keep({ station, atMs, body })
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }

  /** An own announcement is known before it is read back, and must not be replaced by one before it. */
  #keep(said: Announcement): void {
    if ((this.#last.get(said.station)?.atMs ?? 0) <= said.atMs) this.#last.set(said.station, said)
  }
}
