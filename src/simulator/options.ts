/** What the simulated exchange is started with, and what it counts. */
import { TickhouseError } from '../errors.ts'
import type { MarketOptions } from './market/market.ts'
import type { CutReason } from './subscriber.ts'

const SYMBOL = /^[A-Z0-9]{1,20}$/

export interface ExchangeOptions extends MarketOptions {
  /** 1 to 500,000 trades a second over all symbols; quotes are four times as many. */
  ratePerSecond: number
  /** Loopback only: anyone who connects can inject faults. */
  host?: '127.0.0.1' | '::1'
  /** 0 picks a free port. */
  port?: number
  /** Trades kept for REST over all symbols, divided by trading share; each symbol keeps at least 5,000. */
  historyTrades?: number
  /** Trading starts with the first client, so that a recorder started together with the exchange misses nothing. */
  opensWithFirstClient?: boolean
  /** The last update id of a symbol's book, to continue an earlier run; otherwise from the seed. */
  lastUpdateIds?: Readonly<Record<string, number>>
}

/** Counts since the start. */
export interface ExchangeStats {
  /** Trades made, and trades due but not made because this process could not keep the rate. */
  trades: number
  tradesSkipped: number
  /** Changes of a symbol's best bid or ask. */
  quotes: number
  /** Frames written to sockets, and frames not delivered to a half-open, closing or slow client. */
  framesSent: number
  bytesSent: number
  framesUndelivered: number
  clients: number
  connects: number
  connectsRefused: number
  requests: number
  requestsRefused: number
  cut: Record<CutReason, number>
  /** Injected faults: affected trades, frames or connections. */
  faults: Record<
    | 'dropped'
    | 'repeated'
    | 'malformed'
    | 'delayed'
    | 'cut'
    | 'silenced'
    | 'shutdownNotices'
    | 'symbolsSilenced'
    | 'streamsEnded'
    | 'subscriptionsRefused',
    number
  >
}

/** Throws `usage` for invalid symbols or rates. */
export function validated(options: ExchangeOptions): ExchangeOptions {
  const symbols = new Set(options.symbols)
  const bad = options.symbols.find(symbol => !SYMBOL.test(symbol))
  if (bad !== undefined || symbols.size !== options.symbols.length || symbols.size === 0) {
    const text =
      bad === undefined
        ? 'the simulator needs at least one symbol, and each only once'
        : `invalid simulator symbol: ${bad}`
    throw new TickhouseError('usage', text, 'Use capital letters and digits, for example BTCUSDT.')
  }
  if (!(options.ratePerSecond >= 1 && options.ratePerSecond <= 500_000)) {
    const text = `invalid simulator rate: ${options.ratePerSecond}`
    throw new TickhouseError('usage', text, 'Use 1 to 500000 trades a second.')
  }
  return options
}
