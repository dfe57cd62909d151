/** The ticks to replay: a filter, and what store and archive contain of it. */
import { TickhouseError } from '../errors.ts'

/** Runs a read-only statement; returns the result's bytes in a ClickHouse format. Throws TickhouseErrors. */
export type RunQuery = (query: string, format: string) => Promise<Uint8Array>

/** Times are the venue's, ns since 1970 UTC. An absent field does not filter. */
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

/** The view over hot and archived trades. */
const TABLE = 'all_trades'

/** The ticks of a replay. */
export class Range {
  readonly ticks: number
  /** Time of the first and the last tick. */
  readonly firstNanos: bigint
  readonly lastNanos: bigint
  readonly symbols: readonly string[]
  readonly #filter: TickFilter
  readonly #symbolDays: readonly SymbolDay[]

  /** Queries what exists. Throws `usage` if no tick, or none of a named symbol, matches. */
  static async find(runQuery: RunQuery, filter: TickFilter): Promise<Range> {
    const answer = await runQuery(
      `SELECT toString(log_day) AS day, venue, symbol, toString(count()) AS ticks,
         toString(toUnixTimestamp64Nano(min(timestamp))) AS first, toString(toUnixTimestamp64Nano(max(timestamp))) AS last
       FROM ${TABLE} WHERE ${conditionOf(filter)} GROUP BY log_day, venue, symbol ORDER BY log_day, venue, symbol`,
      'JSONEachRow',
    )
    const rows = new TextDecoder().decode(answer).split('\n').filter(Boolean)
    const symbolDays = rows.map(row => {
      const { day, venue, symbol, ticks, first, last } = JSON.parse(row) as Record<keyof SymbolDay, string>
      return { day, venue, symbol, ticks: Number(ticks), first: BigInt(first), last: BigInt(last) }
    })
    const found = new Set(symbolDays.map(({ symbol }) => symbol))
    const missing = filter.symbols.filter(symbol => !found.has(symbol))
    if (symbolDays.length === 0 || missing.length > 0) {
      throw new TickhouseError(
        'usage',
        `no stored ticks${missing.length > 0 ? ` of ${missing.join(', ')}` : ''} match`,
        'List what is stored: tickhouse query "SELECT venue, symbol, min(timestamp), max(timestamp) FROM all_trades GROUP BY ALL"',
      )
    }
    return new Range(filter, symbolDays)
  }

  private constructor(filter: TickFilter, symbolDays: readonly SymbolDay[]) {
    this.#filter = filter
    this.#symbolDays = symbolDays
    this.ticks = symbolDays.reduce((sum, { ticks }) => sum + ticks, 0)
    this.firstNanos = sorted(symbolDays.map(({ first }) => first)).at(0)!
    this.lastNanos = sorted(symbolDays.map(({ last }) => last)).at(-1)!
    this.symbols = [...new Set(symbolDays.map(({ symbol }) => symbol))]
  }

  /** Throws `usage` for ticks of two venues: a venue's own feed does not name the venue. */
  requireOneVenue(): void {
    const venues = [...new Set(this.#symbolDays.map(({ venue }) => venue))]
    if (venues.length === 1) return
    throw new TickhouseError(
      'usage',
      `a venue's own format cannot distinguish ticks of ${venues.join(' and ')}`,
      'Choose one with --venue, or replay all with --as live.',
    )
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

  /**
   * A SELECT of the ticks of a time range (end exclusive) in the table's sort order, the cheapest for the engine;
   * `TimeOrder` merges them. It names only days with ticks, so that no other part or file is opened.
   */
  select(fromNanos: bigint, untilNanos: bigint, rowsMax: number): string {
    return this.#select(fromNanos, untilNanos, 'symbol, venue, timestamp, trade_id', rowsMax)
  }

  /** The same for the first `rowsMax` ticks by time. */
  selectFirst(fromNanos: bigint, untilNanos: bigint, rowsMax: number): string {
    return this.#select(fromNanos, untilNanos, 'timestamp, trade_id, venue, symbol', rowsMax)
  }

  #select(fromNanos: bigint, untilNanos: bigint, order: string, rowsMax: number): string {
    const { venue, symbols } = this.#filter
    const days = new Set(
      this.#symbolDays.filter(({ first, last }) => first < untilNanos && last >= fromNanos).map(({ day }) => day),
    )
    return `SELECT venue, symbol, timestamp, received_at, price, volume, side, trade_id, origin, first_id, last_id FROM ${TABLE}
      WHERE log_day IN (${[...days].map(stringLiteral).join(', ')}) AND ${conditionOf({ venue, symbols, fromNanos, untilNanos })}
      ORDER BY ${order}, log_partition, log_offset, log_index LIMIT ${rowsMax}`
  }
}

function sorted(nanos: readonly bigint[]): bigint[] {
  return nanos.toSorted((a, b) => Number(a - b))
}

function conditionOf({ venue, symbols, fromNanos, untilNanos }: TickFilter): string {
  const conditions: string[] = []
  if (symbols.length > 0) conditions.push(`symbol IN (${symbols.map(stringLiteral).join(', ')})`)
  if (venue !== undefined) conditions.push(`venue = ${stringLiteral(venue)}`)
  if (fromNanos !== undefined) conditions.push(`timestamp >= ${timestampLiteral(fromNanos)}`)
  if (untilNanos !== undefined) conditions.push(`timestamp < ${timestampLiteral(untilNanos)}`)
  return conditions.join(' AND ') || '1'
}

function timestampLiteral(nanos: bigint): string {
  return `fromUnixTimestamp64Nano(toInt64(${nanos}), 'UTC')`
}

function stringLiteral(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}
