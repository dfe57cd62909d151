/** Reads a range of ticks in order, a slice at a time, so that memory is bounded however long the range is. */
import { readTradeBlocks } from '../tick/records.ts'
import { TradeColumns } from '../tick/trades.ts'
import type { Ask, Range } from './range.ts'
import { TimeOrder } from './time-order.ts'

/** Ticks of one slice, about 20 MB in columns. Smaller ones cost the engine more: each question reads more than it asks for. */
const SLICE_TICKS_MAX = 400_000
/** How much of a slice a window is meant to fill: what is denser than what came before shall fit too. */
const FILL = 0.7
/** How much of a slice the first window is meant to fill, so that the first ticks are soon there. */
const FILL_FIRST = 0.1
const WINDOW_GROWTH_MAX = 8n
/** Within what `TimeOrder` takes. */
const WINDOW_NANOS_MAX = 30n * 86_400_000_000_000n
/** More ticks of one and the same nanosecond than any venue sends. */
const MOMENT_TICKS_MAX = 10_000_000

/**
 * Yields the range's ticks from a moment on, in order. Each question covers a window of time, which follows how dense the ticks
 * are; one that holds more than a slice is cut between two moments, never within one. The columns are the reader's until the slice
 * after the next is asked for: then their memory is used again.
 */
export async function* readSegments(
  ask: Ask,
  range: Range,
  fromNanos: bigint,
  ticksMax = SLICE_TICKS_MAX,
): AsyncGenerator<TradeColumns, void> {
  const order = new TimeOrder()
  const block = new TradeColumns(0)
  let [reading, idle, lent] = [new TradeColumns(0), new TradeColumns(0), new TradeColumns(0)]
  const read = async (query: string) => readTradeBlocks(await ask(query, 'Native'), reading, block)
  const until = range.lastNanos + 1n
  let window = atMost(range.spanOf(Math.ceil(ticksMax * FILL_FIRST)), WINDOW_NANOS_MAX)
  for (let from = range.next(fromNanos); from !== undefined; ) {
    let next = atMost(from + window, until)
    let trades = await read(range.select(from, next, ticksMax))
    if (trades.length === ticksMax) {
      trades = await read(range.selectFirst(from, next, ticksMax))
      next = trades.timestamp[ticksMax - 1]!
      if (next === trades.timestamp[0]) {
        trades = await read(range.select(next, next + 1n, MOMENT_TICKS_MAX))
        next += 1n
      } else {
        while (trades.timestamp[trades.length - 1] === next) trades.length--
      }
    }
    const filling = ((next - from) * BigInt(Math.ceil(ticksMax * FILL))) / BigInt(Math.max(trades.length, 1)) + 1n
    window = atMost(atMost(filling, window * WINDOW_GROWTH_MAX), WINDOW_NANOS_MAX)
    if (trades.length > 0) {
      const ordered = order.inOrder(trades, idle)
      if (ordered === trades) reading = idle
      ;[idle, lent] = [lent, ordered]
      yield ordered
    }
    from = range.next(next)
  }
}

function atMost(nanos: bigint, max: bigint): bigint {
  return nanos < max ? nanos : max
}
