import { setTimeout as sleep } from 'node:timers/promises'
import type { Listing } from './connection/status.ts'
import { FeedSession, type FeedSessionOptions, type FeedStatus } from './feed-session.ts'
import type { SymbolState } from './subscription/symbol-states.ts'

/**
 * A feed over one session at a time: when the spelling of its symbols changes, a new session replaces the old one, with
 * an overlap where the venue allows two connections.
 */
export class Feed {
  #options: FeedSessionOptions
  #session: FeedSession
  #paused = false
  readonly #stop = new AbortController()
  /** Replaced sessions, until they are closed. */
  readonly #retiring = new Map<FeedSession, Promise<void>>()

  /** Starts to connect. */
  constructor(options: FeedSessionOptions) {
    this.#options = options
    this.#session = new FeedSession(options)
  }

  get symbols(): ReadonlySet<string> {
    return new Set(this.#options.symbols)
  }

  get kinds(): readonly string[] {
    return this.#options.kinds
  }

  pause(): void {
    this.#paused = true
    for (const session of this.#all()) session.pause()
  }

  resume(): void {
    this.#paused = false
    for (const session of this.#all()) session.resume()
  }

  status(): FeedStatus {
    return this.#session.status()
  }

  /** Requests other symbols on the open connection; the rest of them go on. */
  change(join: readonly string[], leave: readonly string[]): void {
    const kept = this.#options.symbols.filter(symbol => !leave.includes(symbol))
    this.#options = { ...this.#options, symbols: [...kept, ...join] }
    for (const session of this.#all()) session.change(session === this.#session ? join : [], leave)
  }

  /** Subscribes again if a symbol's spelling changes: `spelled` maps the requested symbol to the venue's spelling. */
  respell(spelled: ReadonlyMap<string, string>): void {
    const { symbols } = this.#options
    if (!symbols.some(symbol => (spelled.get(symbol) ?? symbol) !== symbol)) return
    const before = this.#session
    this.#options = { ...this.#options, symbols: [...new Set(symbols.map(symbol => spelled.get(symbol) ?? symbol))] }
    const isOnly = this.#options.venue.limits.connections !== undefined
    if (isOnly) this.#retiring.set(before, this.#close(before))
    const opensAfter = isOnly ? Promise.all(this.#retiring.values()) : undefined
    this.#session = new FeedSession({ ...this.#options, opensAfter })
    if (this.#paused) this.#session.pause()
    if (!isOnly) this.#retiring.set(before, this.#retire(before, this.#session))
  }

  listed(listings: ReadonlyMap<string, Listing>): void {
    this.#session.listed(listings)
  }

  symbolStates(): SymbolState[] {
    return this.#session.symbols()
  }

  unlisted(symbols: readonly string[]): void {
    const ours = symbols.filter(symbol => this.#options.symbols.includes(symbol))
    if (ours.length > 0) this.#session.unlisted(ours)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#session.close(), ...this.#retiring.values()])
  }

  #all(): FeedSession[] {
    return [this.#session, ...this.#retiring.keys()]
  }

  /** Closes a session after an overlap with the one that replaces it. */
  async #retire(before: FeedSession, next: FeedSession): Promise<void> {
    const { livenessCheckMs, overlapMs } = this.#options.timings
    const { signal } = this.#stop
    try {
      while (next.status().state !== 'open') await sleep(livenessCheckMs, undefined, { signal })
      await sleep(overlapMs, undefined, { signal })
    } catch {
      // The feed is closed.
    }
    await this.#close(before)
  }

  async #close(before: FeedSession): Promise<void> {
    await before.close()
    this.#retiring.delete(before)
  }
}
