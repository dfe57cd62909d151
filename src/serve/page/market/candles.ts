/** Candles of a view: history from the table, the newest ones updated from stored batches. */
import type { Store } from '../../../store/store.ts'
import { TRADE_ORDER } from '../../../store/trade-order.ts'
import type { Bar } from '../protocol.ts'

export const BARS_MAX = 1_000

/** A bar that can still change, with the venue's times (µs) of its first and last trade, to order late ones. */
export interface OpenBar {
  timeMs: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  trades: number
  openMicros: number
  closeMicros: number
}

export const toBar = (bar: OpenBar): Bar => [bar.timeMs, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades]

/** Adds a trade to a bar; trades may come in any order of time. */
export function addToBar(bar: OpenBar, micros: number, price: number, volume: number): void {
  if (micros < bar.openMicros) {
    bar.open = price
    bar.openMicros = micros
  }
  // Of trades at the same time, the later arrival is the close.
  if (micros >= bar.closeMicros) {
    bar.close = price
    bar.closeMicros = micros
  }
  if (price > bar.high) bar.high = price
  if (price < bar.low) bar.low = price
  bar.volume += volume
  bar.trades++
}

export function newBar(timeMs: number, micros: number, price: number, volume: number): OpenBar {
  return {
    timeMs,
    open: price,
    high: price,
    low: price,
    close: price,
    volume,
    trades: 1,
    openMicros: micros,
    closeMicros: micros,
  }
}

/** Joins two bars of one time and disjoint trades; those of `later` arrived later. */
export function joinBars(earlier: OpenBar, later: OpenBar): OpenBar {
  const opens = later.openMicros < earlier.openMicros ? later : earlier
  const closes = later.closeMicros >= earlier.closeMicros ? later : earlier
  return {
    timeMs: earlier.timeMs,
    open: opens.open,
    high: Math.max(earlier.high, later.high),
    low: Math.min(earlier.low, later.low),
    close: closes.close,
    volume: earlier.volume + later.volume,
    trades: earlier.trades + later.trades,
    openMicros: opens.openMicros,
    closeMicros: closes.closeMicros,
  }
}

export interface BarsQuery {
  venue: string
  symbol: string
  seconds: number
  /** Only trades before this time, ms. */
  beforeMs: number
  /** Only trades of log offsets below these, by log partition: later ones are pushed to the view. Default: all. */
  belowOffsets?: ReadonlyMap<number, number>
}

/** Up to 1,000 bars, oldest first, from the table. One-minute bars for a day of a busy symbol take about 0.1 s. */
export async function queryBars(store: Store, query: BarsQuery): Promise<OpenBar[]> {
  const stepMs = query.seconds * 1000
  // A whole number of bars back, so that the oldest one is complete.
  const fromMs = Math.max(0, (Math.ceil(query.beforeMs / stepMs) - BARS_MAX) * stepMs)
  const rows = await store.rows<Record<keyof OpenBar, number | string>>(
    `SELECT intDiv(toUnixTimestamp64Milli(timestamp), {stepMs:UInt64}) * {stepMs:UInt64} AS timeMs,
            argMin(price, ${TRADE_ORDER}) AS open, max(price) AS high, min(price) AS low,
            argMax(price, ${TRADE_ORDER}) AS close, sum(volume) AS volume, count() AS trades,
            toUnixTimestamp64Micro(min(timestamp)) AS openMicros, toUnixTimestamp64Micro(max(timestamp)) AS closeMicros
     FROM trades
     WHERE venue = {venue:String} AND symbol = {symbol:String}
       AND timestamp >= fromUnixTimestamp64Milli({fromMs:Int64}) AND timestamp < fromUnixTimestamp64Milli({beforeMs:Int64})
       AND (empty({partitions:Array(UInt16)})
         OR log_offset < {belowOffsets:Array(UInt64)}[indexOf({partitions:Array(UInt16)}, log_partition)])
     GROUP BY timeMs ORDER BY timeMs DESC LIMIT ${BARS_MAX}`,
    {
      venue: query.venue,
      symbol: query.symbol,
      stepMs,
      fromMs,
      beforeMs: Math.ceil(query.beforeMs),
      partitions: [...(query.belowOffsets?.keys() ?? [])],
      belowOffsets: [...(query.belowOffsets?.values() ?? [])],
    },
  )
  return rows
    .map(
      row => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)])) as unknown as OpenBar,
    )
    .reverse()
}
