/** The ticks of one kind to replay: a filter, and what store and archive contain of it. */
import type { ReplayColumns, StoredTicks } from './stored-ticks.ts'

/** Runs a read-only statement; returns the result's bytes in a ClickHouse format. Throws TickhouseErrors. */
export type RunQuery = (query: string, format: string) => Promise<Uint8Array>

/** Times are those that order the replay of a kind, ns since 1970 UTC. An absent field does not filter. */
export interface TickFilter {
  venue?: string | undefined
  symbols: readonly string[]
  fromNanos?: bigint | undefined
  /** Exclusive. */
  untilNanos?: bigint | undefined
}

/** The ticks of one symbol that were logged on one day. */
interface SymbolDay {
  day: string
  venue: string
  symbol: string
  ticks: number
  first: bigint
  last: bigint
}

/** The ticks of one kind in a replay. */
export class Range<C extends ReplayColumns = ReplayColumns> {
  readonly stored: StoredTicks<C>
  readonly ticks: number
  /** Time of the first and the last tick. */
  readonly firstNanos: bigint
  readonly lastNanos: bigint
  readonly symbols: readonly string[]
  readonly venues: readonly string[]
  /** `venue:symbol` of each. */
  readonly names: readonly string[]
  readonly #filter: TickFilter
  readonly #symbolDays: readonly SymbolDay[]

  /** Queries what exists; undefined if no tick matches. */
  static async find<C extends ReplayColumns>(
    runQuery: RunQuery,
    stored: StoredTicks<C>,
    filter: TickFilter,
  ): Promise<Range<C> | undefined> {
    const { table, time } = stored
    const answer = await runQuery(
      `SELECT toString(log_day) AS day, venue, symbol, toString(count()) AS ticks,
         toString(toUnixTimestamp64Nano(min(${time}))) AS first, toString(toUnixTimestamp64Nano(max(${time}))) AS last
       FROM ${table} WHERE ${conditionOf(filter, time)} GROUP BY log_day, venue, symbol ORDER BY log_day, venue, symbol`,
      'JSONEachRow',
    )
    const rows = new TextDecoder().decode(answer).split('\n').filter(Boolean)
    const symbolDays = rows.map(row => {
      const { day, venue, symbol, ticks, first, last } = JSON.parse(row) as Record<keyof SymbolDay, string>
      return { day, venue, symbol, ticks: Number(ticks), first: BigInt(first), last: BigInt(last) }
    })
    return symbolDays.length === 0 ? undefined : new Range(stored, filter, symbolDays)
  }

  private constructor(stored: StoredTicks<C>, filter: TickFilter, symbolDays: readonly SymbolDay[]) {
    this.stored = stored
    this.#filter = filter
    this.#symbolDays = symbolDays
    this.ticks = symbolDays.reduce((sum, { ticks }) => sum + ticks, 0)
    this.firstNanos = sorted(symbolDays.map(({ first }) => first)).at(0)!
    this.lastNanos = sorted(symbolDays.map(({ last }) => last)).at(-1)!
    this.symbols = [...new Set(symbolDays.map(({ symbol }) => symbol))]
    this.venues = [...new Set(symbolDays.map(({ venue }) => venue))]
    this.names = [...new Set(symbolDays.map(({ venue, symbol }) => `${venue}:${symbol}`))]
  }

  /** Lower bound for the time of the first tick at or after `fromNanos`; undefined if there is none. */
  next(fromNanos: bigint): bigint | undefined {
    let next: bigint | undefined
    for (const { first, last } of this.#symbolDays) {
      if (last < fromNanos) continue
      const here = first > fromNanos ? first : fromNanos
      if (next === undefined || here < next) next = here
    }
    return next
  }

  /** Average time span of `ticks` ticks, ns. */
  spanOf(ticks: number): bigint {
    return ((this.lastNanos - this.firstNanos + 1n) * BigInt(ticks)) / BigInt(this.ticks) + 1n
  }

  /** A SELECT of the ticks of a time range (end exclusive), to be sorted. It names only days with ticks, so that no other part or file is opened. */
  select(fromNanos: bigint, untilNanos: bigint, rowsMax: number): string {
    return this.#select(fromNanos, untilNanos, this.stored.queryOrder, rowsMax)
  }

  /** The same for the first `rowsMax` ticks by time, in order. */
  selectFirst(fromNanos: bigint, untilNanos: bigint, rowsMax: number): string {
    return this.#select(fromNanos, untilNanos, this.stored.order, rowsMax)
  }

  #select(fromNanos: bigint, untilNanos: bigint, order: string, rowsMax: number): string {
    const { venue, symbols } = this.#filter
    const days = new Set(
      this.#symbolDays.filter(({ first, last }) => first < untilNanos && last >= fromNanos).map(({ day }) => day),
    )
    const { select, table, time } = this.stored
    return `SELECT ${select} FROM ${table}
      WHERE log_day IN (${[...days].map(stringLiteral).join(', ')}) AND ${conditionOf({ venue, symbols, fromNanos, untilNanos }, time)}
      ORDER BY ${order} LIMIT ${rowsMax}`
  }
}

function sorted(nanos: readonly bigint[]): bigint[] {
  return nanos.toSorted((a, b) => Number(a - b))
}

function conditionOf({ venue, symbols, fromNanos, untilNanos }: TickFilter, time: string): string {
  const conditions: string[] = []
  if (symbols.length > 0) conditions.push(`symbol IN (${symbols.map(stringLiteral).join(', ')})`)
  if (venue !== undefined) conditions.push(`venue = ${stringLiteral(venue)}`)
  if (fromNanos !== undefined) conditions.push(`${time} >= ${timestampLiteral(fromNanos)}`)
  if (untilNanos !== undefined) conditions.push(`${time} < ${timestampLiteral(untilNanos)}`)
  return conditions.join(' AND ') || '1'
}

function timestampLiteral(nanos: bigint): string {
  return `fromUnixTimestamp64Nano(toInt64(${nanos}), 'UTC')`
}

function stringLiteral(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}
