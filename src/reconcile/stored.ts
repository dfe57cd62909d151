/** Stored trades of a symbol, in the tables or in the archive, as statements that any reader of the store may run. */
import { MS_PER_DAY } from '../clock.ts'
import { literal } from '../store/sql.ts'
import { readTradeBlocks } from '../tick/records.ts'
import { TradeColumns } from '../tick/trades.ts'

/** Runs a read-only statement; returns the result's bytes in a ClickHouse format. Throws TickhouseErrors. */
export type RunQuery = (query: string, format: string) => Promise<Uint8Array>

/** Runs a statement and returns its rows. Throws TickhouseErrors. */
export async function queryRows<T>(run: RunQuery, query: string): Promise<T[]> {
  const lines = new TextDecoder().decode(await run(query, 'JSONEachRow')).split('\n')
  return lines.filter(Boolean).map(line => JSON.parse(line) as T)
}

/** A symbol and a UTC day. */
export interface SymbolDay {
  venue: string
  symbol: string
  /** `YYYY-MM-DD`. */
  day: string
}

const HOUR_MICROS = 3_600_000_000
const dayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`)

/** Whether a text is a day of the calendar, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(dayMs(text) || 0).toISOString().startsWith(text)
}

const TABLE = 'all_trades'
/** As `readTradeBlocks` reads them. */
const COLUMNS =
  'venue, symbol, timestamp, received_at, price, volume, side, trade_id, origin, first_id, last_id, conditions'

export class StoredTrades {
  readonly of: SymbolDay
  readonly #run: RunQuery
  readonly #columns = new TradeColumns(0)
  readonly #block = new TradeColumns(0)

  constructor(run: RunQuery, of: SymbolDay) {
    this.#run = run
    this.of = of
  }

  /** Of a day: a condition on times, in µs since 1970 UTC; the end is exclusive. */
  static dayMicros(day: string): [from: number, until: number] {
    return [dayMs(day) * 1000, (dayMs(day) + MS_PER_DAY) * 1000]
  }

  /** Rows of a SELECT from this symbol's trades of times from `from` up to, not including, `until`, µs since 1970 UTC. */
  rows<T>(select: string, from: number, until: number, rest = ''): Promise<T[]> {
    return queryRows<T>(this.#run, `SELECT ${select} FROM ${this.#source(from, until)} ${rest}`)
  }

  /** The same of the day. */
  rowsOfDay<T>(select: string, rest = ''): Promise<T[]> {
    return this.rows(select, ...StoredTrades.dayMicros(this.of.day), rest)
  }

  /** The same of the day and an hour around it. */
  rowsAroundDay<T>(select: string, rest: string): Promise<T[]> {
    const [from, until] = StoredTrades.dayMicros(this.of.day)
    return this.rows(select, from - HOUR_MICROS, until + HOUR_MICROS, rest)
  }

  /** Stored ids from `first` to `last`, of one run or of all, each once, rising, of trades of the day and of an hour around it. */
  async idsBetween(first: number, last: number, run?: number): Promise<number[]> {
    const rows = await this.rowsAroundDay<{ id: string }>(
      'DISTINCT toString(trade_id) AS id, trade_id',
      `AND trade_id >= ${first} AND trade_id <= ${last}${run === undefined ? '' : ` AND id_run = ${run}`} ORDER BY trade_id`,
    )
    return rows.map(({ id }) => Number(id))
  }

  /** Trades of these times that satisfy a condition, by id. The columns are reused by the next call. */
  async trades(from: number, until: number, condition: string): Promise<TradeColumns> {
    const bytes = await this.#run(
      `SELECT ${COLUMNS} FROM ${this.#source(from, until)} AND ${condition} ORDER BY trade_id, timestamp`,
      'Native',
    )
    return readTradeBlocks(bytes, this.#columns, this.#block)
  }

  #source(from: number, until: number): string {
    const { venue, symbol } = this.of
    const time = (micros: number) => `fromUnixTimestamp64Micro(toInt64(${Math.floor(micros)}), 'UTC')`
    return `${TABLE} WHERE symbol = ${literal(symbol)} AND venue = ${literal(venue)} AND timestamp >= ${time(from)} AND timestamp < ${time(until)}`
  }
}
