/** The usual frame of trades or a quote, byte by byte: several times faster than JSON.parse. */
import { askPriceText, askSizeText, bidPriceText, bidSizeText } from '../json-bytes/quote-fields.ts'
import { symbol, timeMs } from '../json-bytes/tick-fields.ts'
import { quote, ticksDecoder, trade } from '../json-bytes/ticks.ts'
import { idNumber, priceText, side, volumeText } from '../json-bytes/trade-fields.ts'
import { either, is, list, object, skipped, tuple } from '../json-bytes/values.ts'

const tradeItem = object({
  required: { coin: symbol, side: side('"B"', '"A"'), px: priceText, sz: volumeText, time: timeMs, tid: idNumber },
  optional: { hash: skipped, users: skipped },
  others: 'skipped',
})

// A side without orders is `null`: not usual.
const bid = object({ required: { px: bidPriceText, sz: bidSizeText }, optional: { n: skipped }, others: 'skipped' })
const ask = object({ required: { px: askPriceText, sz: askSizeText }, optional: { n: skipped }, others: 'skipped' })
const top = object({ required: { coin: symbol, time: timeMs, bbo: tuple(bid, ask) }, others: 'skipped' })

export const decodeUsualTicks = ticksDecoder(
  either(
    object({ required: { channel: is('"trades"'), data: list(trade(tradeItem)) }, others: 'skipped' }),
    object({ required: { channel: is('"bbo"'), data: quote(top) }, others: 'skipped' }),
  ),
)
