/** The usual frame of trades or a quote, byte by byte: several times faster than JSON.parse. */
import { askPriceText, askSizeText, bidPriceText, bidSizeText, sequenceNumber } from '../json-bytes/quote-fields.ts'
import { symbol, timeMsText } from '../json-bytes/tick-fields.ts'
import { quote, ticksDecoder, trade } from '../json-bytes/ticks.ts'
import { idText, priceText, side, volumeText } from '../json-bytes/trade-fields.ts'
import { either, is, list, object, skipped, tuple } from '../json-bytes/values.ts'

const tradesArg = object({
  required: { channel: is('"trades-all"') },
  optional: { instId: skipped },
  others: 'skipped',
})

const tradeItem = object({
  required: {
    instId: symbol,
    tradeId: idText,
    px: priceText,
    sz: volumeText,
    side: side('"buy"', '"sell"'),
    ts: timeMsText,
  },
  optional: { source: skipped },
  others: 'skipped',
})

// Only the frame names the symbol of a quote.
const quoteArg = object({ required: { channel: is('"bbo-tbt"'), instId: symbol }, others: 'skipped' })

const top = object({
  required: {
    asks: tuple(tuple(askPriceText, askSizeText, skipped, skipped)),
    bids: tuple(tuple(bidPriceText, bidSizeText, skipped, skipped)),
    ts: timeMsText,
  },
  optional: { seqId: sequenceNumber },
  others: 'skipped',
})

// With an `event` it is an answer, whatever else is in it.
export const decodeUsualTicks = ticksDecoder(
  either(
    object({ required: { arg: tradesArg, data: list(trade(tradeItem)) }, others: 'declined' }),
    quote(object({ required: { arg: quoteArg, data: tuple(top) }, others: 'declined' })),
  ),
)
