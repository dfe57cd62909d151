/** The status of ingest in this process. */
import type { Ingest } from '../ingest/ingest.ts'
import type { Log } from '../log/log.ts'
import { slowest } from '../telemetry/statistics.ts'
import { showsMissing } from '../venues/index.ts'
import { type Evaluation, evaluateLag } from './evaluation.ts'
import type { IngestStatus, IngestSummary } from './ingest-status.ts'
import type { PartitionStatus, Quantiles } from './model.ts'

type PartitionIngest = Ingest['partitions'][number]

export class LocalIngest implements IngestStatus {
  readonly #ingest: Ingest
  readonly #log: Log
  readonly #startedMs = performance.now()
  readonly #caughtUpMs = new Map<number, number>()

  constructor(ingest: Ingest, log: Log) {
    this.#ingest = ingest
    this.#log = log
  }

  get own() {
    return this.#ingest.partitions
  }

  get audits() {
    return this.#ingest.audits
  }

  partitions(nowMs: number): PartitionStatus[] {
    return this.own.map(({ partition, next, storedLogMs }) => this.#status(partition, next, storedLogMs, nowMs))
  }

  summary(): IngestSummary {
    return {
      ticksPerSecond: this.#sum(({ metrics }) => metrics.storedTicks.perSecond()),
      stored: this.#sum(({ metrics }) => metrics.storedTicks.total),
      refused: this.#sum(({ metrics }) => metrics.refusedTicks.total),
      refusedPerSecond: this.#sum(({ metrics }) => metrics.refusedTicks.perSecond()),
      refusedByReason: this.#refusedByReason(),
      gapsOpen: this.#sum(({ ids }) => ids.gapsOpen),
      batchTicks: Math.max(0, ...this.own.map(({ metrics }) => metrics.batchTicks)),
      insertMs: this.#slowest(({ metrics }) => metrics.insertMs.quantiles()),
      batchAgeMs: this.#slowest(({ metrics }) => metrics.batchAgeMs.quantiles()),
    }
  }

  evaluate(lagMs: number): Evaluation {
    if (this.own.length === 0)
      return ['idle', 'No partition is assigned to this process: others store them, or it waits to join the group.']
    const failed = this.own.find(({ failure }) => failure)
    if (failed?.failure)
      return ['trouble', `Partition ${failed.partition} stopped: ${failed.failure.message}. ${failed.failure.advice}`]
    if (this.own.some(({ mode }) => mode === 'retrying'))
      return ['trouble', 'An insert fails and is retried; the log keeps the ticks. See the log below.']
    return evaluateLag(lagMs)
  }

  gapsOf(venue: string, symbol: string): number | null {
    if (!showsMissing(venue)) return null
    return this.#sum(ingest => ingest.ids.gapsOf(venue, symbol))
  }

  newLogEntries() {
    return []
  }

  /**
   * The lag in time is the age of the oldest record not stored, which arrived after the last stored one and after the
   * partition was last caught up.
   */
  #status(partition: number, stored: number, storedLogMs: number, nowMs: number): PartitionStatus {
    const { first, next } = this.#log.bounds(partition)
    const lagging = stored < next
    // By a monotonic clock; the log's time can only lower the result, and is ignored if it is ahead of now.
    const elapsedMs = performance.now()
    if (!lagging) this.#caughtUpMs.set(partition, elapsedMs)
    const behindMs = elapsedMs - (this.#caughtUpMs.get(partition) ?? this.#startedMs)
    const storedAgoMs = storedLogMs <= nowMs ? nowMs - storedLogMs : behindMs
    const lagTicks = this.#log.estimateTicks(partition, stored, next)
    return { partition, first, next, stored, lagTicks, lagMs: lagging ? Math.min(behindMs, storedAgoMs) : 0 }
  }

  #refusedByReason(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const { metrics } of this.own) {
      for (const [reason, count] of metrics.refusedByReason) sums[reason] = (sums[reason] ?? 0) + count
    }
    return sums
  }

  #sum(read: (ingest: PartitionIngest) => number): number {
    return this.own.reduce((sum, ingest) => sum + read(ingest), 0)
  }

  /** The quantiles of the slowest partition; partitions without trades have none. */
  #slowest(read: (ingest: PartitionIngest) => Quantiles | null): Quantiles | null {
    return slowest(this.own.flatMap(ingest => read(ingest) ?? []))
  }
}
