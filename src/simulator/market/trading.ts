/**
 * The order of events: the book shows the prices of the next order, sizes change, the order executes, the book shows
 * what is left. One seed gives one sequence; the clock only decides when its events happen.
 */

import { Random } from '../random.ts'
import type { Books, Top } from './books.ts'
import { emptyOrder, type Market, type Order } from './market.ts'

/** Quotes for each trade, as measured on Binance. */
const QUOTES_PER_TRADE = 4

export interface TradingEvents {
  /** The order executes. */
  executed(order: Order): void
  quoted(top: Top): void
}

export class Trading {
  quotes = 0
  readonly #market: Market
  readonly #books: Books
  readonly #events: TradingEvents
  readonly #random: Random
  /** The next order, shown in the book and not yet executed. */
  readonly #order = emptyOrder()
  #isDrawn = false
  /** Changes of sizes before it executes: all of them, and those made. */
  #resizes = 0
  #resized = 0
  /** Trades that were due when it was drawn: below 1, or negative after a large order. */
  #dueWhenDrawn = 0

  constructor(market: Market, books: Books, seed: number, events: TradingEvents) {
    this.#market = market
    this.#books = books
    this.#events = events
    this.#random = new Random(seed, 'resizes')
  }

  /** Makes all that is due, with the sizes' changes evenly between two orders; returns the number of trades made. */
  run(tradesDue: number): number {
    const order = this.#order
    let due = tradesDue
    let made = 0
    for (;;) {
      if (!this.#isDrawn) this.#draw(due)
      if (due < 1) break
      this.#resize(this.#resizes)
      this.#events.executed(order)
      this.#books.after(order)
      this.#quote()
      this.#isDrawn = false
      due -= order.fills
      made += order.fills
    }
    this.#resize(Math.floor((this.#resizes * (due - this.#dueWhenDrawn)) / (1 - this.#dueWhenDrawn)))
    return made
  }

  #draw(due: number): void {
    this.#market.next(this.#order)
    this.#isDrawn = true
    this.#dueWhenDrawn = Math.min(due, 0)
    this.#resized = 0
    const isShown = !this.#books.before(this.#order)
    if (!isShown) this.#quote()
    this.#resizes = QUOTES_PER_TRADE * this.#order.fills - (isShown ? 1 : 2)
  }

  /** Changes sizes until so many have changed since the order was drawn. */
  #resize(changes: number): void {
    for (; this.#resized < changes; this.#resized++) {
      this.#books.resize(this.#market.pick(this.#random), this.#order)
      this.#quote()
    }
  }

  #quote(): void {
    this.quotes++
    this.#events.quoted(this.#books.top)
  }
}
