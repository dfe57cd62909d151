/** Binance's candles of a minute, computed from trades with whole numbers: independent of the engine's sums. */
import type { BinanceTrade } from '../servers/binance-rest.ts'

const MINUTE_MS = 60_000
const PLACES = 8

/** Rows of `/api/v3/klines` with interval `1m` from `startMs` on: a minute without a trade has one, too. */
export function klinesOf(trades: readonly BinanceTrade[], startMs: number, endMs: number, limit: number): unknown[][] {
  const minutes = Map.groupBy(trades, ({ micros }) => Math.floor(micros / 1000 / MINUTE_MS) * MINUTE_MS)
  const rows: unknown[][] = []
  for (let at = Math.ceil(startMs / MINUTE_MS) * MINUTE_MS; at <= endMs && rows.length < limit; at += MINUTE_MS)
    rows.push(klineOf(at, minutes.get(at) ?? []))
  return rows
}

function klineOf(startMs: number, trades: readonly BinanceTrade[]): unknown[] {
  const [open, close] = [trades[0]?.price ?? '0.00000000', trades.at(-1)?.price ?? '0.00000000']
  const sorted = trades.map(({ price }) => price).sort((a, b) => Number(a) - Number(b))
  const buys = trades.filter(({ isBuyerMaker }) => !isBuyerMaker)
  return [
    ...[startMs, open, sorted.at(-1) ?? open, sorted[0] ?? open, close, volumeOf(trades), startMs + MINUTE_MS - 1],
    ...[quoteVolumeOf(trades), trades.length, volumeOf(buys), quoteVolumeOf(buys), '0'],
  ]
}

const units = (text: string): bigint => {
  const [whole, places = ''] = text.split('.')
  return BigInt(whole! + places.padEnd(PLACES, '0'))
}

const volumeOf = (trades: readonly BinanceTrade[]) => text(trades.reduce((sum, { qty }) => sum + units(qty), 0n))

/** Each product has at most 8 decimals in these sessions. */
const quoteVolumeOf = (trades: readonly BinanceTrade[]) =>
  text(trades.reduce((sum, { price, qty }) => sum + units(price) * units(qty), 0n) / 10n ** BigInt(PLACES))

function text(value: bigint): string {
  const digits = String(value).padStart(PLACES + 1, '0')
  return `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`
}
