/**
 * Assigns a log's partitions by a Kafka consumer group. Its committed offsets are for lag tools only: ingest resumes
 * from the store.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BaseOptions, Consumer, type GroupAssignment } from '@platformatic/kafka'
import type { TickhouseError } from '../../errors.ts'
import type { AssignmentListener } from '../assignment.ts'
import { withErrorListener } from './client.ts'
import { asKafkaError } from './errors.ts'

/**
 * A member without heartbeats for this long loses its partitions. Heartbeats run on our event loop, so work is split
 * into short parts.
 */
const SESSION_MS = 10_000
const HEARTBEAT_MS = 1_000
/** How long the group waits for a member to rejoin. */
const REBALANCE_MS = 15_000
const REJOIN_MS_MIN = 100
const REJOIN_MS_MAX = 2_000
const COMMIT_EVERY_MS = 1_000
const LEAVE_MS_MAX = 2_000

export interface GroupMemberOptions {
  client: BaseOptions
  group: string
  topics: readonly string[]
  /** Partitions of each topic. */
  partitions: number
  shown: string
}

export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #stored = new Map<number, number>()
  readonly #committed = new Map<number, number>()
  #consumer: Consumer | undefined
  #assigned = new Set<number>()
  readonly #owned = new Set<number>()
  /** Serializes the changes of each partition: it is never assigned while its revocation runs. */
  readonly #reconciling = new Map<number, Promise<void>>()
  #leavingGroup = false
  readonly #ended = new AbortController()
  #membership: Promise<void> = Promise.resolve()

  constructor(options: GroupMemberOptions) {
    this.#options = options
  }

  /** See `PartitionAssignment.join`. Resolves when all partitions are revoked and the member has left the group. */
  async join(listener: AssignmentListener, signal: AbortSignal): Promise<void> {
    this.#membership = this.#run(listener, AbortSignal.any([signal, this.#ended.signal]))
    await this.#membership
  }

  noteStored(partition: number, below: number): void {
    this.#stored.set(partition, below)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#membership.catch(() => {})
  }

  async #run(listener: AssignmentListener, signal: AbortSignal): Promise<void> {
    this.#leavingGroup = false
    const { client, group, topics } = this.#options
    const consumer = new Consumer({
      ...client,
      groupId: group,
      // Offsets are committed after `noteStored`, never by reading.
      autocommit: false,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      // Moves only the partitions that must move when a member joins or leaves.
      protocols: [{ name: 'cooperative-sticky', version: 1 }],
    })
    withErrorListener(consumer)
    this.#consumer = consumer
    consumer.topics.trackAll(...topics)
    let failed: () => void = () => {}
    let joinedOnce = false
    consumer.on('consumer:group:join', ({ assignments }) => this.#assign(listener, assignments ?? []))
    // Revoked partitions are reported before we rejoin: they are released while the group waits for us.
    consumer.on('consumer:group:rebalance', () => this.#assign(listener, consumer.assignments ?? []))
    // After a join that failed permanently the client sends no heartbeats: only a new join helps.
    consumer.on('error', () => failed())
    const committing = setInterval(() => void this.#commit(), COMMIT_EVERY_MS)
    const ended = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    try {
      for (let attempt = 0; !signal.aborted; attempt++) {
        const failure = new Promise<void>(resolve => (failed = resolve))
        // A stop does not wait for a stalled broker.
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

  /** Returns why it failed, if it did. */
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
    this.#assigned = new Set(
      assignments.flatMap(({ topic, partitions: ours }) =>
        // The group assigns all partitions of the topics, also the unused ones that were added later.
        ours
          .filter(partition => partition < partitions)
          .map(partition => topics.indexOf(topic) * partitions + partition),
      ),
    )
    for (const partition of new Set([...this.#assigned, ...this.#owned])) this.#reconcile(listener, partition)
  }

  /** Assigns or revokes one partition, as the group has it now, after the change in progress. */
  #reconcile(listener: AssignmentListener, partition: number): void {
    const before = this.#reconciling.get(partition) ?? Promise.resolve()
    const reconcile = before.then(async () => {
      const assigned = this.#assigned.has(partition)
      if (assigned === this.#owned.has(partition)) return
      if (assigned) {
        this.#owned.add(partition)
        listener.onAssigned(partition)
        return
      }
      await listener.onRevoked(partition)
      this.#owned.delete(partition)
      // The last offsets are committed after all partitions are released.
      if (this.#leavingGroup) return
      this.#stored.delete(partition)
      this.#committed.delete(partition)
    })
    this.#reconciling.set(partition, reconcile)
  }

  async #leave(consumer: Consumer, listener: AssignmentListener): Promise<void> {
    this.#assigned = new Set()
    for (const partition of this.#owned) this.#reconcile(listener, partition)
    this.#leavingGroup = true
    await Promise.all(this.#reconciling.values())
    await Promise.race([this.#commit(), sleep(LEAVE_MS_MAX)])
    // Otherwise the group would wait for our session to time out.
    const left = Promise.resolve(consumer.leaveGroup(true)).catch(() => {})
    await Promise.race([left, sleep(LEAVE_MS_MAX)])
    await consumer.close(true).catch(() => {})
    this.#consumer = undefined
  }

  /** Only tools that show lag read these offsets, so a failed commit waits for the next round. */
  async #commit(): Promise<void> {
    const { topics, partitions } = this.#options
    const pending = [...this.#stored].filter(([partition, below]) => this.#committed.get(partition) !== below)
    if (pending.length === 0 || !this.#consumer?.isActive()) return
    const offsets = pending.map(([partition, below]) => ({
      topic: topics[Math.floor(partition / partitions)]!,
      partition: partition % partitions,
      offset: BigInt(below),
      leaderEpoch: -1,
    }))
    try {
      await this.#consumer.commit({ offsets })
      for (const [partition, below] of pending) this.#committed.set(partition, below)
    } catch {
      // The next round commits again.
    }
  }
}
