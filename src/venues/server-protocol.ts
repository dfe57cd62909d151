/**
 * The server side of a protocol, a venue's or our own: what a server sends to its clients. Pure: no sockets, no clock.
 * `venue.ts` is the client side.
 */

import type { Dictionary } from '../tick/dictionary.ts'
import type { QuoteColumns } from '../tick/quotes/quotes.ts'
import type { TradeColumns } from '../tick/trades.ts'
import type { FrameBuffer } from './websocket-frames.ts'

/** The subscriptions of one client, and what is sent to it. */
export interface ServerSession {
  /** Texts to send when the client has connected. */
  readonly welcome: readonly string[]
  /** Takes a message of the client; returns the answers. */
  onMessage(message: string): readonly string[]
  /** Is the client subscribed to this symbol, to any kind of its ticks? */
  subscribes(symbol: string): boolean
  /**
   * Writes the subscribed trades of rows `start` to `end`-1. Returns the number of those that this protocol cannot
   * express and that were skipped.
   */
  write(out: FrameBuffer, trades: TradeColumns, start: number, end: number): number
  /** The same for quotes, in a protocol that has them. */
  writeQuotes?(out: FrameBuffer, quotes: QuoteColumns, start: number, end: number): number
  /** Called every second: heartbeats to send, if the venue has any. */
  heartbeat(): readonly string[]
}

export interface VenueServerProtocol {
  /** Kinds of ticks that its sessions write. */
  readonly kinds: readonly string[]
  /** The URL below `ws://host:port`, with a subscription to these kinds of these symbols if the URL contains it. */
  target(symbols: readonly string[], kinds: readonly string[]): string
  /** A client connects to this URL; undefined if nothing is served there. */
  open(url: URL): ServerSession | undefined
}

/** A value for each symbol of a dictionary, by its code; made again for the next dictionary. */
export class BySymbol<T> {
  #words: readonly string[] | undefined
  #values: T[] = []
  readonly #make: (symbol: string) => T

  constructor(make: (symbol: string) => T) {
    this.#make = make
  }

  of({ symbols: { words } }: { symbols: Dictionary }): readonly T[] {
    if (words !== this.#words) {
      this.#words = words
      this.#values = words.map(this.#make)
    }
    return this.#values
  }

  /** Drops all values. */
  forget(): void {
    this.#words = undefined
  }
}
