/** Recorded sessions that two engines play: quotes, or trades where they stand for quotes. */
import assert from 'node:assert/strict'
import { numberOf } from '../../../src/lab/market/instrument.ts'
import { instrumentOf } from '../../../src/lab/stored/instruments.ts'
import { QuoteColumns, QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import { readWholeMicros } from '../../../src/tick/time.ts'
import { SIDE, TradeColumns, TradeDraft } from '../../../src/tick/trades.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { binanceCoinm, binanceUsdm } from '../../../src/venues/binance-futures/decode.ts'
import { type ReceivedFrame, receivedFrames } from '../../support/data/recorded-data.ts'
import type { Market } from './simple-strategies.ts'

export interface Session {
  file: string
  ticks: 'quotes' | 'trades'
  symbol: string
  base: string
  kind: 'spot' | 'linear' | 'inverse'
  /** Of a contract: coins, or USD of an inverse one. */
  size: string
  priceDecimals: number
  sizeDecimals: number
}

type Recorded = Omit<Session, 'ticks'>
const SPOT = { kind: 'spot', size: '1', priceDecimals: 2 } as const
const BTC: Recorded = {
  ...SPOT,
  file: 'binance-spot/btcusdt_20240808.gz',
  symbol: 'BTCUSDT',
  base: 'BTC',
  sizeDecimals: 5,
}
const ETH: Recorded = {
  ...SPOT,
  file: 'binance-spot/ethusdt_20240808.gz',
  symbol: 'ETHUSDT',
  base: 'ETH',
  sizeDecimals: 4,
}
const USDM: Recorded = {
  ...{ file: 'binance-futures/btcusdt_20240808_first.gz', symbol: 'BTCUSDT', base: 'BTC' },
  ...{ kind: 'linear', size: '1', priceDecimals: 1, sizeDecimals: 3 },
}
const COINM: Recorded = {
  ...{ file: 'binance-futures/ethusd_perp_20240808.gz', symbol: 'ETHUSD_PERP', base: 'ETH' },
  ...{ kind: 'inverse', size: '10', priceDecimals: 2, sizeDecimals: 0 },
}

export const SESSIONS = {
  btcusdt: { ...BTC, ticks: 'quotes' },
  ethusdt: { ...ETH, ticks: 'quotes' },
  usdm: { ...USDM, ticks: 'quotes' },
  coinm: { ...COINM, ticks: 'quotes' },
  'btcusdt trades': { ...BTC, ticks: 'trades' },
  'usdm trades': { ...USDM, ticks: 'trades' },
} satisfies Record<string, Session>
export type SessionName = keyof typeof SESSIONS

export function marketOf(session: Session): Market {
  const { symbol, priceDecimals, sizeDecimals, size, kind } = session
  const contract = { size: Number(size), isInverse: kind === 'inverse' }
  const steps = [priceDecimals, sizeDecimals].map(decimals => numberOf(1n, decimals))
  const instrument = instrumentOf(0, `binance:${symbol}`, steps[0]!, steps[1]!, contract)
  const frames = receivedFrames(session.file)
  if (session.ticks === 'quotes') return { instrument, quotes: quotesOf(session, frames) }
  const trades = tradesOf(session, frames)
  return { instrument, trades, quotes: asQuotes(trades) }
}

/** Decodes the frames of a session, each tick of ours with the time of its frame. */
function decoded(
  { kind }: Session,
  frames: readonly ReceivedFrame[],
  quotes: QuoteColumns,
  trades: TradeColumns,
): void {
  const decode = { spot: binance, linear: binanceUsdm, inverse: binanceCoinm }[kind].decoder()
  for (const { receivedAtNanos, frame } of frames) {
    const ours = { venue: 'binance', receivedAtMicros: Number(receivedAtNanos / 1000n) }
    decode(frame, {
      trade: trade => {
        trades.add(Object.assign(trade, ours))
      },
      quote: quote => {
        quotes.add(Object.assign(quote, ours))
      },
      refuse: (reason, detail) => assert.fail(`${reason}: ${detail}`),
      control: () => {},
      ignore: () => {},
      imprecise: () => {},
    })
  }
}

function quotesOf(session: Session, frames: readonly ReceivedFrame[]): QuoteColumns {
  const quotes = new QuoteColumns(frames.length)
  decoded(session, frames, quotes, new TradeColumns(frames.length))
  return quotes
}

function tradesOf(session: Session, frames: readonly ReceivedFrame[]): TradeColumns {
  const trades = new TradeColumns(frames.length)
  decoded(session, frames, new QuoteColumns(frames.length), trades)
  if (trades.length > 0) return trades
  // This session has the trades that the venue joins to those that we record.
  for (const { receivedAtNanos, frame } of frames) {
    const { data } = JSON.parse(String(frame))
    if (data.e !== 'trade') continue
    const numbers = {
      price: Number(data.p),
      volume: Number(data.q),
      side: data.m ? SIDE.sell : SIDE.buy,
      tradeId: data.t,
    }
    const times = { timestampMicros: data.T * 1000, receivedAtMicros: Number(receivedAtNanos / 1000n) }
    trades.add(Object.assign(new TradeDraft(), { venue: 'binance', symbol: data.s, ...numbers, ...times }))
  }
  return trades
}

function asQuotes(trades: TradeColumns): QuoteColumns {
  const quotes = new QuoteColumns(trades.length)
  for (let row = 0; row < trades.length; row++) {
    const [price, size] = [trades.price[row]!, trades.volume[row]!]
    const receivedAtMicros = readWholeMicros(trades.receivedAtWords, row)
    const sides = { bidPrice: price, bidSize: size, askPrice: price, askSize: size }
    quotes.add(Object.assign(new QuoteDraft(), { venue: 'binance', symbol: '', receivedAtMicros, ...sides }))
  }
  return quotes
}

/** As `nautilus.py` reads them. Times in whole µs, as ours are. */
export function linesOf({ priceDecimals, sizeDecimals }: Session, { quotes, trades }: Market): string[] {
  const { bidPrice, bidSize, askPrice, askSize } = quotes
  return Array.from({ length: quotes.length }, (_, row) => {
    const price = (of: Float64Array) => of[row]!.toFixed(priceDecimals)
    const size = (of: Float64Array) => of[row]!.toFixed(sizeDecimals)
    const time = `${readWholeMicros(quotes.receivedAtWords, row)}000`
    if (trades) return `${time} ${price(bidPrice)} ${size(bidSize)} ${trades.side[row] === SIDE.buy ? 'buy' : 'sell'}\n`
    return `${time} ${price(bidPrice)} ${size(bidSize)} ${price(askPrice)} ${size(askSize)}\n`
  })
}
