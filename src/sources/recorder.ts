/**
 * From decoded ticks to the log: trades gather in columns per log partition and are appended as one record when there are enough
 * of them or the oldest has waited long enough. Nothing else looks at a tick before it is in the log.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Emit } from '../telemetry/events.ts'
import { Rate, Recent } from '../telemetry/statistics.ts'
import { type LogRecord, type RefusedFrame, refusedRecord, tradesRecord } from '../tick/records.ts'
import type { Refusal } from '../tick/refusal.ts'
import { TradeColumns, type TradeDraft } from '../tick/trades.ts'
import type { Receiver } from './receiver.ts'

/** A record is cut at whichever comes first. */
const RECORD_TICKS_MAX = 5_000
const RECORD_AGE_MS_MAX = 10
/** Reading from venues stops above the upper bound of bytes not yet in the log, and goes on below the lower. */
const PENDING_BYTES_MAX = 64 * 2 ** 20
const PENDING_BYTES_RESUME = 16 * 2 ** 20
/** An append that is not answered is told of so often. */
const WAITING_TOLD_EVERY_MS = 10_000
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5_000
/** How long a stop waits for a log that cannot be written. */
const DRAIN_MS_MAX = 5_000
/** Bytes kept of a frame that is refused; a venue's longest real frame is far shorter. A cut one says so. */
const RAW_BYTES_MAX = 1_000_000
/** Text of refused frames in one record, and one more frame: below any log's limit, even when every character is escaped. */
const REFUSED_LENGTH_MAX = 1_000_000

/** One log partition: what gathers, what waits, and the one append under way. */
interface Lane {
  partition: number
  trades: TradeColumns
  refused: RefusedFrame[]
  refusedLength: number
  waiting: LogRecord[]
  appending: Promise<void> | undefined
}

export interface RecorderOptions {
  log: Log
  emit: Emit
}

export class Recorder implements Receiver {
  /** Rejects once if the log can never be written again; nothing more is recorded. */
  readonly failed: Promise<never>
  /** Called with true when the log is too slow to take more, with false when it has caught up. */
  onBackpressure: (paused: boolean) => void = () => {}
  readonly received = new Rate()
  readonly appendMs = new Recent(500)
  readonly #options: RecorderOptions
  readonly #lanes: Lane[]
  readonly #laneByName = new Map<string, Map<string, Lane>>()
  readonly #stop = new AbortController()
  readonly #fail: (error: unknown) => void
  #pendingBytes = 0
  #pendingTicks = 0
  #heldSinceMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    this.#fail = reject
    this.#lanes = Array.from({ length: options.log.partitions }, (_, partition) => ({
      partition,
      trades: new TradeColumns(RECORD_TICKS_MAX),
      refused: [],
      refusedLength: 0,
      waiting: [],
      appending: undefined,
    }))
  }

  /** Is reading from venues held back because the log is slow? */
  get held(): boolean {
    return this.#heldSinceMs > 0
  }

  trade(trade: TradeDraft): void {
    const lane = this.#laneOf(trade.venue, trade.symbol)
    lane.trades.add(trade)
    if (lane.trades.full) this.#cut(lane)
    else this.#timer ??= setTimeout(this.#cutAll, RECORD_AGE_MS_MAX)
  }

  refuse(venue: string, reason: Refusal, detail: string, raw: string | Uint8Array, receivedAtMicros: number): void {
    // Copied: the socket uses its memory again.
    const bytes = Buffer.from(raw as Uint8Array)
    const cut = bytes.length > RAW_BYTES_MAX
    this.#refuse(this.#laneOf(venue, ''), {
      venue,
      reason,
      detail: cut ? `${detail} (cut: the first ${RAW_BYTES_MAX} of ${bytes.length} bytes)` : detail,
      raw: cut ? bytes.subarray(0, RAW_BYTES_MAX) : bytes,
      ...(cut && { rawBytes: bytes.length }),
      receivedAtMicros,
    })
  }

  missed(venue: string, symbol: string, first: number, last: number, receivedAtMicros: number): void {
    const detail = `${symbol}: trade ids ${first} to ${last} were announced and never came`
    const missed = { symbol, first, last }
    const raw = JSON.stringify(missed)
    // Where the symbol's trades are, since their ids are followed there.
    this.#refuse(this.#laneOf(venue, symbol), {
      venue,
      reason: 'trade_missed',
      detail,
      raw,
      receivedAtMicros,
      missed,
    })
  }

  #refuse(lane: Lane, frame: RefusedFrame): void {
    lane.refused.push(frame)
    lane.refusedLength += frame.raw.length
    if (lane.refused.length === RECORD_TICKS_MAX || lane.refusedLength > REFUSED_LENGTH_MAX) this.#cut(lane)
    else this.#timer ??= setTimeout(this.#cutAll, RECORD_AGE_MS_MAX)
  }

  /**
   * Appends all that was received. Resolves when it is durable, or when the log could not be written for `waitMsMax`: what it did
   * not take is then given up and told. To be called when no more ticks come.
   */
  async drain(waitMsMax = DRAIN_MS_MAX): Promise<void> {
    this.#cutAll()
    const late = setTimeout(() => {
      this.#stop.abort()
      this.#options.emit('ticks_given_up', { ticks: this.#pendingTicks })
    }, waitMsMax)
    while (this.#lanes.some(lane => lane.appending)) await Promise.all(this.#lanes.map(lane => lane.appending))
    clearTimeout(late)
  }

  #laneOf(venue: string, symbol: string): Lane {
    const symbols = this.#laneByName.get(venue) ?? new Map<string, Lane>()
    const known = symbols.get(symbol)
    if (known) return known
    const { first, count } = this.#options.log.partitionsOf('trades')
    const lane = this.#lanes[first + partitionOf(venue, symbol, count)]!
    this.#laneByName.set(venue, symbols.set(symbol, lane))
    return lane
  }

  readonly #cutAll = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const lane of this.#lanes) this.#cut(lane)
  }

  #cut(lane: Lane): void {
    const records: LogRecord[] = []
    if (lane.trades.length > 0) records.push(tradesRecord(lane.trades))
    if (lane.refused.length > 0) records.push(refusedRecord(lane.refused))
    lane.trades.clear()
    lane.refused = []
    lane.refusedLength = 0
    for (const record of records) {
      this.received.add(record.ticks)
      lane.waiting.push(record)
      this.#pendingBytes += record.payload.length
      this.#pendingTicks += record.ticks
    }
    this.#holdIfFull()
    if (lane.waiting.length === 0 || lane.appending) return
    lane.appending = this.#append(lane)
      .catch(error => {
        if (this.#stop.signal.aborted) return
        // Nothing may be appended behind what was lost.
        this.#stop.abort()
        this.#fail(error)
      })
      .finally(() => {
        lane.appending = undefined
      })
  }

  #holdIfFull(): void {
    if (this.#pendingBytes <= PENDING_BYTES_MAX || this.held) return
    this.#heldSinceMs = performance.now()
    this.#options.emit('sources_blocked', { pendingBytes: this.#pendingBytes })
    this.onBackpressure(true)
  }

  /** One append at a time, each with all that waits, so that the order holds even when one has to be tried again. */
  async #append(lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const records = lane.waiting
      lane.waiting = []
      await this.#appendForCertain(lane.partition, records)
      for (const { payload, ticks } of records) {
        this.#pendingBytes -= payload.length
        this.#pendingTicks -= ticks
      }
      if (this.held && this.#pendingBytes < PENDING_BYTES_RESUME) {
        this.#options.emit('sources_unblocked', { blockedMs: Math.round(performance.now() - this.#heldSinceMs) })
        this.#heldSinceMs = 0
        this.onBackpressure(false)
      }
    }
  }

  /** A log over a network may take as long as its brokers are away; a stop does not wait for that. */
  async #whileNotStopped(appended: Promise<number>): Promise<void> {
    const { signal } = this.#stop
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stopped = () => reject(signal.reason)
    signal.addEventListener('abort', stopped)
    appended.then(() => resolve(), reject)
    await promise.finally(() => signal.removeEventListener('abort', stopped))
  }

  async #appendForCertain(partition: number, records: readonly LogRecord[]): Promise<void> {
    const { emit } = this.#options
    const startedMs = performance.now()
    const tell = () => emit('log_append_waiting', { partition, waitedMs: Math.round(performance.now() - startedMs) })
    const telling = setInterval(tell, WAITING_TOLD_EVERY_MS)
    try {
      await this.#appendHoweverOften(partition, records, startedMs)
    } finally {
      clearInterval(telling)
    }
  }

  async #appendHoweverOften(partition: number, records: readonly LogRecord[], startedMs: number): Promise<void> {
    const { log, emit } = this.#options
    for (let attempt = 0; ; attempt++) {
      this.#stop.signal.throwIfAborted()
      try {
        await this.#whileNotStopped(log.append(partition, records))
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

/**
 * The log partition of a symbol, the same in every run and on every machine: FNV-1a over venue and symbol, then MurmurHash3's
 * last mixing, since the low bits of FNV-1a alone spread like symbols badly over a power of two.
 */
export function partitionOf(venue: string, symbol: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${venue} ${symbol}`)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions
}
