/** Trades of the recorded Binance sessions, read from their frames without a decoder of ours. */
import { type LogRecord, tradesRecord } from '../../../src/tick/records.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../../src/tick/trades.ts'
import type { BinanceTrade } from '../servers/binance-rest.ts'
import { binanceSession } from './recorded-data.ts'

export interface Session {
  symbol: string
  trades: BinanceTrade[]
}

/** A frame of a trade: symbol, id, price, quantity, time in ms, whether the buyer is the maker. */
export const TRADE = /"e":"trade".*"s":"(\w+)","t":(\d+),"p":"([\d.]+)","q":"([\d.]+)".*"T":(\d+),"m":(true|false)/

export function sessionOf(name: 'btcusdt' | 'ethusdt'): Session {
  const trades = binanceSession(name).flatMap(frame => {
    const [, , id, price, qty, ms, isBuyerMaker] = TRADE.exec(frame.toString()) ?? []
    if (id === undefined) return []
    const time = { micros: Number(ms) * 1000, isBuyerMaker: isBuyerMaker === 'true' }
    return [{ id: Number(id), price: price!, qty: qty!, ...time }]
  })
  return { symbol: name.toUpperCase(), trades }
}

/** Trades as a recorder writes them to the log. */
export function sessionRecord({ symbol, trades }: Session): LogRecord {
  const columns = new TradeColumns(trades.length)
  for (const { id, price, qty, micros, isBuyerMaker } of trades)
    columns.add({
      ...{ venue: 'binance', symbol, timestampMicros: micros, timestampNanos: 0, receivedAtMicros: micros + 500 },
      ...{ price: Number(price), volume: Number(qty), side: isBuyerMaker ? SIDE.sell : SIDE.buy, tradeId: id },
      origin: ORIGIN.live,
    })
  return tradesRecord(columns)
}

/** The trades of a UTC day as lines of Binance's file of it; times in ms, as until 2024. */
export function dayFileLines({ trades }: Session, day: string): string[] {
  const isOfDay = ({ micros }: BinanceTrade) => new Date(micros / 1000).toISOString().startsWith(day)
  return trades.filter(isOfDay).map(({ id, price, qty, micros, isBuyerMaker }) => {
    const quote = productOf(price, qty)
    return `${id},${price},${qty},${quote},${micros / 1000},${isBuyerMaker ? 'True' : 'False'},True`
  })
}

/** Exact, with 8 decimals as Binance writes it. */
function productOf(price: string, qty: string): string {
  const digits = BigInt(price.replace('.', '')) * BigInt(qty.replace('.', ''))
  const text = String(digits / 10n ** 8n).padStart(9, '0')
  return `${text.slice(0, -8)}.${text.slice(-8)}`
}
