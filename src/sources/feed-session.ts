import { isUtf8 } from 'node:buffer'
import { nowMicros } from '../clock.ts'
import { redactBytes } from '../plain-text.ts'
import { Rate } from '../telemetry/statistics.ts'
import type { Amendment } from '../tick/amendments/amendments.ts'
import type { Liquidation } from '../tick/derivatives/liquidations.ts'
import type { Mark } from '../tick/derivatives/marks.ts'
import { idsRise } from '../tick/id-kind.ts'
import { AMENDMENTS, LIQUIDATIONS, MARKS, QUOTES, TRADES } from '../tick/kinds.ts'
import type { Decoded } from '../tick/named/columns.ts'
import type { QuoteDraft } from '../tick/quotes/quotes.ts'
import type { Refusal } from '../tick/refusal.ts'
import type { TradeDraft } from '../tick/trades.ts'
import { show } from '../venues/read-trade.ts'
import type { Control, Decode, Sink, Venue } from '../venues/venue.ts'
import { Connection } from './connection/connection.ts'
import { shorten } from './connection/loss.ts'
import type { ConnectionOptions } from './connection/options.ts'
import type { ConnectionStatus, Listing } from './connection/status.ts'
import { Latency } from './latency.ts'
import type { Receiver } from './receiver.ts'
import type { SymbolState } from './subscription/symbol-states.ts'
import { VenueClock } from './venue-clock.ts'

const LATENCY_WINDOW_MS = 3000
/** Fewer refused frames in a row than this do not make a connection unreadable. */
const UNREADABLE_FRAMES_MIN = 3

/** A connection's state and counts, for the page and `/health`. Counts are since start. */
export interface FeedStatus extends ConnectionStatus {
  frames: number
  /** Messages of a known kind that is not recorded. */
  ignored: number
  /** Values with more digits than a double has: see `isImprecise`. */
  imprecise: number
}

export interface FeedSessionOptions extends Omit<ConnectionOptions, 'onFrame' | 'onLoss'> {
  receiver: Receiver
}

/** One connection and its decoder: decodes frames, passes ticks and refusals to the receiver, and counts them. */
export class FeedSession implements Sink {
  readonly #venue: Venue
  readonly #options: Pick<FeedSessionOptions, 'emit' | 'timings' | 'venueState'>
  readonly #id: string
  readonly #receiver: Receiver

  readonly #connection: Connection
  readonly #idsRise: boolean
  readonly #ticks = new Rate()
  readonly #frames = new Rate()
  readonly #latency = new Latency(LATENCY_WINDOW_MS)
  readonly #clock: VenueClock
  #refused = 0
  #ignored = 0
  #imprecise = 0
  /** Refused frames since the last readable one. */
  #refusedInARow = 0
  #refusedSinceMs = 0
  #unreadable = false
  #frame: Buffer = Buffer.alloc(0)
  #receivedAtMicros = 0
  /** The same moment by a monotonic clock, ms. */
  #receivedMs = 0
  #ticksOfFrame = 0
  /** The frame has a trade of a symbol that was not requested. */
  #hasUnrequested = false

  /** Starts to connect. */
  constructor({ receiver, ...options }: FeedSessionOptions) {
    this.#venue = options.venue
    this.#idsRise = idsRise(options.venue.ids)
    this.#options = options
    this.#id = options.id
    this.#receiver = receiver

    this.#clock = new VenueClock(aheadMs => this.#reportClock(aheadMs))
    this.#connection = new Connection({
      ...options,
      onFrame: (frame, decode, receivedAtMicros, arrivedMs) => this.#decode(frame, decode, receivedAtMicros, arrivedMs),
      onLoss: (symbol, { first, last }) => receiver.missed(this.#venue.name, symbol, first, last, nowMicros()),
    })
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    this.#connection.resume()
  }

  change(join: readonly string[], leave: readonly string[]): void {
    this.#connection.change(join, leave)
  }

  /** What the venue's list states of each symbol that does not trade. */
  listed(listings: ReadonlyMap<string, Listing>): void {
    this.#connection.subscriptions.listed(listings)
  }

  /** The state of every symbol and kind. */
  symbols(): SymbolState[] {
    // The subscriptions' times are by `performance.now`.
    const wallMs = (ms: number) => performance.timeOrigin + ms
    return this.#connection.subscriptions.symbols().map(({ sinceMs, firstTickMs, ...status }) => ({
      ...{ venue: this.#venue.name, ...status, sinceMs: wallMs(sinceMs) },
      firstTickMs: firstTickMs === undefined ? null : wallMs(firstTickMs),
    }))
  }

  /** The venue does not list these symbols of ours. */
  unlisted(symbols: readonly string[]): void {
    this.#connection.control({ kind: 'rejected', detail: 'not listed by the venue', symbols })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  status(): FeedStatus {
    return {
      ...this.#connection.status(),
      id: this.#id,
      venue: this.#venue.name,
      unreadable: this.#unreadable,
      venueStatus: this.#options.venueState.status,
      ticksPerSecond: this.#ticks.perSecond(),
      framesPerSecond: this.#frames.perSecond(),
      ticks: this.#ticks.total,
      frames: this.#frames.total,
      refused: this.#refused,
      ignored: this.#ignored,
      imprecise: this.#imprecise,
      latencyMs: this.#latency.quantiles(performance.now()),
      clockAheadMs: this.#clock.aheadMs,
    }
  }

  #decode(received: Buffer, decode: Decode, receivedAtMicros: number, arrivedMs: number): void {
    // A venue with accounts may repeat what it was sent.
    const frame = this.#venue.account ? redactBytes(received) : received
    this.#frame = frame
    this.#receivedAtMicros = receivedAtMicros
    this.#receivedMs = arrivedMs
    this.#ticksOfFrame = 0
    this.#hasUnrequested = false
    const refusedBefore = this.#refused
    decode(frame, this)
    const isRead = this.#ticksOfFrame > 0 || this.#hasUnrequested
    if (this.#refused > refusedBefore && !isRead) this.#countRefused()
    else if (this.#refusedInARow > 0) this.#resetRefused()
    this.#frames.add(1, this.#receivedMs)
    if (this.#ticksOfFrame > 0) this.#ticks.add(this.#ticksOfFrame, this.#receivedMs)
  }

  #reportClock(aheadMs: number): void {
    const of = { venue: this.#venue.name, connection: this.#id }
    const direction = aheadMs > 0 ? 'ahead of' : 'behind'
    if (aheadMs === 0) this.#options.emit('clock_right', of)
    else this.#options.emit('clock_wrong', { ...of, direction, apartMs: Math.round(Math.abs(aheadMs)) })
  }

  #countRefused(): void {
    const { timings, emit } = this.#options
    const nowMs = performance.now()
    if (this.#refusedInARow++ === 0) this.#refusedSinceMs = nowMs
    const forMs = nowMs - this.#refusedSinceMs
    if (this.#unreadable || this.#refusedInARow < UNREADABLE_FRAMES_MIN || forMs < timings.unreadableMsMax) return
    this.#unreadable = true
    const frames = this.#refusedInARow
    emit('frames_unreadable', { venue: this.#venue.name, connection: this.#id, frames, forMs: Math.round(forMs) })
  }

  #resetRefused(): void {
    this.#refusedInARow = 0
    if (this.#unreadable) this.#options.emit('frames_readable', { venue: this.#venue.name, connection: this.#id })
    this.#unreadable = false
  }

  trade(trade: TradeDraft): void {
    const id = this.#idsRise ? trade.tradeId : undefined
    if (!this.#connection.ticked(TRADES.name, trade.symbol, id, trade.timestampMicros, trade.volume)) {
      this.#refuseUnrequested(TRADES.name, trade.symbol)
      return
    }
    this.#count(trade.timestampMicros)
    trade.venue = this.#venue.name
    trade.receivedAtMicros = this.#receivedAtMicros
    this.#receiver.trade(trade)
  }

  quote(quote: QuoteDraft): void {
    const { sequence } = quote
    if (!this.#connection.ticked(QUOTES.name, quote.symbol, sequence === 0 ? undefined : sequence)) {
      this.#refuseUnrequested(QUOTES.name, quote.symbol)
      return
    }
    this.#count(quote.timestampMicros)
    quote.venue = this.#venue.name
    quote.receivedAtMicros = this.#receivedAtMicros
    this.#receiver.quote(quote)
  }

  amendment(amendment: Amendment): void {
    if (!this.#connection.ticked(TRADES.name, amendment.symbol)) {
      this.#refuseUnrequested(AMENDMENTS.name, amendment.symbol)
      return
    }
    this.#ticksOfFrame++
    this.#receiver.amendment({
      ...amendment,
      venue: this.#venue.name,
      receivedAtMicros: this.#receivedAtMicros,
    })
  }

  mark(mark: Decoded<Mark>): void {
    if (this.#isRequested(MARKS.name, mark)) this.#receiver.mark({ ...mark, ...this.#ofFrame() })
  }

  liquidation(liquidation: Decoded<Liquidation>): void {
    if (this.#isRequested(LIQUIDATIONS.name, liquidation))
      this.#receiver.liquidation({ ...liquidation, ...this.#ofFrame() })
  }

  /** Counts a tick of a kind that users request by name; refuses one that was not. */
  #isRequested(kind: string, { symbol, timestamp }: { symbol: string; timestamp: number }): boolean {
    const isRequested = this.#connection.ticked(kind, symbol)
    if (isRequested) this.#count(timestamp)
    else this.#refuseUnrequested(kind, symbol)
    return isRequested
  }

  #ofFrame(): { venue: string; received_at: number } {
    return { venue: this.#venue.name, received_at: this.#receivedAtMicros }
  }

  /** A tick of the venue's time, 0 if it states none. */
  #count(timestampMicros: number): void {
    this.#ticksOfFrame++
    if (timestampMicros === 0) return
    const lateMs = (this.#receivedAtMicros - timestampMicros) / 1000
    // Ticks from before the connection are history sent after subscribing: they do not measure its latency.
    if (timestampMicros >= this.#connection.openedAtMicros) this.#latency.add(lateMs, this.#receivedMs)
    this.#clock.add(lateMs, this.#receivedMs)
  }

  /** Once per frame, which is stored whole: each of thousands of such trades would store it again. */
  #refuseUnrequested(kind: string, symbol: string): void {
    if (this.#hasUnrequested) return
    this.#hasUnrequested = true
    this.refuse('symbol_unasked', `${kind} of ${show(symbol)}`)
  }

  refuse(reason: Refusal, detail: string, item?: string | Uint8Array): void {
    this.#refused++
    this.#options.emit('frame_refused', { venue: this.#venue.name, reason, detail: shorten(detail) })
    // As text, an item of a frame that is not UTF-8 has lost bytes.
    const isWhole = item === undefined || (typeof item === 'string' && !isUtf8(this.#frame))
    const raw = isWhole ? this.#frame : item
    this.#receiver.refuse(this.#venue.name, reason, detail, raw, this.#receivedAtMicros)
  }

  control(control: Control): void {
    this.#connection.control(control)
  }

  ignore(): void {
    this.#ignored++
  }

  imprecise(): void {
    this.#imprecise++
  }
}
