/** What Alpaca's stocks and crypto have in common as venues, and their quotes. */
import { decimalFromNumber } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import type { Sink, Venue } from '../venue.ts'
import { ACCOUNT } from './account.ts'
import { type Raw, timeOf } from './messages.ts'
import { resubscribe, subscribe, unsubscribe } from './subscription.ts'

export const MARKET = {
  rest: 'https://paper-api.alpaca.markets',
  ids: 'opaque',
  kinds: [['trades', 'quotes']],
  // The server answers pings.
  silenceMsMax: 30_000,
  acknowledges: true,
  spelling: 'capitals',
  account: ACCOUNT,
  url: base => base,
  subscribe,
  resubscribe,
  unsubscribe,
  frameOf: item => `[${item}]`,
} satisfies Partial<Venue>

export function decodeQuote(quote: JsonObject, out: Sink, raw: Raw): void {
  const fields = {
    symbol: quote.S,
    bidPrice: quote.bp,
    bidSize: quote.bs,
    askPrice: quote.ap,
    askSize: quote.as,
    sequence: 0,
    time: timeOf(quote.t),
  }
  emitQuote(out, fields, decimalFromNumber, raw)
}
