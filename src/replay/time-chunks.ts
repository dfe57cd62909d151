/** Reads a range of ticks in order and in chunks, so that memory is bounded for ranges of any length. */
import { readTradeBlocks } from '../tick/records.ts'
import { TradeColumns } from '../tick/trades.ts'
import type { Range, RunQuery } from './range.ts'
import { TimeOrder } from './time-order.ts'

/**
 * Maximum ticks of a chunk, about 20 MB in columns. Smaller chunks cost more: each query reads more than it returns.
 */
const CHUNK_TICKS_MAX = 400_000
/** Share of a chunk that a window aims to fill; the rest is room for denser trading than before. */
const FILL = 0.7
/** The same for the first window: small, so that the first ticks arrive early. */
const FILL_FIRST = 0.1
const WINDOW_GROWTH_MAX = 8n
/** Below the limit of `TimeOrder`. */
const WINDOW_NANOS_MAX = 30n * 86_400_000_000_000n
/** More ticks with one timestamp than any venue sends. */
const SAME_TIME_TICKS_MAX = 10_000_000

/**
 * Yields the range's ticks from a time on, in order. Each query covers a time window whose length follows the tick
 * density; a window of more than a chunk is cut between two timestamps, never within one. Columns are valid until the
 * second `next()` after the one that returned them: then their memory is reused.
 */
export async function* readChunks(
  runQuery: RunQuery,
  range: Range,
  fromNanos: bigint,
  ticksMax = CHUNK_TICKS_MAX,
): AsyncGenerator<TradeColumns, void> {
  const order = new TimeOrder()
  const block = new TradeColumns(0)
  let [reading, idle, lent] = [new TradeColumns(0), new TradeColumns(0), new TradeColumns(0)]
  const read = async (query: string) => readTradeBlocks(await runQuery(query, 'Native'), reading, block)
  const until = range.lastNanos + 1n
  let window = atMost(range.spanOf(Math.ceil(ticksMax * FILL_FIRST)), WINDOW_NANOS_MAX)
  for (let from = range.next(fromNanos); from !== undefined; ) {
    let next = atMost(from + window, until)
    let trades = await read(range.select(from, next, ticksMax))
    if (trades.length === ticksMax) {
      trades = await read(range.selectFirst(from, next, ticksMax))
      next = trades.timestamp[ticksMax - 1]!
      if (next === trades.timestamp[0]) {
        trades = await read(range.select(next, next + 1n, SAME_TIME_TICKS_MAX))
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
