/** Reads a range of ticks in order and in chunks, so that memory is bounded for ranges of any length. */
import type { Range, RunQuery } from './range.ts'
import type { ReplayColumns } from './stored-ticks.ts'

/**
 * Maximum ticks of a chunk, 20 to 27 MB in columns. Smaller chunks cost more: each query reads more than it returns.
 */
const CHUNK_TICKS_MAX = 400_000
/** Share of a chunk that a window aims to fill; the rest is room for denser trading than before. */
const FILL = 0.7
/** The same for the first window: small, so that the first ticks arrive early. */
const FILL_FIRST = 0.1
const WINDOW_GROWTH_MAX = 8n
/** Below the limit of `TimeOrder`. */
const WINDOW_NANOS_MAX = 30n * 86_400_000_000_000n
/** More ticks with one time than any venue sends. */
const SAME_TIME_TICKS_MAX = 10_000_000

/**
 * Yields the range's ticks from a time on, in order. Each query covers a time window whose length follows the tick
 * density; a window of more than a chunk is cut between two timestamps, never within one. Columns are valid until the
 * second `next()` after the one that returned them: then their memory is reused.
 */
export async function* readChunks<C extends ReplayColumns>(
  runQuery: RunQuery,
  range: Range<C>,
  fromNanos: bigint,
  ticksMax = CHUNK_TICKS_MAX,
): AsyncGenerator<C, void> {
  const { stored } = range
  const inOrder = stored.sorter()
  const block = stored.columns()
  let [reading, idle, lent] = [stored.columns(), stored.columns(), stored.columns()]
  const read = async (query: string) => stored.read(await runQuery(query, 'Native'), reading, block)
  const until = range.lastNanos + 1n
  let window = atMost(range.spanOf(Math.ceil(ticksMax * FILL_FIRST)), WINDOW_NANOS_MAX)
  for (let from = range.next(fromNanos); from !== undefined; ) {
    let next = atMost(from + window, until)
    let ticks = await read(range.select(from, next, ticksMax))
    if (ticks.length === ticksMax) {
      ticks = await read(range.selectFirst(from, next, ticksMax))
      next = stored.times(ticks)[ticksMax - 1]!
      if (next === stored.times(ticks)[0]) {
        ticks = await read(range.select(next, next + 1n, SAME_TIME_TICKS_MAX))
        next += 1n
      } else {
        while (stored.times(ticks)[ticks.length - 1] === next) ticks.length--
      }
    }
    const filling = ((next - from) * BigInt(Math.ceil(ticksMax * FILL))) / BigInt(Math.max(ticks.length, 1)) + 1n
    window = atMost(atMost(filling, window * WINDOW_GROWTH_MAX), WINDOW_NANOS_MAX)
    if (ticks.length > 0) {
      const ordered = inOrder(ticks, idle)
      if (ordered === ticks) reading = idle
      ;[idle, lent] = [lent, ordered]
      yield ordered
    }
    from = range.next(next)
  }
}

function atMost(nanos: bigint, max: bigint): bigint {
  return nanos < max ? nanos : max
}
