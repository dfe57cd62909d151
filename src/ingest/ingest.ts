/**
 * The storing side, joined: every partition on its way from the log into the tables, and the audit beside them.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditResult, audit, writeAudit } from '../audit/audit.ts'
import { type AuditCheckpoint, loadCheckpoint, verifiedWith } from '../audit/audit-checkpoint.ts'
import { logDiverged } from '../audit/position.ts'
import { SYSTEM_CLOCK } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import type { AssignmentListener, PartitionAssignment } from '../log/assignment.ts'
import type { Log } from '../log/log.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { KnownVenues } from './append-record.ts'
import { Assignment } from './assignment.ts'
import type { Batch, BatchLimits } from './batch.ts'
import { Checkpoint } from './checkpoint.ts'
import type { PartitionIngest } from './partition-loop.ts'

/** Soon after a start, so that one knows; not at once, when there may be much to catch up with. */
const AUDIT_FIRST_AFTER_MS = 10_000
const AUDIT_EVERY_MS = 60_000
/** How long a clean stop waits for what is in the log to be stored; the rest is stored after the next start. */
const DRAIN_MS_MAX = 5_000
/** Records that a stop still audits. */
const STOP_AUDIT_RECORDS_MAX = 100_000
/** How long a stop waits for its audit, and for the doctor or the audit that may run before it. */
const STOP_AUDIT_MS_MAX = 5_000

export interface IngestProcessOptions {
  limits: BatchLimits
  venues: KnownVenues
  log: Log & PartitionAssignment
  store: Store
  emit: Emit
}

export class Ingest implements AssignmentListener {
  /** Rejects when a partition met an error that only starting anew may help, or the log gives this process none. */
  readonly crashed: Promise<never>
  /** The last audit of each partition that is ours. */
  readonly audits = new Map<number, AuditResult & { atMs: number }>()
  /** What audits have proved of each partition that is ours, those of earlier processes too. */
  readonly #proven = new Map<number, AuditCheckpoint>()
  /** Called with each batch that was stored; the batch is only lent for the call. */
  onStored: (batch: Batch) => void = () => {}
  readonly #options: IngestProcessOptions
  readonly #holding: Assignment
  /** Set by a stop. */
  #held: PartitionIngest[] | undefined
  readonly #stop = new AbortController()
  readonly #jobs: Promise<void>[] = []
  readonly #crash: (error: unknown) => void
  #lastTurn: Promise<unknown> = Promise.resolve()

  constructor(options: IngestProcessOptions) {
    this.#options = options
    const { promise, reject } = Promise.withResolvers<never>()
    this.crashed = promise
    this.#crash = reject
    const checkpoint = new Checkpoint(options.store, SYSTEM_CLOCK)
    this.#holding = new Assignment({
      ...options,
      checkpoint,
      clock: SYSTEM_CLOCK,
      crashed: reject,
      onStored: batch => this.onStored(batch),
    })
  }

  /** The partitions that are ours, in order; after a stop, those that were. */
  get partitions(): PartitionIngest[] {
    return this.#held ?? this.#holding.partitions
  }

  start(): void {
    this.#jobs.push(this.#options.log.join(this, this.#stop.signal).catch(this.#crash))
    this.#jobs.push(this.#every(AUDIT_FIRST_AFTER_MS, AUDIT_EVERY_MS, () => this.audit()))
  }

  onAssigned(partition: number): void {
    this.#holding.onAssigned(partition)
  }

  async onRevoked(partition: number): Promise<void> {
    await this.#holding.onRevoked(partition)
    if (this.#held) return
    this.audits.delete(partition)
    this.#proven.delete(partition)
  }

  /** Asks about all that is stored while nothing of it moves: a tick that leaves quarantine is in two tables for a moment. */
  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => {})
    return turn
  }

  /** Audits what was stored since the last audit, in its turn; `audits` has what it finds. Throws what log or store throw. */
  audit(): Promise<void> {
    return this.runExclusive(() => this.#auditNew())
  }

  /**
   * Moves what is stored of a partition while nothing is audited and none of our partitions stores; see Holding. Throws
   * `store_unavailable` if the partition is not ours to write, or not any more.
   */
  rewrite<T>(partition: number, work: () => Promise<T>): Promise<T> {
    return this.runExclusive(() => {
      if (this.#held || !this.#holding.partitions.some(ours => ours.partition === partition && ours.mode !== 'failed'))
        throw new TickhouseError(
          'store_unavailable',
          `this process does not store partition ${partition}`,
          'Ask again when it is stored: what was moved is moved.',
        )
      return this.#holding.whilePaused(work)
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
    if (this.drained && this.#unaudited() <= STOP_AUDIT_RECORDS_MAX) await this.#lastAudit()
    this.#held = this.partitions
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
        sum + Math.max(0, next - Math.max(this.#proven.get(partition)?.below ?? 0, log.bounds(partition).first)),
      0,
    )
  }

  /**
   * Audits what no audit has proved yet, as far as the log still holds it. What failed is audited again with what is new, until it
   * passes: a fault does not pass by itself.
   */
  async #auditNew(): Promise<void> {
    const { log, store, emit } = this.#options
    for (const ingest of this.partitions) {
      const { partition, next, mode } = ingest
      if (mode === 'resuming' || mode === 'fenced') continue
      const logFirst = log.bounds(partition).first
      const proven = this.#proven.get(partition) ?? (await loadCheckpoint(store, partition, logFirst))
      const first = Math.max(proven.below, logFirst)
      if (first >= next) {
        if (await this.#compareEnd(ingest)) continue
        this.#proven.set(partition, proven)
        if (proven.below > 0 && !this.audits.has(partition)) this.audits.set(partition, foundBefore(partition, proven))
        continue
      }
      const result = await audit(store, log, partition, first, next)
      await writeAudit(store, result, Date.now())
      // Let go meanwhile: the table tells its next owner.
      if (this.partitions.includes(ingest)) this.#proven.set(partition, verifiedWith(proven, result))
      this.audits.set(partition, { ...result, atMs: Date.now() })
      if (result.passed) emit('audit_passed', { ticks: result.ticks, tookMs: result.tookMs })
      else emit('audit_failed', { partition, detail: result.detail })
      // What is stored from here on would be of another log.
      if (result.diverged) ingest.end(logDiverged(result.diverged))
    }
  }

  /** Nothing is new: compares the end of what is stored. True if the log is another one there. */
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
      // An audit of all that a log holds may take long: what is left of it fails when log and store are closed.
      await Promise.race([this.#attempt(work), stopped])
    }
  }

  /** An audit that cannot run is told, and holds up neither the next one nor a stop. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    await work().catch(error => {
      if (this.#stop.signal.aborted) return
      const why = error instanceof TickhouseError ? error.message : String(error)
      this.#options.emit('upkeep_failed', { why })
    })
  }
}

/** What earlier processes found, where nothing is new: recalling it has just shown that the tables hold as much. */
function foundBefore(partition: number, { first, below, ticks }: AuditCheckpoint): AuditResult & { atMs: number } {
  const counts = { ticks, distinct: ticks, expected: ticks, leftRecords: 0, diverged: '' }
  return { partition, first, below, passed: true, ...counts, detail: '', tookMs: 0, atMs: Date.now() }
}
