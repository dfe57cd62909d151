/**
 * Alpaca, US equities: https://docs.alpaca.markets/docs/real-time-stock-pricing-data. A frame contains several trades;
 * prices and sizes are JSON numbers, times have nine digits. The side is not stated. Ids are of each exchange.
 */
import { SIDE } from '../../tick/trades.ts'
import { decimalFromNumber } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { emitQuote } from '../read-quote.ts'
import { emitTrade } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { ACCOUNT } from './account.ts'
import { decodeCancel, decodeCorrection } from './amendments.ts'
import { stockInstruments } from './instruments.ts'
import { decoderOf, type Raw, timeOf } from './messages.ts'
import { resubscribe, subscribe, unsubscribe } from './subscription.ts'
import { tradeIdOf } from './trade-id.ts'

export const alpaca: Venue = {
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
  rest: 'https://paper-api.alpaca.markets',
  ids: 'opaque',
  kinds: [['trades', 'quotes']],
  defaultSymbols: ['AAPL', 'MSFT', 'NVDA', 'SPY', 'TSLA'],
  // One connection takes all symbols of the market, if the account's plan has them. Frames are not limited.
  limits: { symbolsPerConnection: 20_000, framesPerSecond: 10, connections: 1 },
  instruments: stockInstruments,
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
  }
  emitTrade(out, fields, decimalFromNumber, raw, id => tradeIdOf(trade.x, id))
}

function decodeQuote(quote: JsonObject, out: Sink, raw: Raw): void {
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
