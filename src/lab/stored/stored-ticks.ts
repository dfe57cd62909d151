/**
 * The stored ticks of a portfolio in the order of its events: by the time of receipt, quotes before trades of the same time, and
 * within a kind by the position in the log. So the order is total, and the same wherever the ticks are.
 */
import { Range, type RunQuery, type TickFilter } from '../../replay/range.ts'
import { type ReplayColumns, STORED_QUOTES, STORED_TRADES, type StoredTicks } from '../../replay/stored-ticks.ts'
import { readChunks } from '../../replay/time-chunks.ts'
import { Timeline } from '../../replay/timeline.ts'
import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import type { TradeColumns } from '../../tick/trades.ts'

const BY_RECEIPT = 'received_at, log_partition, log_offset, log_index'

const RECEIVED_TRADES: StoredTicks<TradeColumns> = {
  ...STORED_TRADES,
  time: 'received_at',
  order: BY_RECEIPT,
  queryOrder: BY_RECEIPT,
  times: ({ receivedAt }) => receivedAt,
  sorter: () => trades => trades,
}

const RECEIVED_QUOTES: StoredTicks<QuoteColumns> = { ...STORED_QUOTES, order: BY_RECEIPT, queryOrder: BY_RECEIPT }

export interface LabTicks {
  /** ns since 1970 UTC, of the first and the last tick. */
  readonly firstNanos: bigint
  readonly lastNanos: bigint
  readonly ticks: number
  /** `venue:symbol` of those with ticks, and of those with quotes. */
  readonly names: ReadonlySet<string>
  readonly quoted: ReadonlySet<string>
  timeline(): Timeline
}

/** What is stored of a portfolio's symbols; undefined if nothing. `byVenueTime`: trades alone, by the venue's time. */
export async function findTicks(
  runQuery: RunQuery,
  filter: TickFilter,
  byVenueTime: boolean,
): Promise<LabTicks | undefined> {
  const kinds = byVenueTime ? [STORED_TRADES] : [RECEIVED_QUOTES, RECEIVED_TRADES]
  const ranges: Range[] = []
  for (const kind of kinds) {
    const range = await Range.find(runQuery, kind as unknown as StoredTicks, filter)
    if (range) ranges.push(range)
  }
  if (ranges.length === 0) return undefined
  const quotes = ranges.find(({ stored }) => stored.name === STORED_QUOTES.name)
  const times = (ticks: ReplayColumns) => (byVenueTime ? ticks.timestamp : ticks.receivedAt)
  return {
    firstNanos: sorted(ranges.map(({ firstNanos }) => firstNanos)).at(0)!,
    lastNanos: sorted(ranges.map(({ lastNanos }) => lastNanos)).at(-1)!,
    ticks: ranges.reduce((sum, { ticks }) => sum + ticks, 0),
    names: new Set(ranges.flatMap(({ names }) => names)),
    quoted: new Set(quotes?.names ?? []),
    timeline: () =>
      new Timeline(
        ranges.map(range => readChunks(runQuery, range, range.firstNanos)),
        times,
      ),
  }
}

const sorted = (nanos: readonly bigint[]): bigint[] => nanos.toSorted((a, b) => Number(a - b))
