/** Reads a range of ticks in order, a slice at a time, so that memory is bounded however long the range is. */
import { readTradeBlocks } from '../tick/records.ts'
import type { TradeColumns } from '../tick/trades.ts'
import type { Ask, Range } from './range.ts'

/** Ticks of one slice, about 10 MB in columns. */
const SLICE_TICKS_MAX = 200_000
const WINDOW_NANOS_FIRST = 60_000_000_000n
/** Beyond any range: a window does not grow further. */
const WINDOW_NANOS_MAX = 30n * 86_400_000_000_000n
/** More ticks of one and the same nanosecond than any venue sends. */
const MOMENT_TICKS_MAX = 10_000_000

/**
 * Yields the range's ticks from a moment on, in order. Each question covers a window of time, which follows how dense the ticks
 * are; one that holds more than a slice is cut between two moments, never within one. The columns are the reader's.
 */
export async function* readSlices(
  ask: Ask,
  range: Range,
  fromNanos: bigint,
  ticksMax = SLICE_TICKS_MAX,
): AsyncGenerator<TradeColumns, void> {
  let window = WINDOW_NANOS_FIRST
  const until = range.lastNanos + 1n
  for (let from = range.next(fromNanos); from !== undefined; ) {
    const end = from + window < until ? from + window : until
    let trades = readTradeBlocks(await ask(range.select(from, end, ticksMax), 'Native'))
    let next = end
    if (trades.length === ticksMax) {
      const last = trades.timestamp[ticksMax - 1]!
      if (last === trades.timestamp[0]) {
        trades = readTradeBlocks(await ask(range.select(last, last + 1n, MOMENT_TICKS_MAX), 'Native'))
        next = last + 1n
      } else {
        while (trades.timestamp[trades.length - 1] === last) trades.length--
        next = last
      }
      window = next - from
    } else if (trades.length < ticksMax / 2 && window < WINDOW_NANOS_MAX) {
      window *= trades.length < ticksMax / 16 ? 8n : 2n
    }
    if (trades.length > 0) yield trades
    from = range.next(next)
  }
}
