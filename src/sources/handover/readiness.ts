/** When a recorder that starts is ready: each subscription is answered, so that another recorder may be replaced by it. */
import { someOf } from '../../plain-text.ts'
import type { ConnectionStatus } from '../connection/status.ts'
import type { SymbolState } from '../subscription/symbol-states.ts'

/** A venue that confirms nothing, and a symbol that does not trade: the request alone must do. */
const REQUESTED_MS_MAX = 15_000
/** How long the status of a recorder takes through the log to the others. */
const KNOWN_MS_MAX = 1_500
/** Subscriptions named in an answer. */
const NAMED_MAX = 3

export interface ReadinessOptions {
  feeds: { status(): Pick<ConnectionStatus, 'venue' | 'state'>[]; symbolStates(): SymbolState[] }
  /** Sources whose symbols are not known yet. */
  unresolved(): readonly string[]
  /** Since when the log has its status, by `performance.now`. */
  announcedMs(): number | undefined
}

export class Readiness {
  readonly #options: ReadinessOptions
  #isReady = false

  constructor(options: ReadinessOptions) {
    this.#options = options
  }

  /** Why it is not ready yet; empty once it is, also if a connection is lost later. */
  missing(): string[] {
    if (this.#isReady) return []
    const why = this.#why()
    this.#isReady = why === undefined
    return why === undefined ? [] : [`sources: ${why}`]
  }

  #why(): string | undefined {
    const { feeds, unresolved, announcedMs } = this.#options
    const waiting = unresolved()
    if (waiting.length > 0) return `the venue's list was not read yet: ${waiting.join(' ')}`
    const connections = feeds.status()
    if (connections.length === 0) return 'nothing is requested yet'
    const closed = connections.find(({ state }) => state !== 'open')
    if (closed) return `not connected to ${closed.venue} yet`
    const requested = feeds
      .symbolStates()
      .filter(({ state, sinceMs }) => state === 'requested' && Date.now() < sinceMs + REQUESTED_MS_MAX)
    const isKnown = performance.now() > (announcedMs() ?? Number.POSITIVE_INFINITY) + KNOWN_MS_MAX
    if (requested.length === 0) return isKnown ? undefined : 'other recorders may not know of this one yet'
    const named = requested.map(({ venue, symbol, kind }) => `${venue} ${symbol} ${kind}`)
    return `requested and not received yet: ${someOf(named, NAMED_MAX)}`
  }
}
