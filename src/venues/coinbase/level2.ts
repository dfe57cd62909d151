/**
 * Coinbase Exchange, channel `level2_batch`: the whole order book, then its changes, in batches of 50 ms:
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/channels. A quote is the top of the book that we build of them,
 * each time it changes, flagged `derived`: the channel `ticker` is sent with trades only and is no feed of quotes.
 */
import { QUOTE_FLAG, QuoteDraft } from '../../tick/quotes/quotes.ts'
import { parseRfc3339 } from '../../tick/time.ts'
import type { Levels } from '../book/levels.ts'
import { OrderBook } from '../book/order-book.ts'
import { decimalFromText } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'

const draft = new QuoteDraft()
draft.flags = QUOTE_FLAG.derived

/** The books of a socket, by product: of those that were requested on it, so that no server can fill the memory with others. */
export class Level2 {
  readonly #books = new Map<string, OrderBook>()
  /** Undefined for a decoder that sends nothing: of recorded frames. */
  #requested: Set<string> | undefined

  /** Takes note of products that are requested, or no longer. */
  request(products: readonly string[], wanted: boolean): void {
    this.#requested ??= new Set()
    for (const product of products) {
      if (wanted) this.#requested.add(product)
      else {
        this.#requested.delete(product)
        this.#books.delete(product)
      }
    }
  }

  /** Reads a `snapshot`. An unreadable level, such as one of size `0.-10000`, is refused alone. */
  snapshot(message: JsonObject, out: Sink): void {
    const { product_id: product, bids, asks } = message
    if (typeof product !== 'string' || product === '' || !Array.isArray(bids) || !Array.isArray(asks)) {
      out.refuse('malformed_frame', `snapshot of ${show(product)}`)
      return
    }
    if (this.#requested && !this.#requested.has(product)) {
      out.refuse('symbol_unasked', `snapshot of ${show(product)}`)
      return
    }
    const book = this.#books.get(product) ?? new OrderBook()
    this.#books.set(product, book)
    book.clear()
    fill(book.bids, bids, out)
    fill(book.asks, asks, out)
    emitTop(product, book, message, out)
  }

  /**
   * Reads an `l2update`. After an unreadable one the book is wrong: it is dropped, and requested again as a subscription
   * that ended. Updates until the next snapshot are ignored.
   */
  update(message: JsonObject, out: Sink): void {
    const { product_id: product, changes } = message
    const book = typeof product === 'string' ? this.#books.get(product) : undefined
    if (typeof product !== 'string' || product === '' || !isChanges(changes)) {
      out.refuse('malformed_frame', `update of ${show(product)}`)
      if (typeof product !== 'string' || product === '') return
      this.#books.delete(product)
      out.control({ kind: 'ended', symbols: [product], channel: 'quotes' })
    } else if (!book) out.ignore()
    else {
      for (const [side, price, size] of changes)
        (side === 'buy' ? book.bids : book.asks).set(decimalFromText(price), decimalFromText(size))
      emitTop(product, book, message, out)
    }
  }
}

function emitTop(product: string, book: OrderBook, { time }: JsonObject, out: Sink): void {
  if (!book.topChanged()) {
    out.ignore()
    return
  }
  // The snapshot has no time; the year 1 stands for none.
  const stated = typeof time === 'string' ? parseRfc3339(time) : undefined
  const hasTime = stated !== undefined && stated.micros > 0
  draft.symbol = product
  draft.timestampMicros = hasTime ? stated.micros : 0
  draft.timestampNanos = hasTime ? stated.nanos : 0
  draft.bidPrice = book.bids.bestPrice
  draft.bidSize = book.bids.bestSize
  draft.askPrice = book.asks.bestPrice
  draft.askSize = book.asks.bestSize
  draft.sequence = 0
  out.quote(draft)
}

const isSize = (size: unknown): boolean => decimalFromText(size) >= 0
const isPrice = (price: unknown): boolean => decimalFromText(price) > 0

function fill(side: Levels, levels: readonly unknown[], out: Sink): void {
  // From the worst level to the best, which is appended at the end.
  for (let at = levels.length - 1; at >= 0; at--) {
    const level = levels[at]
    if (Array.isArray(level) && isPrice(level[0]) && isSize(level[1]))
      side.set(decimalFromText(level[0]), decimalFromText(level[1]))
    else out.refuse('rejected_value', `level ${JSON.stringify(level)}`, JSON.stringify(level))
  }
}

function isChanges(value: unknown): value is [side: 'buy' | 'sell', price: string, size: string][] {
  return (
    Array.isArray(value) &&
    value.every(
      change =>
        Array.isArray(change) &&
        (change[0] === 'buy' || change[0] === 'sell') &&
        isPrice(change[1]) &&
        isSize(change[2]),
    )
  )
}
