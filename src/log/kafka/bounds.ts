/** Keeps asking the brokers what a log must know without being asked: where its partitions stand, its size, and whether its topics are still its own. */
import type { Admin } from '@platformatic/kafka'
import type { TickhouseError } from '../../errors.ts'
import { replaced } from './errors.ts'
import { fetchBounds, type KnownBounds, type TopicPartition } from './offsets.ts'
import { addedTo, currentTopics, identityOf, type Topics } from './topics.ts'

/** What other processes wrote is known within about so long. */
const ASK_EVERY_MS = 1_000
/** A topic that is gone from so many answers in a row was deleted; a broker that has just started may not know it yet. */
const MISSING_MAX = 5
const MEASURE_EVERY_MS = 15_000

export interface BoundsPollerOptions {
  admin: Admin
  topics: Topics
  /** As found at the opening. */
  unusedPartitions: number
  places: readonly TopicPartition[]
  bounds: KnownBounds
  shown: string
  /** Told once, with `log_replaced`, when the topics are not those that were opened. */
  lost: (error: TickhouseError) => void
}

export class BoundsPoller {
  readonly #options: BoundsPollerOptions
  readonly #timers: NodeJS.Timeout[]
  /** Bytes on the disks of all brokers, all copies; 0 until one has answered. */
  sizeBytes = 0
  /** Partitions that were added to the topics after the log was made. */
  unusedPartitions: number
  #missing = 0
  #asking = false
  #stopped = false

  constructor(options: BoundsPollerOptions) {
    this.#options = options
    this.unusedPartitions = options.unusedPartitions
    this.#timers = [
      setInterval(() => void this.ask(), ASK_EVERY_MS),
      setInterval(() => void this.#measure(), MEASURE_EVERY_MS),
    ]
    void this.#measure()
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** Asks now, unless it is being asked. Brokers that cannot be reached are told of by whoever waits for them. */
  async ask(): Promise<void> {
    if (this.#asking || this.#stopped) return
    this.#asking = true
    try {
      await this.#compare()
      const { admin, places, bounds } = this.#options
      for (const [partition, found] of (await fetchBounds(admin, places)).entries()) bounds.learn(partition, found)
    } catch {
      await this.#countMissing()
    } finally {
      this.#asking = false
    }
  }

  async #compare(): Promise<void> {
    const { admin, topics } = this.#options
    const { ids, counts } = await currentTopics(admin, topics.names)
    this.#missing = 0
    const identity = identityOf(ids, Math.min(topics.partitions, ...counts))
    if (identity !== topics.identity) this.#lose(`its topics are ${identity} now, not ${topics.identity}`)
    this.unusedPartitions = addedTo(counts, topics.partitions)
  }

  async #countMissing(): Promise<void> {
    const { admin, topics } = this.#options
    const known = await admin.listTopics().catch(() => undefined)
    if (!known || topics.names.every(name => known.includes(name))) this.#missing = 0
    else if (++this.#missing >= MISSING_MAX) this.#lose('a topic of it was deleted')
  }

  #lose(what: string): void {
    if (this.#stopped) return
    this.stop()
    this.#options.lost(replaced(this.#options.shown, what))
  }

  async #measure(): Promise<void> {
    const { admin, topics } = this.#options
    const partitions = Array.from({ length: topics.partitions }, (_, partition) => partition)
    const asked = topics.names.map(name => ({ name, partitions }))
    const brokers = await admin.describeLogDirs({ topics: asked }).catch(() => undefined)
    const found = brokers?.flatMap(({ results }) =>
      results.flatMap(({ topics }) => topics.flatMap(one => one.partitions)),
    )
    if (found) this.sizeBytes = found.reduce((sum, { partitionSize }) => sum + Number(partitionSize), 0)
  }
}
