/**
 * The subscriptions of one connection to one kind of ticks: passes the venue's control messages to the affected symbols, collects what is
 * due, and reports changes, many symbols per log line.
 */
import type { Emit } from '../../telemetry/events.ts'
import { isSporadic } from '../../tick/kinds.ts'
import type { IdRange } from '../../tick/repairs/id-ranges.ts'
import type { Control, Witness } from '../../venues/venue.ts'
import { shorten } from '../connection/loss.ts'
import type { Listing, NotLive, SubscriptionState, SymbolsStatus } from '../connection/status.ts'
import type { Timings } from '../connection/timings.ts'
import { isAlreadySubscribed, refusalKind, symbolsNamed } from './refusal-kind.ts'
import { STRAGGLERS_MS, Subscription } from './subscription.ts'
import { SubscriptionReport } from './subscription-report.ts'

export interface SubscriptionsOptions {
  venue: string
  connection: string
  /** The kind of ticks. */
  kind: string
  symbols: readonly string[]
  /** The venue confirms or refuses each symbol. */
  acknowledges: boolean
  timings: Timings
  emit: Emit
  /** Called with trades that the venue announced and that never arrived. */
  onLoss(symbol: string, loss: IdRange): void
  random?: () => number
}

/** Symbols to request again on the open connection, and why to replace the connection, if so. */
export interface Due {
  resubscribe: string[]
  replace: string | undefined
}

/** Control messages about symbols. */
export type SymbolControl = Extract<
  Control,
  { kind: 'subscribed' | 'ended' | 'rejected' | 'heartbeat' | 'witness' | 'error' }
>
/** Those that any kind of ticks may be about: a witness is of trades. */
export type KindControl = Exclude<SymbolControl, { kind: 'witness' }>
/** Control messages about errors. */
export type Complaint = Extract<Control, { kind: 'rejected' | 'error' }>

/** The state of a symbol; times are by the clock of the calls. */
export interface SubscriptionStatus {
  symbol: string
  kind: string
  state: SubscriptionState
  detail: string
  sinceMs: number
  firstTickMs: number | undefined
}

/** The states of all symbols. */
export interface KindStatus {
  states: SymbolsStatus['states']
  notLive: NotLive[]
  /** Symbols that are neither acknowledged nor live. */
  lacking: string[]
}

export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #report: SubscriptionReport
  readonly #all = new Map<string, Subscription>()
  /** By the symbol in capitals. */
  readonly #byUpperCase = new Map<string, Subscription>()
  /** By the venue's spelling where it differs from ours in case: at most one per symbol. */
  readonly #spelled = new Map<string, Subscription>()
  /** No longer requested: until when their ticks are in flight. */
  readonly #left = new Map<string, number>()
  /** When to report the number of subscribed symbols, at the latest. */
  #countByMs: number | undefined

  constructor(options: SubscriptionsOptions) {
    this.#options = options
    const { venue, connection, kind, emit } = options
    this.#report = new SubscriptionReport({ venue, connection, kind }, emit)
    for (const symbol of options.symbols) this.#add(symbol)
  }

  get size(): number {
    return this.#all.size
  }

  /** Symbols that are requested from now on, and no longer. `isOpen`: a socket requests them now. */
  change(join: readonly string[], leave: readonly string[], nowMs: number, isOpen: boolean): void {
    for (const [symbol, untilMs] of this.#left) if (untilMs < nowMs) this.#left.delete(symbol)
    for (const symbol of leave) {
      const left = this.#all.get(symbol)
      for (const [spelling, each] of this.#spelled) if (each === left) this.#spelled.delete(spelling)
      this.#all.delete(symbol)
      this.#byUpperCase.delete(symbol.toUpperCase())
      this.#report.forget(symbol)
      this.#left.set(symbol, nowMs + STRAGGLERS_MS)
    }
    for (const symbol of join) {
      const subscription = this.#add(symbol)
      if (isOpen) subscription.opened(nowMs, false)
    }
  }

  /** A socket opened and requests all symbols. `duringRotation`: another socket still delivers. */
  opened(nowMs: number, duringRotation: boolean): void {
    for (const subscription of this.#all.values()) subscription.opened(nowMs, duringRotation)
    if (!duringRotation) this.#countByMs = nowMs + this.#options.timings.answerMsMax
  }

  /** No socket is open. */
  lost(nowMs: number): void {
    for (const subscription of this.#all.values()) subscription.lost(nowMs)
  }

  /** Reading resumes after a pause. */
  resumed(nowMs: number): void {
    for (const subscription of this.#all.values()) subscription.resumed(nowMs)
  }

  /** Called for every tick, with its id if it has one, and of a trade its time and volume. False if its symbol was not requested. */
  ticked(symbol: string, id: number | bigint | undefined, nowMs: number, micros?: number, volume?: number): boolean {
    const subscription = this.#all.get(symbol) ?? this.#respelled(symbol)
    subscription?.ticked(id, nowMs, micros, volume)
    return subscription !== undefined || (this.#left.get(symbol) ?? 0) > nowMs
  }

  /** The venue states which trades of a symbol exist. */
  witnessed(witness: Witness, nowMs: number): void {
    const { symbol } = witness
    const subscription = this.#all.get(symbol) ?? this.#spelled.get(symbol)
    const difference = subscription?.witnessed(witness, nowMs)
    if (!difference) return
    const { venue, connection, emit } = this.#options
    const { sinceMicros, trades, stated, received } = difference
    const minute = new Date(sinceMicros / 1000).toISOString().slice(0, 16)
    const detail = `${trades} trades of ${minute}Z have volume ${received}, and by the venue ${stated}`
    emit('volume_differs', { venue, connection, symbol: witness.symbol, detail })
  }

  /**
   * Handles a control message. `confirmed` are the symbols confirmed on its socket. False for an error or refusal that
   * affects no subscription.
   */
  control(control: KindControl, confirmed: Set<string>, nowMs: number): control is Exclude<KindControl, Complaint> {
    switch (control.kind) {
      case 'subscribed':
        this.#acknowledged(control, confirmed, nowMs)
        return true
      case 'ended':
        for (const symbol of control.symbols) this.#ended(symbol, confirmed, nowMs)
        return true
      case 'rejected':
        return this.#rejected(control, confirmed, nowMs)
      case 'error':
        return false
      case 'heartbeat':
        if (control.symbol !== undefined && control.lastTradeId !== undefined)
          this.#all.get(control.symbol)?.announced(control.lastTradeId, nowMs)
        // The venue repeats the last tick: as good a sign of life as a new one.
        else if (control.symbol !== undefined && control.channel !== undefined)
          this.ticked(control.symbol, undefined, nowMs)
        return true
    }
  }

  /** What the venue's list states of each symbol that does not trade. */
  listed(listings: ReadonlyMap<string, Listing>): void {
    for (const [symbol, subscription] of this.#all) subscription.listed(listings.get(symbol))
  }

  /** The state of every symbol; times are by the caller's clock. */
  symbols(): SubscriptionStatus[] {
    const { kind } = this.#options
    return [...this.#all.values()].map(({ symbol, state, detail, sinceMs, firstTickMs }) => ({
      ...{ symbol, kind, state, detail, sinceMs, firstTickMs },
    }))
  }

  /** What is due now. `receiving`: the connection's last frame is recent. */
  check(nowMs: number, receiving: boolean): Due {
    const { venue, connection, emit, onLoss } = this.#options
    const due: Due = { resubscribe: [], replace: undefined }
    for (const subscription of this.#all.values()) {
      const { symbol } = subscription
      const loss = subscription.loss(nowMs)
      if (loss) {
        const { first, last } = loss
        emit('trades_missed', { venue, connection, symbol, first, last })
        onLoss(symbol, { first, last })
      }
      const remedy = loss?.remedy ?? subscription.check(nowMs, receiving)
      if (remedy === 'resubscribe') due.resubscribe.push(symbol)
      else if (remedy === 'replace') due.replace ??= `${symbol}: ${subscription.detail}`
      this.#report.compare(subscription)
    }
    this.#report.report(nowMs)
    this.#reportCount(nowMs)
    return due
  }

  status(nowMs: number): KindStatus {
    const { kind } = this.#options
    const status: KindStatus = { states: {}, notLive: [], lacking: [] }
    const { states, notLive, lacking } = status
    for (const { symbol, state, detail, sinceMs, retryAtMs } of this.#all.values()) {
      states[state] = (states[state] ?? 0) + 1
      if (state === 'live' || state === 'quiet') continue
      if (state !== 'acknowledged') lacking.push(symbol)
      const retryInMs = retryAtMs === undefined ? null : Math.max(0, retryAtMs - nowMs)
      notLive.push({ symbol, kind, state, detail, forMs: Math.max(0, nowMs - sinceMs), retryInMs })
    }
    return status
  }

  #add(symbol: string): Subscription {
    const { kind, acknowledges, timings, random = Math.random } = this.#options
    const subscription = new Subscription(symbol, { kind, acknowledges, sporadic: isSporadic(kind), timings, random })
    this.#all.set(symbol, subscription)
    this.#byUpperCase.set(symbol.toUpperCase(), subscription)
    this.#left.delete(symbol)
    return subscription
  }

  /** Until the venue's list is known, a symbol may be requested in another case than its trades have. */
  #respelled(symbol: string): Subscription | undefined {
    const known = this.#spelled.get(symbol)
    if (known) return known
    const subscription = this.#byUpperCase.get(symbol.toUpperCase())
    if (!subscription) return undefined
    // One spelling per symbol: a venue cannot make us store more than twice the requested symbols.
    this.#byUpperCase.delete(symbol.toUpperCase())
    this.#spelled.set(symbol, subscription)
    return subscription
  }

  #acknowledged({ symbols, all }: Extract<Control, { kind: 'subscribed' }>, confirmed: Set<string>, nowMs: number) {
    if (symbols === undefined) {
      for (const subscription of this.#all.values()) if (subscription.pending) subscription.acknowledged(nowMs)
      return
    }
    const listed = new Set(symbols)
    if (all) for (const symbol of [...confirmed]) if (!listed.has(symbol)) this.#ended(symbol, confirmed, nowMs)
    for (const symbol of symbols) {
      // A full list repeats symbols confirmed before.
      if (all && confirmed.has(symbol)) continue
      confirmed.add(symbol)
      this.#all.get(symbol)?.acknowledged(nowMs)
    }
  }

  #ended(symbol: string, confirmed: Set<string>, nowMs: number): void {
    confirmed.delete(symbol)
    this.#all.get(symbol)?.ended(nowMs)
  }

  #rejected(control: Extract<Control, { kind: 'rejected' }>, confirmed: Set<string>, nowMs: number): boolean {
    const detail = shorten(control.detail)
    const ours = control.symbols ?? symbolsNamed(control.detail, [...this.#all.keys(), ...this.#left.keys()])
    // It refuses to end a subscription that does not exist.
    if (ours.length > 0 && ours.every(symbol => this.#left.has(symbol))) return true
    const named = ours.flatMap(symbol => this.#all.get(symbol) ?? [])
    // A refusal that names no symbol is about the requests without an answer, if there are any.
    const affected = named.length > 0 ? named : [...this.#all.values()].filter(({ pending }) => pending)
    for (const subscription of affected) {
      if (isAlreadySubscribed(control.detail)) {
        confirmed.add(subscription.symbol)
        subscription.acknowledged(nowMs)
        continue
      }
      const kind = refusalKind(control.detail)
      confirmed.delete(subscription.symbol)
      this.#report.refused(subscription.symbol, detail)
      // It does not name the unlisted symbol, which may be another one.
      subscription.refused(named.length === 0 && kind === 'unlisted' ? 'temporary' : kind, detail, nowMs)
    }
    // The same text again is about the symbols that it refused.
    return affected.length > 0 || [...this.#all.values()].some(each => each.isDown && each.detail === detail)
  }

  #reportCount(nowMs: number): void {
    if (this.#countByMs === undefined) return
    const waiting = [...this.#all.values()].some(({ state }) => state === 'requested')
    if (waiting && nowMs < this.#countByMs) return
    this.#countByMs = undefined
    const { venue, connection, kind, emit } = this.#options
    const requested = this.#all.size
    const symbols = requested - this.status(nowMs).lacking.length
    emit('symbols_counted', { venue, connection, kind, symbols, requested })
  }
}
