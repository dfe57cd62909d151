/** Our share of a log's partitions: membership in a consumer group. Only the membership is Kafka's; where to go on, the tables say. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BaseOptions, Consumer, type GroupAssignment } from '@platformatic/kafka'
import type { TickhouseError } from '../../errors.ts'
import type { AssignmentListener } from '../assignment.ts'
import { outlivingErrors } from './client.ts'
import { asKafkaError } from './errors.ts'

/** A member that is silent so long has lost its partitions. Heartbeats share our event loop: work is cut into short pieces. */
const SESSION_MS = 10_000
const HEARTBEAT_MS = 1_000
/** How long the others wait for a member to join again. */
const REBALANCE_MS = 15_000
const REJOIN_MS_MIN = 100
const REJOIN_MS_MAX = 2_000
const COMMIT_EVERY_MS = 1_000
const LEAVE_MS_MAX = 2_000

export interface MembershipOptions {
  client: BaseOptions
  group: string
  topics: readonly string[]
  /** Partitions of each topic. */
  partitions: number
  shown: string
}

export class Membership {
  readonly #options: MembershipOptions
  readonly #stored = new Map<number, number>()
  readonly #committed = new Map<number, number>()
  #consumer: Consumer | undefined
  #wanted = new Set<number>()
  readonly #held = new Set<number>()
  /** One change of a partition at a time: it is never taken while it is being let go. */
  readonly #changes = new Map<number, Promise<void>>()
  #leaving = false
  readonly #ended = new AbortController()
  #sharing: Promise<void> = Promise.resolve()

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /**
   * See `PartitionAssignment.join`. Resolves when all is let go and the group was left. Throws `log_refused` where the brokers do not let us in at
   * all.
   */
  async join(listener: AssignmentListener, signal: AbortSignal): Promise<void> {
    this.#sharing = this.#takePart(listener, AbortSignal.any([signal, this.#ended.signal]))
    await this.#sharing
  }

  noteStored(partition: number, below: number): void {
    this.#stored.set(partition, below)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#sharing.catch(() => {})
  }

  async #takePart(listener: AssignmentListener, signal: AbortSignal): Promise<void> {
    this.#leaving = false
    const { client, group, topics } = this.#options
    const consumer = new Consumer({
      ...client,
      groupId: group,
      // Offsets are committed by `noteStored`, from what is in the tables; never by reading.
      autocommit: false,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      // Moves only what must move when a member comes or goes, rather than all partitions of all members.
      protocols: [{ name: 'cooperative-sticky', version: 1 }],
    })
    outlivingErrors(consumer)
    this.#consumer = consumer
    consumer.topics.trackAll(...topics)
    let failed: () => void = () => {}
    let joinedOnce = false
    consumer.on('consumer:group:join', ({ assignments }) => this.#assign(listener, assignments ?? []))
    // What is taken from us is told before we join again: it is let go while the others wait for us.
    consumer.on('consumer:group:rebalance', () => this.#assign(listener, consumer.assignments ?? []))
    // A join that failed for good leaves us without heartbeats: nothing but a new join helps.
    consumer.on('error', () => failed())
    const committing = setInterval(() => void this.#commit(), COMMIT_EVERY_MS)
    const ended = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    try {
      for (let attempt = 0; !signal.aborted; attempt++) {
        const failure = new Promise<void>(resolve => (failed = resolve))
        // A broker that stands still is not waited for by a stop.
        const refusal = await Promise.race([ended, this.#joinGroup(consumer)])
        if (refusal && !joinedOnce && !refusal.retryable) throw refusal
        if (!refusal) {
          joinedOnce = true
          attempt = 0
          await Promise.race([failure, ended])
        }
        const waitMs = Math.min(REJOIN_MS_MIN * 2 ** attempt, REJOIN_MS_MAX)
        await sleep(waitMs, undefined, { signal }).catch(() => {})
      }
    } finally {
      clearInterval(committing)
      await this.#leave(consumer, listener)
    }
  }

  /** Why it could not, if so: where nothing but a person helps, that is for good as long as we were never in. */
  async #joinGroup(consumer: Consumer): Promise<TickhouseError | undefined> {
    try {
      await consumer.joinGroup({})
      return undefined
    } catch (error) {
      return asKafkaError(error, this.#options.shown)
    }
  }

  #assign(listener: AssignmentListener, assignments: readonly GroupAssignment[]): void {
    const { topics, partitions } = this.#options
    this.#wanted = new Set(
      assignments.flatMap(({ topic, partitions: ours }) =>
        // The group shares out all partitions of the topics, also those that were added and are not used.
        ours
          .filter(partition => partition < partitions)
          .map(partition => topics.indexOf(topic) * partitions + partition),
      ),
    )
    for (const partition of new Set([...this.#wanted, ...this.#held])) this.#change(listener, partition)
  }

  /** Brings one partition to what is wanted of it, after whatever is being done with it. */
  #change(listener: AssignmentListener, partition: number): void {
    const before = this.#changes.get(partition) ?? Promise.resolve()
    const change = before.then(async () => {
      const wanted = this.#wanted.has(partition)
      if (wanted === this.#held.has(partition)) return
      if (wanted) {
        this.#held.add(partition)
        listener.onAssigned(partition)
        return
      }
      await listener.onRevoked(partition)
      this.#held.delete(partition)
      // What was stored last is told once all is let go.
      if (this.#leaving) return
      this.#stored.delete(partition)
      this.#committed.delete(partition)
    })
    this.#changes.set(partition, change)
  }

  async #leave(consumer: Consumer, listener: AssignmentListener): Promise<void> {
    this.#wanted = new Set()
    for (const partition of this.#held) this.#change(listener, partition)
    this.#leaving = true
    await Promise.all(this.#changes.values())
    await Promise.race([this.#commit(), sleep(LEAVE_MS_MAX)])
    // Without a word the others would wait for the end of our session.
    const left = Promise.resolve(consumer.leaveGroup(true)).catch(() => {})
    await Promise.race([left, sleep(LEAVE_MS_MAX)])
    await consumer.close(true).catch(() => {})
    this.#consumer = undefined
  }

  /** For tools that show lag: what cannot be told is told later, and matters to nobody here. */
  async #commit(): Promise<void> {
    const { topics, partitions } = this.#options
    const news = [...this.#stored].filter(([partition, below]) => this.#committed.get(partition) !== below)
    if (news.length === 0 || !this.#consumer?.isActive()) return
    const offsets = news.map(([partition, below]) => ({
      topic: topics[Math.floor(partition / partitions)]!,
      partition: partition % partitions,
      offset: BigInt(below),
      leaderEpoch: -1,
    }))
    try {
      await this.#consumer.commit({ offsets })
      for (const [partition, below] of news) this.#committed.set(partition, below)
    } catch {
      // The next round tells it again.
    }
  }
}
