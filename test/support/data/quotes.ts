import { QuoteColumns, QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import { quotesRecord } from '../../../src/tick/quotes/record.ts'
import type { LogRecord } from '../../../src/tick/records.ts'
import { NOON_MICROS } from './trades.ts'

export interface SampleQuote {
  symbol: string
  bid: readonly [price: number, size: number]
  ask: readonly [price: number, size: number]
  sequence: number | bigint
  /** µs since 1970 UTC; 0 by default, as where the venue states none. */
  micros?: number
  flags?: number
}

/** Quotes as a source records them, received from noon on, one each millisecond. */
export function quoteColumnsOf(venue: string, quotes: readonly SampleQuote[]): QuoteColumns {
  const columns = new QuoteColumns(quotes.length)
  for (const [at, { symbol, bid, ask, sequence, micros = 0, flags = 0 }] of quotes.entries()) {
    const draft = new QuoteDraft()
    columns.add(
      Object.assign(draft, { venue, symbol, sequence, flags, timestampMicros: micros }, sidesOf(bid, ask), {
        receivedAtMicros: NOON_MICROS + at * 1000,
      }),
    )
  }
  return columns
}

const sidesOf = ([bidPrice, bidSize]: SampleQuote['bid'], [askPrice, askSize]: SampleQuote['ask']) => ({
  ...{ bidPrice, bidSize },
  ...{ askPrice, askSize },
})

/** A log record of quotes. */
export const quotesOf = (venue: string, quotes: readonly SampleQuote[]): LogRecord =>
  quotesRecord(quoteColumnsOf(venue, quotes))
