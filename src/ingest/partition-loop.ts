/**
 * One log partition on its way into the tables: read → decode → validate → follow ids → batch → insert.
 *
 * While one batch is inserted, one other fills; then the reader waits, so memory is bounded by two batches and one chunk of the log.
 *   resuming   nothing was read yet; the tables are asked where to go on
 *   running    every record below `next` is in the tables
 *   retrying   an insert failed; nothing moves until it is known to be stored, or is stored
 *   fenced     another process has taken the partition over; nothing of the batch in hand was stored here
 *   failed     the tables and the log contradict each other; a person is needed, nothing more is written
 *   stopped    asked to stop; what was read and not stored will be read again
 */
import type { Clock } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import type { PartitionAssignment } from '../log/assignment.ts'
import type { Log, LoggedRecord } from '../log/log.ts'
import type { Fence, Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import type { KnownVenues, ValidatedRecord } from './append-record.ts'
import { appendValidated, NOTHING_STORED, questionsOf, settle, validateRecord } from './append-record.ts'
import { Batch, type BatchLimits } from './batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import { PartitionIds } from './ids/partition-ids.ts'
import { storedTrades } from './ids/stored-trades.ts'
import { LogClock } from './log-clock.ts'
import type { IngestMetrics } from './metrics.ts'
import { SealedBatch } from './sealed-batch.ts'
import { StoredReport } from './stored-report.ts'

export type IngestMode = 'resuming' | 'running' | 'retrying' | 'fenced' | 'failed' | 'stopped'

export interface IngestOptions {
  partition: number
  log: Log & Pick<PartitionAssignment, 'noteStored'>
  store: Store
  /** Shared by the partitions of a store. */
  checkpoint: Checkpoint
  venues: KnownVenues
  limits: BatchLimits
  clock: Clock
  figures: IngestMetrics
  emit: Emit
  /** Told of each batch once it is in the tables; the batch is only lent for the call. */
  onStored: (batch: Batch) => void
  /** Told once of an error that this loop cannot go on from and that starting anew may help. */
  crashed: (error: unknown) => void
}

const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 10_000

export class PartitionIngest {
  readonly partition: number
  mode: IngestMode = 'resuming'
  /** The next offset to be stored: all below are in the tables. */
  next = 0
  /** The log's time of the last record stored, ms since 1970 UTC; 0 before the first. */
  storedLogMs = 0
  failure: TickhouseError | undefined
  readonly #options: IngestOptions
  readonly #checkpoint: Checkpoint
  readonly #ids: PartitionIds
  #filling: Batch
  #spare: Batch
  #storing: Promise<void> | undefined
  #cancelCut: (() => void) | undefined
  readonly #report: StoredReport
  #fence: Fence | undefined
  /** Aborts with the error that ends this loop: no record may come for long, and waiting for one must end too. */
  readonly #halt = new AbortController()
  readonly #logClock: LogClock

  constructor(options: IngestOptions) {
    this.#options = options
    this.partition = options.partition
    this.#checkpoint = options.checkpoint
    this.#logClock = new LogClock(throttleEvents(options.emit, undefined, options.clock.elapsedMs))
    this.#report = new StoredReport(options)
    this.#ids = new PartitionIds({
      venues: options.venues,
      changed: gap => this.#filling.gaps.add(gap),
      restarted: restart => this.#filling.restarts.push(restart),
      nowMicros: options.clock.nowMicros,
    })
    this.#filling = new Batch(this.partition)
    this.#spare = new Batch(this.partition)
  }

  get #over(): boolean {
    return this.#halt.signal.aborted
  }

  get figures(): IngestMetrics {
    return this.#options.figures
  }

  get gapsOpen(): number {
    return this.#ids.gapsOpen
  }

  /** Open gaps of one symbol. */
  gapsOf(venue: string, symbol: string): number {
    return this.#ids.gapsOf(venue, symbol)
  }

  /** Runs until the signal aborts, or until log and tables contradict each other (mode `failed`). Does not throw for that. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, emit, partition, clock } = this.#options
    try {
      const after = await this.#resume(signal)
      emit('ingest_started', { partition, next: this.next, lag: log.bounds(partition).next - this.next })
      const reading = AbortSignal.any([signal, this.#halt.signal])
      for await (const slice of log.read(partition, this.next, reading, after)) {
        for (const entry of slice) {
          this.#logClock.follow(entry)
          while (!this.#filling.accepts(entry, this.#options.limits)) await this.#cut(signal)
          const judged = validateRecord(entry, this.#options.venues, this.#ids.of, this.#filling.scratch)
          if (judged.row < judged.trades.length) await this.#settle(judged, signal)
          appendValidated(this.#filling, judged, clock.elapsedMs())
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

  /** Asks the tables where to go on, until they can tell. Returns the last record stored, where the log has it. */
  #resume(signal: AbortSignal): Promise<LoggedRecord | undefined> {
    return this.#untilAnswered(() => this.#askTables(), 'resume_failed', signal)
  }

  async #untilAnswered<T>(
    ask: () => Promise<T>,
    event: 'resume_failed' | 'repeats_unknown',
    signal: AbortSignal,
  ): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask()
      } catch (error) {
        await this.#waitAfter(error, attempt, event, signal)
      }
    }
  }

  async #askTables(): Promise<LoggedRecord | undefined> {
    const { log, store, emit, partition } = this.#options
    await this.#checkpoint.bind(log)
    const fence = await store.claim(partition)
    this.#fence = fence
    const { next, lost, loggedMs = 0, after, unverified } = await this.#checkpoint.resume(log, fence)
    if (lost) await this.#checkpoint.writeLost(lost, fence)
    await this.#ids.load(store, this.#checkpoint, fence)
    this.next = next
    this.#logClock.lastMs = loggedMs
    this.mode = 'running'
    if (lost) emit('range_lost', { partition, ...lost })
    if (unverified) emit('position_unverified', { partition, last: (lost?.first ?? next) - 1, why: unverified })
    return after
  }

  /**
   * Follows the ids of a record with a trade that may have come before. Where only the tables can say, all that was read before is stored
   * first, so that they know all.
   */
  async #settle(judged: ValidatedRecord, signal: AbortSignal): Promise<void> {
    const { store, venues } = this.#options
    const questions = questionsOf(judged, venues, this.#ids.of)
    let stored = NOTHING_STORED
    if (questions.length > 0) {
      await this.#cut(signal)
      await this.#storing
      stored = await this.#untilAnswered(
        () => storedTrades(store, this.partition, questions),
        'repeats_unknown',
        signal,
      )
    }
    settle(judged, venues, this.#ids.of, stored)
  }

  #cutWhenOld(signal: AbortSignal): void {
    if (this.#cancelCut !== undefined || this.#filling.empty) return
    const { clock, limits } = this.#options
    const waitMs = Math.max(0, this.#filling.sinceMs + limits.ageMsMax - clock.elapsedMs())
    this.#cancelCut = clock.after(waitMs, () => {
      this.#cancelCut = undefined
      this.#cut(signal).then(
        () => this.#cutWhenOld(signal),
        error => this.end(error),
      )
    })
  }

  /** Hands the filling batch on, once the one before is stored. */
  async #cut(signal: AbortSignal): Promise<void> {
    while (this.#storing) await this.#storing
    if (this.#filling.empty || signal.aborted || this.#over) {
      signal.throwIfAborted()
      this.#halt.signal.throwIfAborted()
      return
    }
    const sealed = new SealedBatch(this.#filling)
    this.#filling = this.#spare
    this.#storing = this.#store(sealed, signal).finally(() => {
      this.#storing = undefined
    })
    this.#storing.catch(error => this.end(error))
  }

  /** Stores a batch for certain, however often it takes; throws only when stopped or when the tables contradict the log. */
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
          if (await sealed.ask(store, this.#checkpoint, fence))
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
    this.#options.figures.insertMs.add(tookMs)
    this.#options.figures.batchAgeMs.add(clock.elapsedMs() - batch.sinceMs)
    this.#count(sealed)
    log.noteStored(partition, this.next)
    onStored(batch)
    batch.clear()
    this.#spare = batch
  }

  /** Tells of a failure that may pass and waits before another try. Throws any other failure. */
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
   * Stops for an error that was met here or, as by an audit, elsewhere. A contradiction between log and tables stops this partition,
   * for a person to see. Anything else unforeseen ends the process (`crashed`), so that it starts anew from what the tables say.
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
