/** The top of a book of one level a side, by the updates of Bitfinex's channel `book`. */
import { QUOTE_FLAG } from '../../tick/quotes/quotes.ts'
import { decimalFromNumber } from '../decimal.ts'
import { emitQuote, type QuoteFields } from '../read-quote.ts'
import { show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'
import { named, unsigned } from './items.ts'

interface Level {
  price: unknown
  size: unknown
}

/** One level a side: a new one replaces the last one, whether its end came before, after or not at all. */
export class TopOfBook {
  bid: Level | undefined
  ask: Level | undefined

  clear(): void {
    this.bid = undefined
    this.ask = undefined
  }

  /**
   * Applies `[price, count, amount]`: an amount above zero is of the bid; a count of 0 ends the level. False for anything
   * else.
   */
  apply(update: unknown): boolean {
    if (!Array.isArray(update)) return false
    const [price, count, amount] = update
    const value = decimalFromNumber(amount)
    if (Number.isNaN(decimalFromNumber(price)) || !Number.isInteger(count) || count < 0 || !(value > 0 || value < 0))
      return false
    const side = value > 0 ? 'bid' : 'ask'
    if (count > 0) this[side] = { price, size: unsigned(amount) }
    else if (this[side] && decimalFromNumber(this[side].price) === decimalFromNumber(price)) this[side] = undefined
    return true
  }
}

/**
 * Applies a snapshot (a list of levels) or an update, and emits the top. Where both sides move, the first of two updates
 * leaves a book that is crossed or lacks a side: it is no quote, and is passed over.
 */
export function emitBook(
  symbol: string,
  book: TopOfBook,
  content: unknown,
  time: QuoteFields['time'],
  out: Sink,
): void {
  const levels = Array.isArray(content) && (content.length === 0 || Array.isArray(content[0])) ? content : undefined
  if (levels) book.clear()
  const wrong = (levels ?? [content]).find(update => !book.apply(update))
  const raw = () => named('book', symbol, content)
  const { bid, ask } = book
  if (wrong !== undefined || (!levels && content === undefined)) {
    out.refuse('rejected_value', `level ${show(wrong)} of the book of ${symbol}`, raw())
    return
  }
  if (!bid || !ask || decimalFromNumber(bid.price) > decimalFromNumber(ask.price)) {
    out.ignore()
    return
  }
  const quote = { symbol, bidPrice: bid.price, bidSize: bid.size, askPrice: ask.price, askSize: ask.size }
  emitQuote(out, { ...quote, sequence: 0, time, flags: QUOTE_FLAG.derived }, decimalFromNumber, raw)
}
