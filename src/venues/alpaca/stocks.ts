/**
 * Alpaca, US equities: https://docs.alpaca.markets/docs/real-time-stock-pricing-data. A frame contains several trades;
 * prices and sizes are JSON numbers, times have nine digits. The side is not stated. Ids are of each exchange.
 */
import { SIDE } from '../../tick/trades.ts'
import { decimalFromNumber } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { conditionsOf, emitTrade } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { decodeCancel, decodeCorrection } from './amendments.ts'
import { stockInstruments } from './instruments.ts'
import { decodeQuote, MARKET } from './market.ts'
import { decoderOf, type Raw, timeOf } from './messages.ts'
import { tradeIdOf } from './trade-id.ts'

export const alpaca: Venue = {
  ...MARKET,
  name: 'alpaca',
  ws: 'wss://stream.data.alpaca.markets',
  feeds: {
    iex: '/v2/iex',
    sip: '/v2/sip',
    delayed_sip: '/v2/delayed_sip',
    boats: '/v1beta1/boats',
    overnight: '/v1beta1/overnight',
    test: '/v2/test',
  },
  defaultSymbols: ['AAPL', 'MSFT', 'NVDA', 'SPY', 'TSLA'],
  // One connection takes all symbols of the market, if the account's plan has them. Frames are not limited.
  limits: { symbolsPerConnection: 20_000, framesPerSecond: 10, connections: 1 },
  instruments: stockInstruments,
  decoder: () => decode,
}

const decode = decoderOf({ t: decodeTrade, q: decodeQuote, c: decodeCorrection, x: decodeCancel })

function decodeTrade(trade: JsonObject, out: Sink, raw: Raw): void {
  const fields = {
    symbol: trade.S,
    price: trade.p,
    volume: trade.s,
    tradeId: trade.i,
    side: SIDE.unknown,
    time: timeOf(trade.t),
    conditions: conditionsOf(trade.c),
  }
  emitTrade(out, fields, decimalFromNumber, raw, id => tradeIdOf(trade.x, id))
}
