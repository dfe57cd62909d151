import { decimalFromText } from '../decimal.ts'
import type { DepthEvent, DepthSnapshot, Level } from './depth.ts'
import type { Levels } from './levels.ts'
import { OrderBook } from './order-book.ts'

/** Events kept for a snapshot that is on its way: 100 s of Binance's. */
const EVENTS_MAX = 1_000

/**
 * A book rebuilt from a snapshot and the events after it, by Binance's rule: events up to the snapshot are skipped, the
 * first one after it must adjoin it, and each later one the one before.
 */
export class RebuiltBook {
  readonly book = new OrderBook()
  /** The number of the last update in the book; undefined before a snapshot. */
  last: number | undefined
  lowestBid = 0
  highestAsk = 0
  /** Newer events than the book, or than the snapshot on its way. */
  #kept: DepthEvent[] = []
  #keeping = true

  /** Keep events from now on: a snapshot is being fetched, which may be older than the book. */
  expectSnapshot(): void {
    if (!this.#keeping) this.#kept = []
    this.#keeping = true
  }

  /** Replaces the book. False if events between it and the first that was kept are missing: fetch a newer one. */
  snapshot({ last, bids, asks }: DepthSnapshot, onTop: () => void = () => {}): boolean {
    const { book } = this
    book.clear()
    fill(book.bids, bids)
    fill(book.asks, asks)
    this.last = last
    this.lowestBid = decimalFromText(bids.at(-1)?.[0] ?? '0')
    this.highestAsk = decimalFromText(asks.at(-1)?.[0] ?? '0')
    const kept = this.#kept.filter(event => event.last > last)
    this.#kept = []
    this.#keeping = false
    for (const event of kept) if (this.event(event)) onTop()
    return this.last !== undefined
  }

  /** Applies an event. True if the book is up to it; false before a snapshot and where events are missing, after which a snapshot is needed. */
  event(event: DepthEvent): boolean {
    if (this.#keeping && this.#kept.length < EVENTS_MAX) this.#kept.push(event)
    if (this.last === undefined || event.last <= this.last) return false
    if (event.first > this.last + 1) {
      this.last = undefined
      this.#kept = [event]
      this.#keeping = true
      return false
    }
    apply(this.book.bids, event.bids)
    apply(this.book.asks, event.asks)
    this.last = event.last
    return true
  }
}

function fill(side: Levels, levels: readonly Level[]): void {
  // From the worst level to the best, which is appended at the end.
  apply(side, levels.toReversed())
}

function apply(side: Levels, levels: readonly Level[]): void {
  for (const [price, size] of levels) side.set(decimalFromText(price), decimalFromText(size))
}
