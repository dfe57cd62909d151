/** The usual frame of trades or a quote, byte by byte: several times faster than JSON.parse. */
import { askPriceNumber, askSizeNumber, bidPriceNumber, bidSizeNumber } from '../json-bytes/quote-fields.ts'
import { symbol, timeMs } from '../json-bytes/tick-fields.ts'
import { quote, ticksDecoder, trade } from '../json-bytes/ticks.ts'
import { idNumber, priceNumber, side, volumeNumber } from '../json-bytes/trade-fields.ts'
import { either, is, list, object, skipped, textBetween } from '../json-bytes/values.ts'

const tradeItem = object({
  required: {
    timestamp: timeMs,
    price: priceNumber,
    amount: volumeNumber,
    direction: side('"buy"', '"sell"'),
    instrument_name: symbol,
    trade_seq: idNumber,
  },
  optional: {
    index_price: skipped,
    mark_price: skipped,
    tick_direction: skipped,
    contracts: skipped,
    trade_id: skipped,
    iv: skipped,
  },
  others: 'skipped',
})

const tradesParams = object({
  required: { channel: textBetween('trades.', '.100ms'), data: list(trade(tradeItem)) },
  others: 'skipped',
})

// A side without orders has the price `null`: not usual.
const top = object({
  required: {
    timestamp: timeMs,
    instrument_name: symbol,
    best_bid_price: bidPriceNumber,
    best_bid_amount: bidSizeNumber,
    best_ask_price: askPriceNumber,
    best_ask_amount: askSizeNumber,
  },
  others: 'skipped',
})

const quoteParams = object({
  required: { channel: textBetween('quote.', ''), data: quote(top) },
  others: 'skipped',
})

export const decodeUsualTicks = ticksDecoder(
  object({
    required: { method: is('"subscription"'), params: either(tradesParams, quoteParams) },
    optional: { jsonrpc: skipped },
    // With an `error` or a `result` it is an answer, whatever else is in it.
    others: 'declined',
  }),
)
