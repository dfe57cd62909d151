/**
 * Alpaca, crypto: https://docs.alpaca.markets/docs/real-time-crypto-pricing-data. The side is the taker's. The kind of
 * the ids, of up to 19 digits, is not documented.
 */
import { SIDE, type Side } from '../../tick/trades.ts'
import { decimalFromNumber } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { emitTrade } from '../read-trade.ts'
import type { Sink, Venue } from '../venue.ts'
import { cryptoInstruments } from './instruments.ts'
import { decodeQuote, MARKET } from './market.ts'
import { decoderOf, type Raw, timeOf } from './messages.ts'

export const alpacacrypto: Venue = {
  ...MARKET,
  name: 'alpacacrypto',
  ws: 'wss://stream.data.alpaca.markets/v1beta3/crypto/us',
  defaultSymbols: ['BTC/USD', 'ETH/USD', 'SOL/USD', 'DOGE/USD'],
  limits: { symbolsPerConnection: 1_000, framesPerSecond: 10, connections: 1 },
  instruments: cryptoInstruments,
  decoder: () => decode,
}

const decode = decoderOf({ t: decodeTrade, q: decodeQuote })

function decodeTrade(trade: JsonObject, out: Sink, raw: Raw): void {
  const fields = {
    symbol: trade.S,
    price: trade.p,
    volume: trade.s,
    tradeId: trade.i,
    side: sideOf(trade.tks),
    time: timeOf(trade.t),
  }
  emitTrade(out, fields, decimalFromNumber, raw)
}

function sideOf(side: unknown): Side | undefined {
  if (side === 'B') return SIDE.buy
  return side === 'S' ? SIDE.sell : undefined
}
