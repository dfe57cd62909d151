import { setTimeout as sleep } from 'node:timers/promises'
import { type FeedOptions, FeedSession, type FeedStatus } from './feed.ts'

/** A feed whose symbols may turn out to be spelled otherwise: another then takes its place, with an overlap. */
export class FeedSlot {
  #options: FeedOptions
  #feed: FeedSession
  #paused = false
  readonly #stop = new AbortController()
  /** Those replaced, until they are closed. */
  readonly #retiring = new Map<FeedSession, Promise<void>>()

  /** Begins to connect. */
  constructor(options: FeedOptions) {
    this.#options = options
    this.#feed = new FeedSession(options)
  }

  get venue(): string {
    return this.#options.venue.name
  }

  pause(): void {
    this.#paused = true
    for (const feed of this.#all()) feed.pause()
  }

  resume(): void {
    this.#paused = false
    for (const feed of this.#all()) feed.resume()
  }

  status(): FeedStatus {
    return this.#feed.status()
  }

  /** Subscribes again if a symbol is to be spelled otherwise: `spelled` maps what was asked for to what the venue calls it. */
  respell(spelled: ReadonlyMap<string, string>): void {
    const { symbols } = this.#options
    if (!symbols.some(symbol => (spelled.get(symbol) ?? symbol) !== symbol)) return
    const before = this.#feed
    this.#options = { ...this.#options, symbols: [...new Set(symbols.map(symbol => spelled.get(symbol) ?? symbol))] }
    this.#feed = new FeedSession(this.#options)
    if (this.#paused) this.#feed.pause()
    this.#retiring.set(before, this.#retire(before, this.#feed))
  }

  unlisted(symbols: readonly string[]): void {
    const ours = symbols.filter(symbol => this.#options.symbols.includes(symbol))
    if (ours.length > 0) this.#feed.unlisted(ours)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#feed.close(), ...this.#retiring.values()])
  }

  #all(): FeedSession[] {
    return [this.#feed, ...this.#retiring.keys()]
  }

  /** Closes a feed a while after the one that replaces it is open. */
  async #retire(before: FeedSession, next: FeedSession): Promise<void> {
    const { silenceCheckMs, overlapMs } = this.#options.timings
    const { signal } = this.#stop
    try {
      while (next.status().state !== 'open') await sleep(silenceCheckMs, undefined, { signal })
      await sleep(overlapMs, undefined, { signal })
    } catch {
      // All is closed.
    }
    await before.close()
    this.#retiring.delete(before)
  }
}
