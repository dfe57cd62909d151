/** The values of a quote as JSON, as quarantine stores an invalid one, and the way back. */
import { codeOf, fieldsOf, nameOf } from '../tick-values.ts'
import { ORIGIN } from '../trades.ts'
import { QuoteColumns } from './quotes.ts'

export function quoteValues(quotes: QuoteColumns, row: number): string {
  return JSON.stringify({
    venue: quotes.venues.words[quotes.venue[row]!]!,
    symbol: quotes.symbols.words[quotes.symbol[row]!]!,
    timestamp: String(quotes.timestamp[row]),
    // As text: JSON has no NaN and no infinity.
    bid_price: String(quotes.bidPrice[row]),
    bid_size: String(quotes.bidSize[row]),
    ask_price: String(quotes.askPrice[row]),
    ask_size: String(quotes.askSize[row]),
    sequence: String(quotes.sequence[row]),
    flags: String(quotes.flags[row]),
    origin: nameOf(ORIGIN, quotes.origin[row]!),
  })
}

const FIELDS = 'venue symbol timestamp bid_price bid_size ask_price ask_size sequence flags origin'

/** Reads that JSON back, value for value; undefined for any other text. */
export function readQuoteValues(raw: string, receivedAtMicros: number): QuoteColumns | undefined {
  const tick = fieldsOf(raw, FIELDS)
  if (!tick || !/^-?\d{1,19}$/.test(tick.timestamp!) || !/^\d{1,20}$/.test(tick.sequence!)) return undefined
  const quotes = new QuoteColumns(1)
  quotes.add({
    venue: tick.venue!,
    symbol: tick.symbol!,
    timestampMicros: 0,
    timestampNanos: 0,
    receivedAtMicros,
    bidPrice: Number(tick.bid_price),
    bidSize: Number(tick.bid_size),
    askPrice: Number(tick.ask_price),
    askSize: Number(tick.ask_size),
    sequence: BigInt(tick.sequence!),
    flags: Number(tick.flags),
    origin: ORIGIN.live,
  })
  quotes.timestamp[0] = BigInt(tick.timestamp!)
  quotes.origin[0] = codeOf(ORIGIN, tick.origin!)
  return quotes
}
