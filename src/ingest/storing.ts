/**
 * The storing side, joined: every partition on its way from the log into the tables, and the audit beside them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { SYSTEM_CLOCK } from '../clock.ts'
import { type ErrorCode, TickhouseError } from '../errors.ts'
import type { Log, PartitionHolder } from '../log/log.ts'
import { type AuditResult, audit, keepAudit } from '../observe/audit.ts'
import type { Emit } from '../observe/events.ts'
import type { Store } from '../store/store.ts'
import type { Batch, BatchLimits } from './batch.ts'
import { IngestFigures } from './figures.ts'
import type { KnownVenues } from './fill.ts'
import { PartitionIngest } from './ingest.ts'
import { Ledger } from './ledger.ts'

const AUDIT_EVERY_MS = 60_000
/** How long a clean stop waits for what is in the log to be stored; the rest is stored after the next start. */
const DRAIN_MS_MAX = 5_000
/** Records that a stop still audits. */
const STOP_AUDIT_RECORDS_MAX = 100_000

/**
 * What a partition starts anew from: another process took it over and it is still ours by the log, or the log dropped records
 * before they were stored. The pause lets the log's own word of a new owner arrive first.
 */
const STARTS_ANEW: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>(['store_fenced', 'log_offset_gone'])
const ANEW_MS = 1_000

export interface StoringOptions {
  limits: BatchLimits
  venues: KnownVenues
  log: Log
  store: Store
  emit: Emit
  onStored: (batch: Batch) => void
}

/** A partition that is ours to store. */
interface Held {
  ingest: PartitionIngest
  readonly letGo: AbortController
  readonly ended: Promise<void>
}

export class Storing implements PartitionHolder {
  /** Rejects when a partition met an error that only starting anew may help. */
  readonly crashed: Promise<never>
  /** The last audit of each partition that is ours. */
  readonly audits = new Map<number, AuditResult & { atMs: number }>()
  readonly #options: StoringOptions
  readonly #ledger: Ledger
  readonly #held = new Map<number, Held>()
  readonly #figures = new Map<number, IngestFigures>()
  readonly #stop = new AbortController()
  readonly #jobs: Promise<void>[] = []
  readonly #crash: (error: unknown) => void

  constructor(options: StoringOptions) {
    this.#options = options
    this.#ledger = new Ledger(options.store)
    const { promise, reject } = Promise.withResolvers<never>()
    this.crashed = promise
    this.#crash = reject
  }

  /** The partitions that are ours, in order; after a stop, those that were. */
  get partitions(): PartitionIngest[] {
    return [...this.#held.values()].map(({ ingest }) => ingest).sort((a, b) => a.partition - b.partition)
  }

  start(): void {
    this.#jobs.push(this.#options.log.share(this, this.#stop.signal))
    this.#jobs.push(this.#every(AUDIT_EVERY_MS, () => this.#auditNew()))
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
    if (this.#stop.signal.aborted) return
    this.#held.delete(partition)
    this.audits.delete(partition)
  }

  /** Runs a partition's loop, and anew from what the tables say where that is the way on. */
  async #keep(partition: number, first: PartitionIngest, signal: AbortSignal): Promise<void> {
    let ingest = first
    for (;;) {
      await ingest.run(signal)
      if (signal.aborted || !STARTS_ANEW.has(ingest.failure?.code)) return
      await sleep(ANEW_MS, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      ingest = this.#ingestOf(partition)
      this.#held.get(partition)!.ingest = ingest
    }
  }

  #ingestOf(partition: number): PartitionIngest {
    const { limits, venues, log, store, emit, onStored } = this.#options
    const figures = this.#figures.get(partition) ?? new IngestFigures()
    this.#figures.set(partition, figures)
    return new PartitionIngest({
      partition,
      log,
      store,
      ledger: this.#ledger,
      venues,
      limits,
      clock: SYSTEM_CLOCK,
      figures,
      emit,
      onStored,
      crashed: this.#crash,
    })
  }

  /** Are all records of the log in the tables? */
  get drained(): boolean {
    const { log } = this.#options
    return this.partitions.every(
      ({ mode, partition, next }) => mode === 'failed' || (mode === 'running' && next >= log.bounds(partition).next),
    )
  }

  /** Stores what the log holds, within a bound, audits it and stops. */
  async stop(): Promise<void> {
    const endMs = performance.now() + DRAIN_MS_MAX
    while (!this.drained && performance.now() < endMs) await sleep(10)
    // A long first audit is left to the next run: a stop takes seconds.
    if (this.drained && this.#unaudited() <= STOP_AUDIT_RECORDS_MAX) await this.#attempt(() => this.#auditNew())
    this.#stop.abort()
    await Promise.all(this.#jobs)
  }

  #unaudited(): number {
    const { log } = this.#options
    return this.partitions.reduce(
      (sum, { partition, next }) =>
        sum + Math.max(0, next - Math.max(this.audits.get(partition)?.below ?? 0, log.bounds(partition).first)),
      0,
    )
  }

  /** Audits what was stored since the last audit; the first one covers all the log still holds. */
  async #auditNew(): Promise<void> {
    const { log, store, emit } = this.#options
    for (const { partition, next, mode } of this.partitions) {
      if (mode === 'resuming' || mode === 'fenced') continue
      const first = Math.max(this.audits.get(partition)?.below ?? 0, log.bounds(partition).first)
      if (first >= next) continue
      const result = await audit(store, log, partition, first, next)
      await keepAudit(store, result, Date.now())
      this.audits.set(partition, { ...result, atMs: Date.now() })
      if (result.passed) emit('audit_passed', { ticks: result.ticks, tookMs: result.tookMs })
      else emit('audit_failed', { partition, detail: result.detail })
    }
  }

  async #every(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      await this.#attempt(work)
    }
  }

  /** An audit that cannot run is told, and holds up neither the next one nor a stop. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    await work().catch(error => {
      const why = error instanceof TickhouseError ? error.message : String(error)
      this.#options.emit('upkeep_failed', { why })
    })
  }
}
