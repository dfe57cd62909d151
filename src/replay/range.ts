/** What is to be replayed: which ticks, and what the store or the archive holds of them. */
import { TickhouseError } from '../errors.ts'

/** Asks the store a statement that reads; the answer's bytes in a format of ClickHouse. Throws TickhouseErrors. */
export type Ask = (query: string, format: string) => Promise<Uint8Array>

/** Times are those of the venue, ns since 1970 UTC. What is left out is not limited. */
export interface Wanted {
  venue?: string | undefined
  symbols: readonly string[]
  fromNanos?: bigint | undefined
  /** Not included. */
  untilNanos?: bigint | undefined
}

/** The ticks of one symbol that were logged on one day. */
interface Assignment {
  day: string
  venue: string
  symbol: string
  ticks: number
  first: bigint
  last: bigint
}

/** The table that spans what is hot and what is archived. */
const TABLE = 'all_trades'

/** The ticks that a replay sends. */
export class Range {
  readonly ticks: number
  /** Time of the first and the last tick. */
  readonly firstNanos: bigint
  readonly lastNanos: bigint
  readonly symbols: readonly string[]
  readonly #wanted: Wanted
  readonly #holdings: readonly Assignment[]

  /** Looks what there is. Throws `usage` if there is nothing, or what was asked for is ambiguous. */
  static async find(ask: Ask, wanted: Wanted): Promise<Range> {
    const answer = await ask(
      `SELECT toString(log_day) AS day, venue, symbol, toString(count()) AS ticks,
         toString(toUnixTimestamp64Nano(min(timestamp))) AS first, toString(toUnixTimestamp64Nano(max(timestamp))) AS last
       FROM ${TABLE} WHERE ${conditionOf(wanted)} GROUP BY log_day, venue, symbol ORDER BY log_day, venue, symbol`,
      'JSONEachRow',
    )
    const rows = new TextDecoder().decode(answer).split('\n').filter(Boolean)
    const holdings = rows.map(row => {
      const { day, venue, symbol, ticks, first, last } = JSON.parse(row) as Record<keyof Assignment, string>
      return { day, venue, symbol, ticks: Number(ticks), first: BigInt(first), last: BigInt(last) }
    })
    const found = new Set(holdings.map(({ symbol }) => symbol))
    const missing = wanted.symbols.filter(symbol => !found.has(symbol))
    if (holdings.length === 0 || missing.length > 0) {
      throw new TickhouseError(
        'usage',
        `no ticks${missing.length > 0 ? ` of ${missing.join(', ')}` : ''} are stored in what was asked for`,
        'See what there is: tickhouse query "SELECT venue, symbol, min(timestamp), max(timestamp) FROM all_trades GROUP BY ALL"',
      )
    }
    return new Range(wanted, holdings)
  }

  private constructor(wanted: Wanted, holdings: readonly Assignment[]) {
    this.#wanted = wanted
    this.#holdings = holdings
    this.ticks = holdings.reduce((sum, { ticks }) => sum + ticks, 0)
    this.firstNanos = sorted(holdings.map(({ first }) => first)).at(0)!
    this.lastNanos = sorted(holdings.map(({ last }) => last)).at(-1)!
    this.symbols = [...new Set(holdings.map(({ symbol }) => symbol))]
  }

  /** A venue's feed names no venue: throws `usage` where one symbol would be of two. */
  requireOneVenue(): void {
    const venues = [...new Set(this.#holdings.map(({ venue }) => venue))]
    if (venues.length === 1) return
    throw new TickhouseError(
      'usage',
      `ticks of ${venues.join(' and ')} cannot be told apart in a venue's own format`,
      'Choose one with --venue, or replay them with --as live.',
    )
  }

  /** Where the first tick at or after a moment may be; undefined if there is none. */
  next(fromNanos: bigint): bigint | undefined {
    let next: bigint | undefined
    for (const { first, last } of this.#holdings) {
      if (last < fromNanos) continue
      const here = first > fromNanos ? first : fromNanos
      if (next === undefined || here < next) next = here
    }
    return next
  }

  /** How long so many ticks take on average, ns. */
  spanOf(ticks: number): bigint {
    return ((this.lastNanos - this.firstNanos + 1n) * BigInt(ticks)) / BigInt(this.ticks) + 1n
  }

  /**
   * A SELECT of the ticks from one moment to another (not included) in the table's order, which costs the engine the least;
   * `TimeOrder` merges them. Only days that hold any are named, so that nothing else is opened.
   */
  select(fromNanos: bigint, untilNanos: bigint, rowsMax: number): string {
    return this.#select(fromNanos, untilNanos, 'symbol, venue, timestamp, trade_id', rowsMax)
  }

  /** The same, of the first ticks by time. */
  selectFirst(fromNanos: bigint, untilNanos: bigint, rowsMax: number): string {
    return this.#select(fromNanos, untilNanos, 'timestamp, trade_id, venue, symbol', rowsMax)
  }

  #select(fromNanos: bigint, untilNanos: bigint, order: string, rowsMax: number): string {
    const { venue, symbols } = this.#wanted
    const days = new Set(
      this.#holdings.filter(({ first, last }) => first < untilNanos && last >= fromNanos).map(({ day }) => day),
    )
    return `SELECT venue, symbol, timestamp, received_at, price, volume, side, trade_id, origin FROM ${TABLE}
      WHERE log_day IN (${[...days].map(quoted).join(', ')}) AND ${conditionOf({ venue, symbols, fromNanos, untilNanos })}
      ORDER BY ${order}, log_partition, log_offset, log_index LIMIT ${rowsMax}`
  }
}

function sorted(nanos: readonly bigint[]): bigint[] {
  return nanos.toSorted((a, b) => Number(a - b))
}

function conditionOf({ venue, symbols, fromNanos, untilNanos }: Wanted): string {
  const conditions: string[] = []
  if (symbols.length > 0) conditions.push(`symbol IN (${symbols.map(quoted).join(', ')})`)
  if (venue !== undefined) conditions.push(`venue = ${quoted(venue)}`)
  if (fromNanos !== undefined) conditions.push(`timestamp >= ${moment(fromNanos)}`)
  if (untilNanos !== undefined) conditions.push(`timestamp < ${moment(untilNanos)}`)
  return conditions.join(' AND ') || '1'
}

function moment(nanos: bigint): string {
  return `fromUnixTimestamp64Nano(toInt64(${nanos}), 'UTC')`
}

function quoted(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}
