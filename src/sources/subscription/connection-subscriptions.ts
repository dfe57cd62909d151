/** The subscriptions of one connection, by kind of tick: each symbol has a state for each kind. */
import { TRADES } from '../../tick/kinds.ts'
import type { Listing, SymbolsStatus } from '../connection/status.ts'
import {
  type Complaint,
  type SubscriptionStatus,
  Subscriptions,
  type SubscriptionsOptions,
  type SymbolControl,
} from './subscriptions.ts'

/** Symbols of one kind to request again. */
export interface Resubscription {
  kind: string
  symbols: string[]
}

/** Entries of a status. */
const LISTED_MAX = 100

/** Symbols that the venue confirmed on a socket, by kind. */
export type Confirmed = Map<string, Set<string>>

export class ConnectionSubscriptions {
  readonly #byKind: ReadonlyMap<string, Subscriptions>

  constructor({ kinds, ...options }: Omit<SubscriptionsOptions, 'kind'> & { kinds: readonly string[] }) {
    this.#byKind = new Map(kinds.map(kind => [kind, new Subscriptions({ ...options, kind })]))
  }

  /** Symbols that are requested from now on, and no longer. `isOpen`: a socket requests them now. */
  change(join: readonly string[], leave: readonly string[], nowMs: number, isOpen: boolean): void {
    for (const subscriptions of this.#byKind.values()) subscriptions.change(join, leave, nowMs, isOpen)
  }

  /** A socket opened and requests all symbols. `duringRotation`: another socket still delivers. */
  opened(nowMs: number, duringRotation: boolean): void {
    for (const subscriptions of this.#byKind.values()) subscriptions.opened(nowMs, duringRotation)
  }

  /** No socket is open. */
  lost(nowMs: number): void {
    for (const subscriptions of this.#byKind.values()) subscriptions.lost(nowMs)
  }

  /** Reading resumes after a pause. */
  resumed(nowMs: number): void {
    for (const subscriptions of this.#byKind.values()) subscriptions.resumed(nowMs)
  }

  /**
   * Called for every tick, with its id if it has one, and of a trade its time, µs since 1970 UTC, and volume. False if its symbol was
   * not requested with this kind.
   */
  ticked(
    kind: string,
    symbol: string,
    id: number | bigint | undefined,
    nowMs: number,
    micros?: number,
    volume?: number,
  ): boolean {
    return this.#byKind.get(kind)?.ticked(symbol, id, nowMs, micros, volume) ?? false
  }

  /**
   * Handles a control message: of its kind, or of all kinds where it names none. `confirmed` is its socket's. False for
   * an error or refusal that affects no subscription.
   */
  control(control: SymbolControl, confirmed: Confirmed, nowMs: number): control is Exclude<SymbolControl, Complaint> {
    if (control.kind === 'witness') {
      this.#byKind.get(TRADES.name)?.witnessed(control, nowMs)
      return true
    }
    const { channel } = control as { channel?: string }
    let handled = false
    for (const [kind, subscriptions] of this.#byKind) {
      if (channel !== undefined && channel !== kind) continue
      const symbols = confirmed.get(kind) ?? new Set()
      confirmed.set(kind, symbols)
      if (subscriptions.control(control, symbols, nowMs)) handled = true
    }
    return handled || (control.kind !== 'rejected' && control.kind !== 'error')
  }

  /** What is due now. `receiving`: the connection's last frame is recent. */
  check(nowMs: number, receiving: boolean): { resubscribe: Resubscription[]; replace: string | undefined } {
    const resubscribe: Resubscription[] = []
    let replace: string | undefined
    for (const [kind, subscriptions] of this.#byKind) {
      const due = subscriptions.check(nowMs, receiving)
      if (due.resubscribe.length > 0) resubscribe.push({ kind, symbols: due.resubscribe })
      replace ??= due.replace
    }
    return { resubscribe, replace }
  }

  /** What the venue's list states of each symbol that does not trade. */
  listed(listings: ReadonlyMap<string, Listing>): void {
    for (const subscriptions of this.#byKind.values()) subscriptions.listed(listings)
  }

  /** The state of every symbol and kind. */
  symbols(): SubscriptionStatus[] {
    return [...this.#byKind.values()].flatMap(subscriptions => subscriptions.symbols())
  }

  status(nowMs: number): SymbolsStatus {
    const states: SymbolsStatus['states'] = {}
    const statesOfKinds: Record<string, SymbolsStatus['states']> = {}
    const notLive: SymbolsStatus['notLive'] = []
    const lacking = new Set<string>()
    let symbolsRequested = 0
    for (const [kind, subscriptions] of this.#byKind) {
      symbolsRequested = subscriptions.size
      const status = subscriptions.status(nowMs)
      statesOfKinds[kind] = status.states
      for (const [state, count] of Object.entries(status.states))
        states[state as keyof typeof states] = (states[state as keyof typeof states] ?? 0) + count
      notLive.push(...status.notLive)
      for (const symbol of status.lacking) lacking.add(symbol)
    }
    // Symbols that are down first, since the list is cut.
    notLive.sort((a, b) => Number(b.detail !== '') - Number(a.detail !== ''))
    const symbols = symbolsRequested - lacking.size
    return { symbols, symbolsRequested, states, statesOfKinds, notLive: notLive.slice(0, LISTED_MAX) }
  }
}
