/** The partitions that this process stores: taken and let go as the log says, begun anew where that is the way on. */
import type { ErrorCode } from '../errors.ts'
import type { PartitionHolder } from '../log/log.ts'
import { IngestFigures } from './figures.ts'
import { type IngestOptions, PartitionIngest } from './ingest.ts'

/**
 * What a partition starts anew from: another process took it over and it is still ours by the log, or the log dropped records
 * before they were stored. The pause lets the log's own word of a new owner arrive first.
 */
const STARTS_ANEW: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>(['store_fenced', 'log_offset_gone'])
const ANEW_MS = 1_000

export type HoldingOptions = Omit<IngestOptions, 'partition' | 'figures'>

/** A partition that is ours to store. */
interface Held {
  ingest: PartitionIngest
  readonly letGo: AbortController
  readonly ended: Promise<void>
}

export class Holding implements PartitionHolder {
  readonly #options: HoldingOptions
  readonly #held = new Map<number, Held>()
  /** Kept when a partition goes and comes back. */
  readonly #figures = new Map<number, IngestFigures>()

  constructor(options: HoldingOptions) {
    this.#options = options
  }

  /** The partitions that are ours, in order. */
  get partitions(): PartitionIngest[] {
    return [...this.#held.values()].map(({ ingest }) => ingest).sort((a, b) => a.partition - b.partition)
  }

  take(partition: number): void {
    const letGo = new AbortController()
    const ingest = this.#ingestOf(partition)
    this.#held.set(partition, { ingest, letGo, ended: this.#keep(partition, ingest, letGo.signal) })
  }

  async release(partition: number): Promise<void> {
    const held = this.#held.get(partition)
    held?.letGo.abort()
    await held?.ended
    this.#held.delete(partition)
  }

  /** Runs a partition's loop, and anew from what the tables say where that is the way on. */
  async #keep(partition: number, first: PartitionIngest, signal: AbortSignal): Promise<void> {
    let ingest = first
    for (;;) {
      await ingest.run(signal)
      if (signal.aborted || !STARTS_ANEW.has(ingest.failure?.code)) return
      await this.#options.clock.sleep(ANEW_MS, signal).catch(() => {})
      if (signal.aborted) return
      ingest = this.#ingestOf(partition)
      this.#held.get(partition)!.ingest = ingest
    }
  }

  #ingestOf(partition: number): PartitionIngest {
    const figures = this.#figures.get(partition) ?? new IngestFigures()
    this.#figures.set(partition, figures)
    return new PartitionIngest({ ...this.#options, partition, figures })
  }
}
