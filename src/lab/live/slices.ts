/** The ticks of cuts, read from the tables or the archive and played in the order of a live run. */
import type { RunQuery } from '../../replay/range.ts'
import { STORED_QUOTES, STORED_TRADES, type StoredTicks } from '../../replay/stored-ticks.ts'
import { literal } from '../../store/sql.ts'
import type { QuoteColumns } from '../../tick/quotes/quotes.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import type { Engine } from '../engine/engine.ts'
import { type Instrument, nameOf } from '../market/instrument.ts'
import { rowsOf } from '../stored/rows-of.ts'
import type { Cut } from './cuts.ts'

/** Ticks that one query reads, about. */
const TICKS_MAX = 300_000

export class Slices {
  readonly #runQuery: RunQuery
  readonly #run: string
  readonly #where: string

  constructor(runQuery: RunQuery, run: string, instruments: readonly Instrument[]) {
    this.#runQuery = runQuery
    this.#run = run
    const names = instruments.map(each => `(${literal(each.venue)}, ${literal(each.symbol)})`)
    const symbols = [...new Set(instruments.map(({ symbol }) => literal(symbol)))]
    this.#where = `symbol IN (${symbols.join(', ')}) AND (venue, symbol) IN (${names.join(', ')})`
  }

  /** Plays cuts that follow each other; `after` is called after each. */
  async play(engine: Engine, cuts: readonly Cut[], after: (cut: Cut) => Promise<void>): Promise<void> {
    for (const some of await this.#inParts(cuts)) {
      const quotes = await this.#read(STORED_QUOTES, some)
      const trades = await this.#read(STORED_TRADES, some)
      let [quote, trade] = [0, 0]
      for (const cut of some) {
        const [quoteEnd, tradeEnd] = [quote + quotes.countOf(cut), trade + trades.countOf(cut)]
        engine.addTapeChanges(cut.changes)
        engine.addFunding(cut.funding)
        if (cut.killedMicros > 0) engine.killAt(cut.killedMicros)
        if (cut.stoppedMicros > 0) engine.stopAt(cut.stoppedMicros)
        playMerged(engine, quotes.ticks, quote, quoteEnd, trades.ticks, trade, tradeEnd)
        engine.advance(cut.advancedToMicros)
        quote = quoteEnd
        trade = tradeEnd
        await after(cut)
      }
    }
  }

  /** Cuts in groups of which each is read by one query. */
  async #inParts(cuts: readonly Cut[]): Promise<Cut[][]> {
    if (cuts.length === 1) return [[...cuts]]
    const counts = new Map<number, number>()
    for (const stored of [STORED_QUOTES, STORED_TRADES])
      for (const [number, count] of await this.#counts(stored, cuts))
        counts.set(number, (counts.get(number) ?? 0) + count)
    const parts: Cut[][] = [[]]
    let ticks = 0
    for (const cut of cuts) {
      const own = counts.get(cut.number) ?? 0
      if (ticks > 0 && ticks + own > TICKS_MAX) {
        parts.push([])
        ticks = 0
      }
      parts.at(-1)!.push(cut)
      ticks += own
    }
    return parts
  }

  async #read<C extends TradeColumns | QuoteColumns>(stored: StoredTicks<C>, cuts: readonly Cut[]) {
    const joined = this.#joined(stored.table, cuts)
    if (!joined) return { ticks: stored.columns(), countOf: () => 0 }
    const bytes = await this.#runQuery(
      `SELECT ${stored.select} FROM ${joined} ORDER BY c.number, received_at, log_partition, log_offset, log_index`,
      'Native',
    )
    const ticks = stored.read(bytes, stored.columns(), stored.columns())
    if (cuts.length === 1) return { ticks, countOf: () => ticks.length }
    const counts = await this.#counts(stored, cuts)
    return { ticks, countOf: ({ number }: Cut) => counts.get(number) ?? 0 }
  }

  async #counts({ table }: Pick<StoredTicks, 'table'>, cuts: readonly Cut[]): Promise<Map<number, number>> {
    const joined = this.#joined(table, cuts)
    if (!joined) return new Map()
    const rows = await rowsOf<{ number: string; count: string }>(
      this.#runQuery,
      `SELECT toString(c.number) AS number, toString(count()) AS count FROM ${joined} GROUP BY c.number`,
    )
    return new Map(rows.map(({ number, count }) => [Number(number), Number(count)]))
  }

  /** The ticks of a table, each with its cut `c`; undefined where no record is in these cuts. */
  #joined(table: string, cuts: readonly Cut[]): string | undefined {
    const spans = new Map<number, [from: number, until: number]>()
    for (const { ranges } of cuts)
      for (const [partition, [from, until]] of ranges) {
        const span = spans.get(partition)
        if (span) span[1] = until
        else spans.set(partition, [from, until])
      }
    const within = [...spans]
      .filter(([, [from, until]]) => until > from)
      .map(
        ([partition, [from, until]]) =>
          `(log_partition = ${partition} AND log_offset >= ${from} AND log_offset < ${until})`,
      )
    if (within.length === 0) return undefined
    const [first, last] = [cuts[0]!.number, cuts.at(-1)!.number]
    return `(SELECT * FROM ${table} WHERE (${within.join(' OR ')}) AND ${this.#where}) AS t
      ASOF JOIN (SELECT partition, from_offset, number FROM lab_cuts WHERE run = ${literal(this.#run)}
        AND number BETWEEN ${first} AND ${last} AND until_offset > from_offset) AS c
      ON t.log_partition = c.partition AND t.log_offset >= c.from_offset`
  }
}

/** Quotes before trades of one time. Both are in order. */
function playMerged(
  engine: Engine,
  quotes: QuoteColumns,
  firstQuote: number,
  quoteEnd: number,
  trades: TradeColumns,
  firstTrade: number,
  tradeEnd: number,
): void {
  let [quote, trade] = [firstQuote, firstTrade]
  while (quote < quoteEnd || trade < tradeEnd) {
    const from = quote
    while (quote < quoteEnd && (trade === tradeEnd || quotes.receivedAt[quote]! <= trades.receivedAt[trade]!)) quote++
    if (quote > from) engine.playQuotes(quotes, from, quote)
    const since = trade
    while (trade < tradeEnd && (quote === quoteEnd || trades.receivedAt[trade]! < quotes.receivedAt[quote]!)) trade++
    if (trade > since) engine.playTrades(trades, since, trade)
  }
}

/** The names of instruments that had quotes in the last day. */
export async function quotedLately(runQuery: RunQuery, instruments: readonly Instrument[]): Promise<string[]> {
  const names = instruments.map(each => literal(nameOf(each)))
  const rows = await rowsOf<{ name: string }>(
    runQuery,
    `SELECT DISTINCT concat(venue, ':', symbol) AS name FROM quotes
     WHERE name IN (${names.join(', ')}) AND log_day >= today() - 1 ORDER BY name`,
  )
  return rows.map(({ name }) => name)
}
