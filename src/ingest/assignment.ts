/** The partitions that this process stores: taken and let go as the log says, begun anew where that is the way on. */
import type { ErrorCode } from '../errors.ts'
import type { AssignmentListener } from '../log/assignment.ts'
import { IngestMetrics } from './metrics.ts'
import { type IngestOptions, PartitionIngest } from './partition-loop.ts'

/**
 * What a partition starts anew from: another process took it over and it is still ours by the log, the log dropped records before
 * they were stored, or it lost what was read: whether that was stored, the tables say. The pause lets the log's own word of a new owner arrive first.
 */
const STARTS_ANEW: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'store_fenced',
  'log_offset_gone',
  'log_truncated',
])
const ANEW_MS = 1_000

export type AssignmentOptions = Omit<IngestOptions, 'partition' | 'figures'>

/** A partition that is ours to store. */
interface Held {
  ingest: PartitionIngest
  readonly letGo: AbortController
  /** Resolves when the loop that runs now has ended. */
  run: Promise<void>
  /** Resolves when no other will follow. */
  ended: Promise<void>
}

export class Assignment implements AssignmentListener {
  readonly #options: AssignmentOptions
  readonly #held = new Map<number, Held>()
  /** Kept when a partition goes and comes back. */
  readonly #figures = new Map<number, IngestMetrics>()
  #pause = new AbortController()
  #paused: Promise<void> | undefined

  constructor(options: AssignmentOptions) {
    this.#options = options
  }

  /** The partitions that are ours, in order. */
  get partitions(): PartitionIngest[] {
    return [...this.#held.values()].map(({ ingest }) => ingest).sort((a, b) => a.partition - b.partition)
  }

  onAssigned(partition: number): void {
    const none = Promise.resolve()
    const held = { ingest: this.#ingestOf(partition), letGo: new AbortController(), run: none, ended: none }
    this.#held.set(partition, held)
    held.ended = this.#keep(partition, held)
  }

  async onRevoked(partition: number): Promise<void> {
    const held = this.#held.get(partition)
    held?.letGo.abort()
    await held?.ended
    this.#held.delete(partition)
  }

  /** Runs `work` while nothing is stored; then each partition goes on from what the tables say. One at a time. */
  async whilePaused<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#paused = promise
    this.#pause.abort()
    try {
      await Promise.all([...this.#held.values()].map(({ run }) => run))
      return await work()
    } finally {
      this.#pause = new AbortController()
      this.#paused = undefined
      resolve()
    }
  }

  /** Runs a partition's loop, and anew from what the tables say where that is the way on. */
  async #keep(partition: number, held: Held): Promise<void> {
    const { signal } = held.letGo
    for (;;) {
      while (this.#paused) await this.#paused
      held.run = held.ingest.run(AbortSignal.any([signal, this.#pause.signal]))
      await held.run
      while (this.#paused) await this.#paused
      if (signal.aborted) return
      const { mode, failure } = held.ingest
      if (mode !== 'stopped') {
        if (!STARTS_ANEW.has(failure?.code)) return
        await this.#options.clock.sleep(ANEW_MS, signal).catch(() => {})
        if (signal.aborted) return
      }
      held.ingest = this.#ingestOf(partition)
    }
  }

  #ingestOf(partition: number): PartitionIngest {
    const figures = this.#figures.get(partition) ?? new IngestMetrics()
    this.#figures.set(partition, figures)
    return new PartitionIngest({ ...this.#options, partition, figures })
  }
}
