/**
 * A voice: how a server speaks to its clients, a venue's or our own. Pure: no sockets, no clock. The other side of
 * `venues/venue.ts`, which listens.
 */

import type { TradeColumns } from '../tick/trades.ts'
import type { FrameBuffer } from './websocket-frames.ts'

/** What one client asked for, and what it is told. */
export interface ServerSession {
  /** Texts to send when the client has connected. */
  readonly welcome: readonly string[]
  /** Takes a message of the client; returns the texts to answer it with. */
  onMessage(message: string): readonly string[]
  /** Did the client ask for this symbol? */
  subscribes(symbol: string): boolean
  /**
   * Writes those of rows `start` to `end`-1 that the client asked for. Returns how many of them this voice cannot say and left
   * out.
   */
  write(out: FrameBuffer, trades: TradeColumns, start: number, end: number): number
  /** Asked every second: texts that say that we are alive, where the venue sends any. */
  heartbeat(): readonly string[]
}

export interface VenueServerProtocol {
  /** What a client connects to, below `ws://host:port`: with a subscription to these symbols where the address carries it. */
  target(symbols: readonly string[]): string
  /** A client connects to this address; undefined if there is no such one here. */
  open(url: URL): ServerSession | undefined
}

/** Remembers something for each symbol of a dictionary, by its code, until the next dictionary. */
export class BySymbol<T> {
  #words: readonly string[] | undefined
  #values: T[] = []
  readonly #make: (symbol: string) => T

  constructor(make: (symbol: string) => T) {
    this.#make = make
  }

  of({ symbols: { words } }: TradeColumns): readonly T[] {
    if (words !== this.#words) {
      this.#words = words
      this.#values = words.map(this.#make)
    }
    return this.#values
  }

  /** What is remembered holds no longer. */
  forget(): void {
    this.#words = undefined
  }
}
