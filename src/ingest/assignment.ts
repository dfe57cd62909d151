/** The log partitions assigned to this process: one ingest loop each, restarted after errors that a restart resolves. */
import type { ErrorCode } from '../errors.ts'
import type { AssignmentListener } from '../log/assignment.ts'
import { IngestMetrics } from './metrics.ts'
import { PartitionIngest } from './partition-loop.ts'
import type { IngestOptions } from './partition-options.ts'

/**
 * Errors after which a partition resumes from the tables: another process claimed it while it is still assigned here, or the log dropped or
 * lost records before they were stored. The pause gives a pending revocation time to arrive.
 */
const RESTARTS_ON: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'store_fenced',
  'log_offset_gone',
  'log_truncated',
])
const RESTART_PAUSE_MS = 1_000

export type AssignmentOptions = Omit<IngestOptions, 'partition' | 'metrics'>

/** A partition assigned to this process. */
interface Assigned {
  ingest: PartitionIngest
  readonly revoked: AbortController
  /** Resolves when the current loop has ended. */
  run: Promise<void>
  /** Resolves when the last loop has ended. */
  ended: Promise<void>
}

export class Assignment implements AssignmentListener {
  readonly #options: AssignmentOptions
  readonly #assigned = new Map<number, Assigned>()
  /** Kept when a partition is revoked and assigned again. */
  readonly #metrics = new Map<number, IngestMetrics>()
  #pause = new AbortController()
  #paused: Promise<void> | undefined

  constructor(options: AssignmentOptions) {
    this.#options = options
  }

  /** The assigned partitions, in order. */
  get partitions(): PartitionIngest[] {
    return [...this.#assigned.values()].map(({ ingest }) => ingest).sort((a, b) => a.partition - b.partition)
  }

  onAssigned(partition: number): void {
    const none = Promise.resolve()
    const assigned = { ingest: this.#ingestOf(partition), revoked: new AbortController(), run: none, ended: none }
    this.#assigned.set(partition, assigned)
    assigned.ended = this.#keep(partition, assigned)
  }

  async onRevoked(partition: number): Promise<void> {
    const assigned = this.#assigned.get(partition)
    assigned?.revoked.abort()
    await assigned?.ended
    this.#assigned.delete(partition)
  }

  /** Runs `work` while no partition stores; then each resumes from the tables. Not reentrant. */
  async whilePaused<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#paused = promise
    this.#pause.abort()
    try {
      await Promise.all([...this.#assigned.values()].map(({ run }) => run))
      return await work()
    } finally {
      this.#pause = new AbortController()
      this.#paused = undefined
      resolve()
    }
  }

  /** Runs a partition's loop, again after a pause or an error of `RESTARTS_ON`. */
  async #keep(partition: number, assigned: Assigned): Promise<void> {
    const { signal } = assigned.revoked
    for (;;) {
      while (this.#paused) await this.#paused
      assigned.run = assigned.ingest.run(AbortSignal.any([signal, this.#pause.signal]))
      await assigned.run
      while (this.#paused) await this.#paused
      if (signal.aborted) return
      const { mode, failure } = assigned.ingest
      if (mode !== 'stopped') {
        if (!RESTARTS_ON.has(failure?.code)) return
        await this.#options.clock.sleep(RESTART_PAUSE_MS, signal).catch(() => {})
        if (signal.aborted) return
      }
      assigned.ingest = this.#ingestOf(partition)
    }
  }

  #ingestOf(partition: number): PartitionIngest {
    const metrics = this.#metrics.get(partition) ?? new IngestMetrics()
    this.#metrics.set(partition, metrics)
    return new PartitionIngest({ ...this.#options, partition, metrics })
  }
}
