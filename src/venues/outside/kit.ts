/** What a venue from outside the tree imports: `import { emitTrade, type Venue } from 'tickhouse/venue'`. */
export type { IdKind } from '../../tick/id-kind.ts'
export { QUOTE_FLAG, QuoteDraft } from '../../tick/quotes/quotes.ts'
export type { Refusal } from '../../tick/refusal.ts'
export { parseRfc3339 } from '../../tick/time.ts'
export { SIDE, type Side, TradeDraft } from '../../tick/trades.ts'
export { decimalFromNumber, decimalFromText, isImprecise } from '../decimal.ts'
export {
  expiryOf,
  type Instrument,
  type InstrumentKind,
  type InstrumentList,
  instrument,
  type ListPage,
  type ListRequest,
  NO_LIST,
  sizeOf,
  statusOf,
  stepOf,
  TRADING,
  textOf,
} from '../instruments.ts'
export { isObject, type JsonObject, LongNumber, parseJson } from '../json-text.ts'
export { emitQuote, type QuoteFields } from '../read-quote.ts'
export {
  decodeItems,
  emitTrade,
  idFromText,
  readId,
  readMessage,
  readMs,
  readSide,
  show,
  type TradeFields,
} from '../read-trade.ts'
export type { Account, Control, Credentials, Decode, Limits, Sink, Venue } from '../venue.ts'
