/** The last step of every decoder of quotes, as `emitTrade` is for trades: fields become a quote, or a refusal that names the field. */
import { QuoteDraft } from '../tick/quotes/quotes.ts'
import { TIME_MICROS_MAX } from '../tick/time.ts'
import { isImprecise } from './decimal.ts'
import { show } from './read-trade.ts'
import type { Sink } from './venue.ts'

/** A quote's fields, as found in the frame. */
export interface QuoteFields {
  symbol: unknown
  bidPrice: unknown
  bidSize: unknown
  askPrice: unknown
  askSize: unknown
  /** Already read; undefined if it cannot be read, 0 if the venue states none. */
  sequence: number | bigint | undefined
  /** Already read: micros since 1970 UTC and the nanos beyond; null if the venue states none, undefined if it cannot be read. */
  time: { micros: number; nanos: number } | null | undefined
  /** Bits of QUOTE_FLAG. */
  flags?: number
}

const NO_ORDERS: readonly unknown[] = ['0', '0']

/**
 * Price and size of the first level of a book's side, given as `[[price, size, …], …]`. Zeros for a side without orders; empty for anything but
 * such a list.
 */
export function bestLevel(levels: unknown): readonly unknown[] {
  if (!Array.isArray(levels)) return []
  if (levels.length === 0) return NO_ORDERS
  return Array.isArray(levels[0]) ? levels[0] : []
}

const draft = new QuoteDraft()

/**
 * Hands a quote to the sink, or refuses it. `decimal` reads prices and sizes the way this venue writes them: see
 * `decimal.ts`. `raw` is the item's own text where the frame has several. A side without orders is not refused here:
 * validation knows it by its zero.
 */
export function emitQuote(
  out: Sink,
  fields: QuoteFields,
  decimal: (value: unknown) => number,
  raw?: () => string | Uint8Array | undefined,
): void {
  const { symbol, sequence, time } = fields
  const bidPrice = decimal(fields.bidPrice)
  const bidSize = decimal(fields.bidSize)
  const askPrice = decimal(fields.askPrice)
  const askSize = decimal(fields.askSize)
  let unreadable: string | undefined
  if (typeof symbol !== 'string' || symbol === '') unreadable = `symbol ${show(symbol)}`
  else if (Number.isNaN(bidPrice)) unreadable = `bid price ${show(fields.bidPrice)}`
  else if (Number.isNaN(bidSize)) unreadable = `bid size ${show(fields.bidSize)}`
  else if (Number.isNaN(askPrice)) unreadable = `ask price ${show(fields.askPrice)}`
  else if (Number.isNaN(askSize)) unreadable = `ask size ${show(fields.askSize)}`
  else if (sequence === undefined) unreadable = 'sequence'
  else if (time === undefined) unreadable = 'time'
  else if (time !== null && (time.micros < 0 || time.micros >= TIME_MICROS_MAX)) {
    out.refuse('timestamp_out_of_range', `${time.micros} microseconds since 1970`, raw?.())
  } else {
    for (const value of [fields.bidPrice, fields.bidSize, fields.askPrice, fields.askSize])
      if (isImprecise(value)) out.imprecise()
    draft.symbol = symbol
    draft.timestampMicros = time?.micros ?? 0
    draft.timestampNanos = time?.nanos ?? 0
    draft.bidPrice = bidPrice
    draft.bidSize = bidSize
    draft.askPrice = askPrice
    draft.askSize = askSize
    draft.sequence = sequence
    draft.flags = fields.flags ?? 0
    out.quote(draft)
  }
  if (unreadable !== undefined) out.refuse('rejected_value', unreadable, raw?.())
}
