/** All venues. CONTRIBUTING.md lists the files of a new one. */
import { alpacacrypto } from './alpaca/crypto.ts'
import { alpaca } from './alpaca/stocks.ts'
import { binance } from './binance/decode.ts'
import { binanceCoinm, binanceUsdm } from './binance-futures/decode.ts'
import { bitfinex } from './bitfinex/decode.ts'
import { bitstamp } from './bitstamp/decode.ts'
import { bybit, bybitInverse, bybitLinear } from './bybit/decode.ts'
import { coinbase } from './coinbase/decode.ts'
import { deribit } from './deribit/decode.ts'
import { finnhub } from './finnhub/decode.ts'
import { gemini } from './gemini/decode.ts'
import { hyperliquid } from './hyperliquid/decode.ts'
import { kraken } from './kraken/decode.ts'
import { okx } from './okx/decode.ts'
import { simulator } from './simulator.ts'
import type { Venue } from './venue.ts'

const all: Venue[] = [
  alpaca,
  alpacacrypto,
  binance,
  binanceCoinm,
  binanceUsdm,
  bitfinex,
  bitstamp,
  bybit,
  bybitInverse,
  bybitLinear,
  coinbase,
  deribit,
  finnhub,
  gemini,
  hyperliquid,
  kraken,
  okx,
  simulator,
]

/** The built-in venues, and those that `outside/load.ts` has loaded. */
export const VENUES: readonly Venue[] = all

/** Adds a venue of another name than the others. To be called before any other module reads VENUES. */
export function addVenue(venue: Venue): void {
  all.push(venue)
}

/** Tried if nothing is configured. README.md names them. */
export const FIRST_RUN_VENUES: readonly Venue[] = [binance, bitstamp, coinbase, kraken]

/** Whether a missing trade of this venue is a gap in its ids. */
export function showsMissing(name: string): boolean {
  return findVenue(name)?.ids === 'dense'
}

/** The venue of that name; undefined if there is none. */
export function findVenue(name: string): Venue | undefined {
  return VENUES.find(venue => venue.name === name)
}
