/** Polls the brokers for partition bounds and log size, and detects deleted or replaced topics. */
import type { Admin } from '@platformatic/kafka'
import type { TickhouseError } from '../../errors.ts'
import { fetchBounds, type KnownBounds, type TopicPartition } from './bounds.ts'
import { replaced } from './errors.ts'
import { countUnused, currentTopics, identityOf, type Topics } from './topics.ts'

/** Appends of other processes are seen within about this time. */
const POLL_EVERY_MS = 1_000
/**
 * A topic missing from this many consecutive answers was deleted; a broker that has just started may not know it yet.
 */
const MISSING_MAX = 5
const MEASURE_EVERY_MS = 15_000

export interface BoundsPollerOptions {
  admin: Admin
  topics: Topics
  /** At opening. */
  unusedPartitions: number
  topicPartitions: readonly TopicPartition[]
  bounds: KnownBounds
  shown: string
  /** Called once, with `log_replaced`, if the topics are no longer those that were opened. */
  onReplaced: (error: TickhouseError) => void
}

export class BoundsPoller {
  readonly #options: BoundsPollerOptions
  readonly #timers: NodeJS.Timeout[]
  /** Bytes on the disks of all brokers, all replicas; 0 before the first answer. */
  sizeBytes = 0
  /** Partitions added to the topics after the log was created. */
  unusedPartitions: number
  #missing = 0
  #polling = false
  #stopped = false

  constructor(options: BoundsPollerOptions) {
    this.#options = options
    this.unusedPartitions = options.unusedPartitions
    this.#timers = [
      setInterval(() => void this.poll(), POLL_EVERY_MS),
      setInterval(() => void this.#measure(), MEASURE_EVERY_MS),
    ]
    void this.#measure()
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** Polls now, unless a poll is in progress. Unreachable brokers are reported by `StatusTopic` and by appends. */
  async poll(): Promise<void> {
    if (this.#polling || this.#stopped) return
    this.#polling = true
    try {
      await this.#compare()
      const { admin, topicPartitions, bounds } = this.#options
      for (const [partition, found] of (await fetchBounds(admin, topicPartitions)).entries())
        bounds.update(partition, found)
    } catch {
      await this.#countMissing()
    } finally {
      this.#polling = false
    }
  }

  async #compare(): Promise<void> {
    const { admin, topics } = this.#options
    const { ids, counts } = await currentTopics(admin, topics.names)
    this.#missing = 0
    const identity = identityOf(ids, Math.min(topics.partitions, ...counts))
    if (identity !== topics.identity) this.#reportReplaced(`its topics are ${identity} now, not ${topics.identity}`)
    this.unusedPartitions = countUnused(counts, topics.partitions)
  }

  async #countMissing(): Promise<void> {
    const { admin, topics } = this.#options
    const known = await admin.listTopics().catch(() => undefined)
    if (!known || topics.names.every(name => known.includes(name))) this.#missing = 0
    else if (++this.#missing >= MISSING_MAX) this.#reportReplaced('one of its topics was deleted')
  }

  #reportReplaced(what: string): void {
    if (this.#stopped) return
    this.stop()
    this.#options.onReplaced(replaced(this.#options.shown, what))
  }

  async #measure(): Promise<void> {
    const { admin, topics } = this.#options
    const partitions = Array.from({ length: topics.partitions }, (_, partition) => partition)
    const requested = topics.names.map(name => ({ name, partitions }))
    const brokers = await admin.describeLogDirs({ topics: requested }).catch(() => undefined)
    const found = brokers?.flatMap(({ results }) =>
      results.flatMap(({ topics }) => topics.flatMap(one => one.partitions)),
    )
    if (found) this.sizeBytes = found.reduce((sum, { partitionSize }) => sum + Number(partitionSize), 0)
  }
}
