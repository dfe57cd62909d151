/**
 * Appends decoded ticks to the log. Ticks of a kind are buffered in columns per log partition and appended as one
 * record, by count or by age. Nothing else reads a tick before it is in the log.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Emit } from '../telemetry/events.ts'
import { Rate, Recent } from '../telemetry/statistics.ts'
import type { Amendment } from '../tick/amendments/amendments.ts'
import type { Liquidation } from '../tick/derivatives/liquidations.ts'
import type { Mark } from '../tick/derivatives/marks.ts'
import { QUOTES, TRADES } from '../tick/kinds.ts'
import type { QuoteDraft } from '../tick/quotes/quotes.ts'
import type { LogRecord, RefusedFrame } from '../tick/records.ts'
import type { Refusal } from '../tick/refusal.ts'
import type { Repair } from '../tick/repairs/repairs.ts'
import type { TradeDraft } from '../tick/trades.ts'
import type { Receiver } from './receiver.ts'
import { HoldBack } from './recording/hold-back.ts'
import { PartitionBuffer, RECORD_TICKS_MAX } from './recording/partition-buffer.ts'
import { SymbolBuffers } from './recording/symbol-buffers.ts'

/** A record is closed at the first of these bounds. */
const RECORD_AGE_MS_MAX = 20
/** Reading from venues pauses above the first bound of bytes not yet in the log, and resumes below the second. */
const PENDING_BYTES_MAX = 64 * 2 ** 20
const PENDING_BYTES_RESUME = 16 * 2 ** 20
/** Interval of the event for an append without an answer. */
const WAITING_EVENT_EVERY_MS = 10_000
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000
/** The longest that a shutdown waits for a log that cannot be written. */
const DRAIN_MS_MAX = 5_000
/** Bytes kept of a refused frame, far above a venue's longest. `detail` states that a longer one was cut. */
const RAW_BYTES_MAX = 1_000_000
/**
 * Bytes of refused frames in one record before the last of them: below any log's limit, even with every character
 * escaped.
 */
const REFUSED_LENGTH_MAX = 1_000_000

export interface RecorderOptions {
  log: Log
  emit: Emit
  /** The recorder's name, in records of a log that keeps it. */
  name?: string | undefined
}

export class Recorder implements Receiver {
  /** Rejects once if the log can never be written again; nothing more is recorded. */
  readonly failed: Promise<never>
  /** Called with true when the log is too slow, with false when it has caught up. */
  onBackpressure: (paused: boolean) => void = () => {}
  /** Called with records that the log has acknowledged. */
  onAppended: ((records: readonly LogRecord[]) => void) | undefined
  /** Appends later than usual, beside another recorder. */
  readonly holdBack = new HoldBack()
  readonly received = new Rate()
  readonly appendMs = new Recent(500)
  readonly #options: RecorderOptions
  readonly #buffers: PartitionBuffer[]
  readonly #tradesOf: SymbolBuffers
  readonly #quotesOf: SymbolBuffers
  readonly #stop = new AbortController()
  readonly #fail: (error: unknown) => void
  #pendingBytes = 0
  #pendingTicks = 0
  #pausedSinceMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    this.#fail = reject
    this.#buffers = Array.from({ length: options.log.partitions }, (_, partition) => new PartitionBuffer(partition))
    this.#tradesOf = new SymbolBuffers(options.log, TRADES.name, this.#buffers)
    this.#quotesOf = new SymbolBuffers(options.log, QUOTES.name, this.#buffers)
  }

  /** Is reading from venues paused because the log is slow? */
  get paused(): boolean {
    return this.#pausedSinceMs > 0
  }

  trade(trade: TradeDraft): void {
    const buffer = this.#tradesOf.of(trade.venue, trade.symbol)
    buffer.trades.add(trade)
    if (buffer.trades.full) this.#closeRecord(buffer)
    else this.#timer ??= setTimeout(this.#closeRecords, RECORD_AGE_MS_MAX)
  }

  quote(quote: QuoteDraft): void {
    const buffer = this.#quotesOf.of(quote.venue, quote.symbol)
    buffer.quotes.add(quote)
    if (buffer.quotes.full) this.#closeRecord(buffer)
    else this.#timer ??= setTimeout(this.#closeRecords, RECORD_AGE_MS_MAX)
  }

  amendment(amendment: Amendment): void {
    const buffer = this.#tradesOf.of(amendment.venue, amendment.symbol)
    buffer.amendments.add(amendment)
    this.#added(buffer, buffer.amendments)
  }

  mark(mark: Mark): void {
    const buffer = this.#tradesOf.of(mark.venue, mark.symbol)
    buffer.marks.add(mark)
    this.#added(buffer, buffer.marks)
  }

  liquidation(liquidation: Liquidation): void {
    const buffer = this.#tradesOf.of(liquidation.venue, liquidation.symbol)
    buffer.liquidations.add(liquidation)
    this.#added(buffer, buffer.liquidations)
  }

  /** A tick of a rare kind, in the partition of its symbol's trades. */
  #added(buffer: PartitionBuffer, { length }: { length: number }): void {
    if (length === RECORD_TICKS_MAX) this.#closeRecord(buffer)
    else this.#timer ??= setTimeout(this.#closeRecords, RECORD_AGE_MS_MAX)
  }

  /** What became of missing ids: to the partition of the symbol's trades, where their ids are followed. */
  repair(repair: Repair): void {
    const buffer = this.#tradesOf.of(repair.venue, repair.symbol)
    buffer.repairs.add(repair)
    if (buffer.repairs.length === RECORD_TICKS_MAX) this.#closeRecord(buffer)
    else this.#timer ??= setTimeout(this.#closeRecords, RECORD_AGE_MS_MAX)
  }

  refuse(venue: string, reason: Refusal, detail: string, raw: string | Uint8Array, receivedAtMicros: number): void {
    // Copied: the socket reuses its memory.
    const bytes = Buffer.from(raw as Uint8Array)
    const cut = bytes.length > RAW_BYTES_MAX
    this.#refuse(this.#tradesOf.of(venue, ''), {
      venue,
      reason,
      detail: cut ? `${detail} (cut: the first ${RAW_BYTES_MAX} of ${bytes.length} bytes)` : detail,
      raw: cut ? bytes.subarray(0, RAW_BYTES_MAX) : bytes,
      ...(cut && { rawBytes: bytes.length }),
      receivedAtMicros,
    })
  }

  missed(venue: string, symbol: string, first: number, last: number, receivedAtMicros: number): void {
    const detail = `${symbol}: trade ids ${first} to ${last} were announced and never arrived`
    const missed = { symbol, first, last }
    const raw = JSON.stringify(missed)
    // To the partition of the symbol's trades, where their ids are followed.
    this.#refuse(this.#tradesOf.of(venue, symbol), {
      venue,
      reason: 'trade_missed',
      detail,
      raw,
      receivedAtMicros,
      missed,
    })
  }

  #refuse(buffer: PartitionBuffer, frame: RefusedFrame): void {
    buffer.refused.push(frame)
    buffer.refusedLength += frame.raw.length
    if (buffer.refused.length === RECORD_TICKS_MAX || buffer.refusedLength > REFUSED_LENGTH_MAX)
      this.#closeRecord(buffer)
    else this.#timer ??= setTimeout(this.#closeRecords, RECORD_AGE_MS_MAX)
  }

  /**
   * Appends everything received. Resolves when it is durable, or after `waitMsMax` without a writable log: the rest is
   * then dropped, with the event `ticks_given_up`. Call it when no more ticks arrive.
   */
  async drain(waitMsMax = DRAIN_MS_MAX): Promise<void> {
    this.holdBack.release()
    this.#closeRecords()
    const late = setTimeout(() => {
      this.#stop.abort()
      this.#options.emit('ticks_given_up', { ticks: this.#pendingTicks })
    }, waitMsMax)
    while (this.#buffers.some(buffer => buffer.appending))
      await Promise.all(this.#buffers.map(buffer => buffer.appending))
    clearTimeout(late)
  }

  readonly #closeRecords = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const buffer of this.#buffers) this.#closeRecord(buffer)
  }

  #closeRecord(buffer: PartitionBuffer): void {
    for (const record of buffer.take()) {
      this.received.add(record.ticks)
      buffer.waiting.push(record)
      buffer.closedMs.push(performance.now())
      this.#pendingBytes += record.payload.length
      this.#pendingTicks += record.ticks
    }
    this.#pauseIfFull()
    if (buffer.waiting.length === 0 || buffer.appending) return
    buffer.appending = this.#append(buffer)
      .catch(error => {
        if (this.#stop.signal.aborted) return
        // Nothing may be appended after lost records.
        this.#stop.abort()
        this.#fail(error)
      })
      .finally(() => {
        buffer.appending = undefined
      })
  }

  #pauseIfFull(): void {
    if (this.#pendingBytes <= PENDING_BYTES_MAX || this.paused) return
    this.#pausedSinceMs = performance.now()
    this.#options.emit('sources_blocked', { pendingBytes: this.#pendingBytes })
    this.onBackpressure(true)
  }

  /** One append at a time, with all waiting records, so that a retry keeps the order. */
  async #append(buffer: PartitionBuffer): Promise<void> {
    while (buffer.waiting.length > 0) {
      const due = this.holdBack.holds ? await this.holdBack.due(buffer.closedMs) : buffer.waiting.length
      const records = buffer.waiting.splice(0, due)
      buffer.closedMs.splice(0, due)
      await this.#appendReporting(buffer.partition, records)
      this.onAppended?.(records)
      for (const { payload, ticks } of records) {
        this.#pendingBytes -= payload.length
        this.#pendingTicks -= ticks
      }
      if (this.paused && this.#pendingBytes < PENDING_BYTES_RESUME) {
        this.#options.emit('sources_unblocked', { blockedMs: Math.round(performance.now() - this.#pausedSinceMs) })
        this.#pausedSinceMs = 0
        this.onBackpressure(false)
      }
    }
  }

  /** An append to a log whose brokers are unreachable may take as long as they are; a shutdown does not wait for it. */
  async #whileNotStopped(appended: Promise<number>): Promise<void> {
    const { signal } = this.#stop
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stopped = () => reject(signal.reason)
    signal.addEventListener('abort', stopped)
    appended.then(() => resolve(), reject)
    await promise.finally(() => signal.removeEventListener('abort', stopped))
  }

  async #appendReporting(partition: number, records: readonly LogRecord[]): Promise<void> {
    const { emit } = this.#options
    const startedMs = performance.now()
    const report = () => emit('log_append_waiting', { partition, waitedMs: Math.round(performance.now() - startedMs) })
    const reporting = setInterval(report, WAITING_EVENT_EVERY_MS)
    try {
      await this.#appendWithRetries(partition, records, startedMs)
    } finally {
      clearInterval(reporting)
    }
  }

  async #appendWithRetries(partition: number, records: readonly LogRecord[], startedMs: number): Promise<void> {
    const { log, emit, name } = this.#options
    const named = name ? records.map(record => ({ ...record, recorder: name })) : records
    for (let attempt = 0; ; attempt++) {
      this.#stop.signal.throwIfAborted()
      try {
        await this.#whileNotStopped(log.append(partition, named))
        const tookMs = performance.now() - startedMs
        this.appendMs.add(tookMs)
        if (attempt > 0) emit('log_append_recovered', { outageMs: Math.round(tookMs) })
        return
      } catch (error) {
        if (!(error instanceof TickhouseError) || !error.retryable) throw error
        const waitMs = Math.min(RETRY_MS_MIN * 2 ** attempt, RETRY_MS_MAX)
        emit('log_append_failed', { why: error.message, advice: error.advice, waitMs })
        await sleep(waitMs, undefined, { signal: this.#stop.signal })
      }
    }
  }
}
