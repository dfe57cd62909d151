/**
 * The ingest loop of one log partition: read → decode → validate → follow ids → batch → insert.
 *
 * While one batch is inserted, the next fills; then the reader waits, so memory is bounded by two batches and one chunk of the log.
 */
import { TickhouseError } from '../errors.ts'
import type { LoggedRecord } from '../log/log.ts'
import type { Fence } from '../store/store.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import { KINDS, QUOTES } from '../tick/kinds.ts'
import { LineArbitration } from './arbitration/line-arbitration.ts'
import { deleteUnstored } from './arbitration/stored-arbitration.ts'
import { Batch } from './batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import { PartitionIds } from './ids/partition-ids.ts'
import { QuoteSequences } from './ids/quote-sequences.ts'
import { storedTrades } from './ids/stored-trades.ts'
import { LogClock } from './log-clock.ts'
import type { IngestMetrics } from './metrics.ts'
import type { IngestOptions, PartitionState } from './partition-options.ts'
import { SealedBatch } from './sealed-batch.ts'
import { StoredReport } from './stored-report.ts'
import type { ValidatedRecord } from './validated-record.ts'
import { addToBatch, lookupsOf, NOTHING_STORED, resolveIds, validateRecord } from './validated-record.ts'

const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 10_000

export class PartitionIngest {
  readonly partition: number
  mode: PartitionState = 'resuming'
  /** The next offset to store: all below are in the tables. */
  next = 0
  /** Log time of the last stored record, ms since 1970 UTC; 0 before the first. */
  storedLogMs = 0
  failure: TickhouseError | undefined
  readonly #options: IngestOptions
  readonly #checkpoint: Checkpoint
  readonly ids: PartitionIds
  readonly #sequences: QuoteSequences
  readonly #lines = new LineArbitration()
  #filling: Batch
  #spare: Batch
  #storing: Promise<void> | undefined
  #cancelCut: (() => void) | undefined
  /** Of the run in progress. */
  #stopping: AbortSignal | undefined
  readonly #report: StoredReport
  #fence: Fence | undefined
  /** Aborts with the error that ends this loop, also while it waits for a record. */
  readonly #halt = new AbortController()
  readonly #logClock: LogClock

  constructor(options: IngestOptions) {
    this.#options = options
    this.partition = options.partition
    this.#checkpoint = options.checkpoint
    this.#logClock = new LogClock(throttleEvents(options.emit, undefined, options.clock.elapsedMs))
    this.#report = new StoredReport(options)
    this.ids = new PartitionIds({
      venues: options.venues,
      changed: gap => this.#filling.gaps.add(gap),
      restarted: restart => this.#filling.restarts.push(restart),
      nowMicros: options.clock.nowMicros,
    })
    this.#sequences = new QuoteSequences(options.emit, options.clock.elapsedMs)
    this.#filling = new Batch(this.partition, options.kinds)
    this.#spare = new Batch(this.partition, options.kinds)
  }

  get #over(): boolean {
    return this.#halt.signal.aborted
  }

  get metrics(): IngestMetrics {
    return this.#options.metrics
  }

  /** Runs until the signal aborts or log and tables contradict each other (mode `failed`). Does not throw. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, emit, partition, clock, venues, kinds } = this.#options
    this.#stopping = signal
    try {
      const after = await this.#resume(signal)
      // Its previous owner may have ended before it published this.
      log.noteStored(partition, this.next)
      emit('ingest_started', { partition, next: this.next, lag: log.bounds(partition).next - this.next })
      const reading = AbortSignal.any([signal, this.#halt.signal])
      for await (const chunk of log.read(partition, this.next, reading, after)) {
        for (const entry of chunk) {
          this.#logClock.follow(entry)
          while (!this.#filling.accepts(entry, this.#options.limits)) await this.#cut(signal)
          const record = validateRecord(entry, venues, this.ids.of, kinds, this.#filling.scratch)
          if (record.row < record.ticks.length) await this.#resolveIds(record, signal)
          this.#sequences.followRecord(record)
          addToBatch(this.#filling, record, clock.elapsedMs(), this.#lines)
        }
        this.#cutWhenOld(signal)
        if (this.#over) break
      }
      await this.#storing
      if (!this.#over) this.mode = 'stopped'
    } catch (error) {
      this.end(error)
    } finally {
      this.#cancelCut?.()
      await this.#storing?.catch(() => {})
    }
  }

  /** Reads the position from the tables, with retries. Returns the last stored record, where the log has it. */
  #resume(signal: AbortSignal): Promise<LoggedRecord | undefined> {
    return this.#retry(() => this.#loadPosition(), 'resume_failed', signal)
  }

  async #retry<T>(
    query: () => Promise<T>,
    event: 'resume_failed' | 'repeats_unknown',
    signal: AbortSignal,
  ): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await query()
      } catch (error) {
        await this.#waitAfter(error, attempt, event, signal)
      }
    }
  }

  async #loadPosition(): Promise<LoggedRecord | undefined> {
    const { log, store, emit, partition } = this.#options
    await this.#checkpoint.bind(log)
    const fence = await store.claim(partition)
    this.#fence = fence
    const { next, lost, loggedMs = 0, after, unverified } = await this.#checkpoint.resume(log, fence)
    if (lost) await this.#checkpoint.writeLost(lost, fence)
    await deleteUnstored(store, fence, next)
    await this.ids.load(store, this.#checkpoint, fence)
    if ((this.#options.kinds ?? KINDS).includes(QUOTES)) await this.#sequences.load(store, fence)
    this.next = next
    this.#logClock.lastMs = loggedMs
    this.mode = 'running'
    if (lost) emit('range_lost', { partition, ...lost })
    if (unverified) emit('position_unverified', { partition, last: (lost?.first ?? next) - 1, why: unverified })
    return after
  }

  /**
   * Follows the remaining ids of a record with a trade that may be a repeat. Before a lookup in the tables, all records read before are
   * stored, so that the tables are complete.
   */
  async #resolveIds(record: ValidatedRecord, signal: AbortSignal): Promise<void> {
    const { store, venues } = this.#options
    let lookups = lookupsOf(record, venues, this.ids.of)
    if (lookups.length > 0) {
      this.ids.recall(this.#filling.trades, lookups)
      lookups = lookupsOf(record, venues, this.ids.of)
    }
    let stored = NOTHING_STORED
    if (lookups.length > 0) {
      await this.#cut(signal)
      await this.#storing
      stored = await this.#retry(() => storedTrades(store, this.partition, lookups), 'repeats_unknown', signal)
    }
    resolveIds(record, venues, this.ids.of, stored)
  }

  /** Has the filling batch cut at its age. While another is stored it waits for that anyway: a slow insert must not gather cuts. */
  #cutWhenOld(signal: AbortSignal): void {
    if (this.#cancelCut || this.#storing || this.#filling.empty || signal.aborted || this.#over) return
    const { clock, limits } = this.#options
    const waitMs = Math.max(0, this.#filling.sinceMs + limits.ageMsMax - clock.elapsedMs())
    this.#cancelCut = clock.after(waitMs, () => void this.#cut(signal).catch(error => this.end(error)))
  }

  /** Resolves once the ticks read until now are stored, or the loop has ended, which reports why. */
  async storeWaiting(): Promise<void> {
    if (!this.#stopping) return
    try {
      await this.#cut(this.#stopping)
      await this.#storing
    } catch {}
  }

  /** Cuts the filling batch and begins to store it, once the one before is stored. */
  async #cut(signal: AbortSignal): Promise<void> {
    while (this.#storing) await this.#storing
    if (this.#filling.empty || signal.aborted || this.#over) {
      signal.throwIfAborted()
      this.#halt.signal.throwIfAborted()
      return
    }
    this.#cancelCut?.()
    this.#cancelCut = undefined
    this.#filling.recorders = this.#lines.take()
    const sealed = new SealedBatch(this.#filling)
    this.#filling = this.#spare
    this.#storing = this.#store(sealed, signal).finally(() => {
      this.#storing = undefined
      this.#cutWhenOld(signal)
    })
    this.#storing.catch(error => this.end(error))
  }

  /** Stores a batch, retrying until it is stored; throws only when stopped or when the tables contradict the log. */
  async #store(sealed: SealedBatch, signal: AbortSignal): Promise<void> {
    const { emit, partition, store, log, clock, onStored } = this.#options
    const { batch } = sealed
    const fence = this.#fence!
    const startedMs = clock.elapsedMs()
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      try {
        if (attempt > 0) {
          await store.settle(fence)
          if (await sealed.findArrived(store, this.#checkpoint, fence))
            emit('insert_confirmed', { partition, first: batch.firstOffset, last: batch.lastOffset })
        }
        await sealed.write(store, this.#checkpoint, fence)
        break
      } catch (error) {
        if (!this.#over) this.mode = 'retrying'
        await this.#waitAfter(error, attempt, 'insert_failed', signal)
      }
    }
    const tookMs = clock.elapsedMs() - startedMs
    if (this.mode === 'retrying') emit('insert_recovered', { partition, outageMs: Math.round(tookMs) })
    if (!this.#over) this.mode = 'running'
    this.#options.metrics.insertMs.add(tookMs)
    this.#options.metrics.batchAgeMs.add(clock.elapsedMs() - batch.sinceMs)
    this.#count(sealed)
    log.noteStored(partition, this.next)
    onStored(batch)
    batch.clear()
    this.#spare = batch
  }

  /** Emits a retryable failure and waits before the next attempt. Throws any other failure. */
  async #waitAfter(
    error: unknown,
    attempt: number,
    event: 'resume_failed' | 'insert_failed' | 'repeats_unknown',
    signal: AbortSignal,
  ): Promise<void> {
    if (!(error instanceof TickhouseError) || !error.retryable) throw error
    const waitMs = Math.min(RETRY_MS_MIN * 2 ** attempt, RETRY_MS_MAX)
    this.#options.emit(event, { partition: this.partition, why: error.message, waitMs })
    await this.#options.clock.sleep(waitMs, signal)
  }

  #count(sealed: SealedBatch): void {
    this.next = sealed.batch.lastOffset + 1
    this.storedLogMs = sealed.batch.lastLogMs
    this.#report.stored(sealed)
  }

  /**
   * Stops the loop for an error of its own or of an audit. A contradiction between log and tables stops this partition for a person to look
   * at. Any other unexpected error ends the process (`crashed`), which then resumes from the tables.
   */
  end(error: unknown): void {
    if (this.#over) return
    if ((error as Error).name === 'AbortError') {
      this.mode = 'stopped'
      return
    }
    this.#halt.abort(error)
    if (error instanceof TickhouseError && error.code === 'store_fenced') {
      this.mode = 'fenced'
      this.failure = error
      this.#options.emit('ingest_fenced', { partition: this.partition, next: this.next })
      return
    }
    this.mode = 'failed'
    if (!(error instanceof TickhouseError) || error.retryable) {
      this.#options.crashed(error)
      return
    }
    this.failure = error
    this.#options.emit('ingest_failed', { partition: this.partition, why: error.message, advice: error.advice })
  }
}
