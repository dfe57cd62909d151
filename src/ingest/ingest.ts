/** Ingest of one process: the loops of all assigned partitions, and the audit of what they stored. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditResult, audit, writeAudit } from '../audit/audit.ts'
import { type AuditCheckpoint, loadCheckpoint, verifiedWith } from '../audit/audit-checkpoint.ts'
import { logDiverged } from '../audit/position.ts'
import { proveQuotes, writeProofs } from '../audit/quote-proofs.ts'
import { SYSTEM_CLOCK } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import type { AssignmentListener, PartitionAssignment } from '../log/assignment.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import { Assignment } from './assignment.ts'
import type { Batch, BatchLimits } from './batch.ts'
import { Checkpoint } from './checkpoint.ts'
import type { PartitionIngest } from './partition-loop.ts'
import type { Readers } from './readers.ts'
import type { KnownVenues } from './validated-record.ts'

/** Soon after a start, but not during the first seconds of catching up. */
const AUDIT_FIRST_AFTER_MS = 10_000
const AUDIT_EVERY_MS = 60_000
/** Quotes received this long ago are stored, unless ingest lags. */
const QUOTES_SETTLED_MS = 30_000
/** How long a clean stop waits for the log to be stored; the rest is stored after the next start. */
const DRAIN_MS_MAX = 5_000
/** A stop audits at most this many records. */
const STOP_AUDIT_RECORDS_MAX = 100_000
/** How long a stop waits for its audit, including a doctor or audit that runs before it. */
const STOP_AUDIT_MS_MAX = 5_000
/** How long a read waits for ticks to be stored, while the store is slow or cannot be reached. */
const BEFORE_READ_MS_MAX = 1_000

export interface IngestProcessOptions {
  limits: BatchLimits
  venues: KnownVenues
  log: Log & PartitionAssignment
  store: Store
  emit: Emit
  /** Of a store that is read through this process alone. Without it somebody may always read. */
  readers?: Readers | undefined
}

export class Ingest implements AssignmentListener {
  /** Rejects on an error that only a restart may resolve, or if the log refuses this process. */
  readonly crashed: Promise<never>
  /** The last audit of each assigned partition. */
  readonly audits = new Map<number, AuditResult & { atMs: number }>()
  /** How far audits have verified each assigned partition, including those of earlier processes. */
  readonly #verified = new Map<number, AuditCheckpoint>()
  /** Called with each stored batch, which is reused after the call. */
  onStored: (batch: Batch) => void = () => {}
  readonly #options: IngestProcessOptions
  readonly #assignment: Assignment
  /** The assigned partitions at the stop; set by it. */
  #lastPartitions: PartitionIngest[] | undefined
  readonly #stop = new AbortController()
  readonly #jobs: Promise<void>[] = []
  readonly #crash: (error: unknown) => void
  #lastRun: Promise<unknown> = Promise.resolve()

  constructor(options: IngestProcessOptions) {
    this.#options = options
    const { promise, reject } = Promise.withResolvers<never>()
    this.crashed = promise
    this.#crash = reject
    const checkpoint = new Checkpoint(options.store, SYSTEM_CLOCK)
    this.#assignment = new Assignment({
      ...options,
      checkpoint,
      clock: SYSTEM_CLOCK,
      crashed: reject,
      onStored: batch => this.onStored(batch),
    })
  }

  /** The assigned partitions, in order; after a stop, those before it. */
  get partitions(): PartitionIngest[] {
    return this.#lastPartitions ?? this.#assignment.partitions
  }

  start(): void {
    this.#jobs.push(this.#options.log.join(this, this.#stop.signal).catch(this.#crash))
    this.#jobs.push(this.#every(AUDIT_FIRST_AFTER_MS, AUDIT_EVERY_MS, () => this.audit()))
  }

  onAssigned(partition: number): void {
    this.#assignment.onAssigned(partition)
  }

  async onRevoked(partition: number): Promise<void> {
    await this.#assignment.onRevoked(partition)
    if (this.#lastPartitions) return
    this.audits.delete(partition)
    this.#verified.delete(partition)
  }

  /** Runs `work` while no ticks are moved: a tick that leaves quarantine is in two tables for a moment. */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#lastRun.then(work)
    this.#lastRun = run.catch(() => {})
    return run
  }

  /** Audits what was stored since the last audit, after running work; results are in `audits`. Throws errors of log and store. */
  audit(): Promise<void> {
    return this.runExclusive(async () => {
      await this.#auditNew()
      await this.#proveQuotes()
    })
  }

  /**
   * Runs `work`, which moves stored ticks of a partition, while no audit runs and no partition stores. Throws `store_unavailable` if the
   * partition is not assigned to this process.
   */
  rewrite<T>(partition: number, work: () => Promise<T>): Promise<T> {
    return this.runExclusive(() => {
      if (
        this.#lastPartitions ||
        !this.#assignment.partitions.some(ours => ours.partition === partition && ours.mode !== 'failed')
      )
        throw new TickhouseError(
          'store_unavailable',
          `this process does not store partition ${partition}`,
          'Try again once it is stored; ticks already moved stay moved.',
        )
      return this.#assignment.whilePaused(work)
    })
  }

  /**
   * To be called before somebody reads the tables. Resolves once the ticks are stored that waited because nobody did, after
   * `BEFORE_READ_MS_MAX` at the latest.
   */
  async beforeRead(): Promise<void> {
    if (!this.#options.readers?.note()) return
    const stored = Promise.all(this.partitions.map(partition => partition.storeWaiting()))
    await Promise.race([stored, sleep(BEFORE_READ_MS_MAX, undefined, { ref: false })])
  }

  /** The same for one who reads until the returned function is called; does not wait. */
  stayReading(): () => void {
    void this.beforeRead()
    return this.#options.readers?.stay() ?? (() => {})
  }

  /** Are all records of the log in the tables? */
  get drained(): boolean {
    const { log } = this.#options
    return this.partitions.every(
      ({ mode, partition, next }) => mode === 'failed' || (mode === 'running' && next >= log.bounds(partition).next),
    )
  }

  /** Stores what is in the log, for at most `DRAIN_MS_MAX`, audits it and stops. */
  async stop(): Promise<void> {
    const endMs = performance.now() + DRAIN_MS_MAX
    // What waits because nobody reads is stored now.
    this.stayReading()
    while (!this.drained && performance.now() < endMs) await sleep(10)
    // A longer audit is left to the next run: a stop takes seconds.
    if (this.drained && this.#unaudited() <= STOP_AUDIT_RECORDS_MAX) await this.#lastAudit()
    this.#lastPartitions = this.partitions
    this.#stop.abort()
    await Promise.all(this.#jobs)
  }

  async #lastAudit(): Promise<void> {
    const audited = this.#attempt(() => this.audit()).then(() => true)
    if (await Promise.race([audited, sleep(STOP_AUDIT_MS_MAX, false)])) return
    this.#options.emit('upkeep_failed', { why: 'the audit before a stop takes too long and is left to the next run' })
  }

  #unaudited(): number {
    const { log } = this.#options
    return this.partitions.reduce(
      (sum, { partition, next }) =>
        sum + Math.max(0, next - Math.max(this.#verified.get(partition)?.below ?? 0, log.bounds(partition).first)),
      0,
    )
  }

  /**
   * Audits the records not yet verified that are still in the log. A range that failed is audited again with each audit until it passes.
   */
  async #auditNew(): Promise<void> {
    const { log, store, emit } = this.#options
    for (const ingest of this.partitions) {
      const { partition, next, mode } = ingest
      if (mode === 'resuming' || mode === 'fenced') continue
      const logFirst = log.bounds(partition).first
      const verified = this.#verified.get(partition) ?? (await loadCheckpoint(store, partition, logFirst))
      const first = Math.max(verified.below, logFirst)
      if (first >= next) {
        if (await this.#compareEnd(ingest)) continue
        this.#verified.set(partition, verified)
        if (verified.below > 0 && !this.audits.has(partition))
          this.audits.set(partition, foundBefore(partition, verified))
        continue
      }
      const result = await audit(store, log, partition, first, next)
      await writeAudit(store, result, Date.now())
      // If revoked meanwhile, its next owner reads the result from table `audits`.
      if (this.partitions.includes(ingest)) this.#verified.set(partition, verifiedWith(verified, result))
      this.audits.set(partition, { ...result, atMs: Date.now() })
      if (result.passed) emit('audit_passed', { ticks: result.ticks, tookMs: result.tookMs })
      else emit('audit_failed', { partition, detail: result.detail })
      // Further records would be of another log.
      if (result.diverged) ingest.end(logDiverged(result.diverged))
    }
  }

  /** Compares tops of rebuilt books with the stored quotes, once the quotes of the same time are stored too. */
  async #proveQuotes(): Promise<void> {
    const { store, emit } = this.#options
    for (const { partition, mode } of this.partitions) {
      if (mode !== 'running') continue
      const proofs = await proveQuotes(store, partition, (Date.now() - QUOTES_SETTLED_MS) * 1000)
      await writeProofs(store, proofs, Date.now())
      for (const { venue, symbol, compared, held } of proofs)
        if (held < compared) emit('quotes_missing', { venue, symbol, failed: compared - held, compared })
    }
  }

  /** Nothing new: compares the last stored record with the log. True if they differ. */
  async #compareEnd(ingest: PartitionIngest): Promise<boolean> {
    const { log, store, emit } = this.#options
    const { partition, next } = ingest
    if (ingest.mode === 'failed') return false
    const result = await audit(store, log, partition, next, next)
    if (result.passed) return false
    await writeAudit(store, result, Date.now())
    this.audits.set(partition, { ...result, atMs: Date.now() })
    emit('audit_failed', { partition, detail: result.detail })
    ingest.end(logDiverged(result.diverged))
    return true
  }

  async #every(firstAfterMs: number, everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop
    const stopped = once(signal, 'abort')
    for (let waitMs = firstAfterMs; !signal.aborted; waitMs = everyMs) {
      await sleep(waitMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      // An audit of a whole log may take long; it ends with an error when log and store are closed.
      await Promise.race([this.#attempt(work), stopped])
    }
  }

  /** Emits the error of an audit that could not run; it blocks neither the next audit nor a stop. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    await work().catch(error => {
      if (this.#stop.signal.aborted) return
      const why = error instanceof TickhouseError ? error.message : String(error)
      this.#options.emit('upkeep_failed', { why })
    })
  }
}

/** The result of earlier processes, where nothing is new: `loadCheckpoint` has just compared it with the tables. */
function foundBefore(partition: number, { first, below, ticks }: AuditCheckpoint): AuditResult & { atMs: number } {
  const counts = { ticks, distinct: ticks, expected: ticks, leftRecords: 0, diverged: '' }
  return { partition, first, below, passed: true, ...counts, detail: '', tookMs: 0, atMs: Date.now() }
}
