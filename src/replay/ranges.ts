/** The ticks of all kinds to replay. */
import { TickhouseError } from '../errors.ts'
import { Range, type RunQuery, type TickFilter } from './range.ts'
import { REPLAYED } from './stored-ticks.ts'
import { readChunks } from './time-chunks.ts'
import type { ChunkReader } from './timeline.ts'

/** Names of the kinds that can be replayed. */
export const REPLAYED_KINDS: readonly string[] = REPLAYED.map(({ name }) => name)

export class Ranges {
  readonly ticks: number
  /** Time of the first tick. */
  readonly firstNanos: bigint
  readonly symbols: readonly string[]
  /** Kinds that have ticks. */
  readonly kinds: readonly string[]
  readonly #runQuery: RunQuery
  readonly #ranges: readonly Range[]

  /** Queries what exists of these kinds. Throws `usage` if no tick, or none of a named symbol, matches. */
  static async find(runQuery: RunQuery, filter: TickFilter, kinds = REPLAYED_KINDS): Promise<Ranges> {
    const ranges: Range[] = []
    for (const stored of REPLAYED) {
      const range = kinds.includes(stored.name) ? await Range.find(runQuery, stored, filter) : undefined
      if (range) ranges.push(range)
    }
    const found = new Set(ranges.flatMap(({ symbols }) => symbols))
    const missing = filter.symbols.filter(symbol => !found.has(symbol))
    if (ranges.length > 0 && missing.length === 0) return new Ranges(runQuery, ranges)
    const table = REPLAYED.findLast(({ name }) => kinds.includes(name))!
    throw new TickhouseError(
      'usage',
      `no stored ${kinds.join(' or ')}${missing.length > 0 ? ` of ${missing.join(', ')}` : ''} match`,
      `List what is stored: tickhouse query "SELECT venue, symbol, min(${table.time}), max(${table.time}) FROM ${table.table} GROUP BY ALL"`,
    )
  }

  private constructor(runQuery: RunQuery, ranges: readonly Range[]) {
    this.#runQuery = runQuery
    this.#ranges = ranges
    this.ticks = ranges.reduce((sum, { ticks }) => sum + ticks, 0)
    this.firstNanos = ranges.map(({ firstNanos }) => firstNanos).toSorted((a, b) => Number(a - b))[0]!
    this.symbols = [...new Set(ranges.flatMap(({ symbols }) => symbols))]
    this.kinds = ranges.map(({ stored }) => stored.name)
  }

  /** Throws `usage` for ticks of two venues: a venue's own feed does not name the venue. */
  requireOneVenue(): void {
    const venues = [...new Set(this.#ranges.flatMap(range => range.venues))]
    if (venues.length === 1) return
    throw new TickhouseError(
      'usage',
      `a venue's own format cannot distinguish ticks of ${venues.join(' and ')}`,
      'Choose one with --venue, or replay all with --as live.',
    )
  }

  /** Readers of the ticks of each kind from a time on. */
  read(fromNanos: bigint): readonly ChunkReader[] {
    return this.#ranges.map(range => readChunks(this.#runQuery, range, fromNanos))
  }
}
