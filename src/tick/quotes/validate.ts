/** Whether a quote may be stored. Pure, and as strict as for trades: see ../validate.ts. */

import { AHEAD_MICROS_MAX } from '../time.ts'
import { aheadMicros, CODE, isPositive, type Validity, wrongWords } from '../validate.ts'
import { QUOTE_FLAGS_KNOWN, type QuoteColumns } from './quotes.ts'

/** Marks invalid rows in `codes` and returns how many. A time of 0 is valid: the venue states none. */
export function validateQuotes(
  quotes: QuoteColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
  nowMicros = 0,
): number {
  const { badVenue, badSymbol } = wrongWords(quotes, venues)
  let marked = 0
  for (let row = 0; row < quotes.length; row++) {
    const bid = quotes.bidPrice[row]!
    const ask = quotes.askPrice[row]!
    let code = 0
    if (isEmpty(bid, quotes.bidSize[row]!) || isEmpty(ask, quotes.askSize[row]!)) code = CODE.side_empty
    else if (!isPositive(bid) || !isPositive(ask)) code = CODE.price_out_of_range
    else if (!isPositive(quotes.bidSize[row]!) || !isPositive(quotes.askSize[row]!)) code = CODE.size_out_of_range
    else if (bid > ask) code = CODE.quote_crossed
    else if (quotes.timestampWords[2 * row + 1]! > 0x7fffffff) code = CODE.timestamp_out_of_range
    else if (aheadMicros(quotes, row, nowMicros) > AHEAD_MICROS_MAX) code = CODE.timestamp_ahead
    else if ((quotes.flags[row]! & ~QUOTE_FLAGS_KNOWN) !== 0) code = CODE.flags_unknown
    else if (quotes.origin[row]! < 0 || quotes.origin[row]! > 2) code = CODE.origin_unknown
    else if (badVenue[quotes.venue[row]!]) code = CODE.unknown_venue
    else if (badSymbol[quotes.symbol[row]!]) code = CODE.symbol_invalid
    codes[row] = code
    if (code !== 0) marked++
  }
  return marked
}

/** A side without orders: venues state a price or a size of zero. */
function isEmpty(price: number, size: number): boolean {
  return price === 0 || size === 0
}
