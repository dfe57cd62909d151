/**
 * The exact repeats of a record's quotes as one row of quarantine: a second connection or recorder repeats thousands, of which
 * nothing but their number and their sequences is worth a row. It stands for as many ticks, so that the audit counts each.
 */
import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { REFUSALS } from '../../tick/refusal.ts'
import type { Refused } from '../decode.ts'

/** Repeats of one symbol in a record. Sequences as text: they may be above 2^53. */
export interface RepeatedRange {
  venue: string
  symbol: string
  first: string
  last: string
  count: number
}

/** `rows` of `quotes`, at least one, in order; `indexOf` is a row's `log_index`. `raw` is a list of `RepeatedRange` as JSON. */
export function repeatedQuotes(
  quotes: QuoteColumns,
  rows: readonly number[],
  indexOf: (row: number) => number,
): Refused {
  const ranges = new Map<string, RepeatedRange>()
  for (const row of rows) {
    const venue = quotes.venues.words[quotes.venue[row]!]!
    const symbol = quotes.symbols.words[quotes.symbol[row]!]!
    const sequence = String(quotes.sequence[row])
    const key = `${venue} ${symbol}`
    const range = ranges.get(key)
    if (!range) ranges.set(key, { venue, symbol, first: sequence, last: sequence, count: 1 })
    else {
      range.count++
      range.last = sequence
    }
  }
  const all = [...ranges.values()]
  const venues = new Set(all.map(({ venue }) => venue))
  return {
    index: indexOf(rows[0]!),
    ticks: rows.length,
    reason: 'quote_repeated',
    detail: REFUSALS.quote_repeated,
    venue: venues.size === 1 ? all[0]!.venue : '',
    symbol: all.length === 1 ? all[0]!.symbol : '',
    raw: JSON.stringify(all),
    receivedAtMicros: Number(quotes.receivedAt[rows[0]!]! / 1000n),
  }
}
