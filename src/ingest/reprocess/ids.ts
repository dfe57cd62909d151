/** What the ids of ticks that leave quarantine say: which trades are in the table already, and what gaps those open that are not. */
import type { Store } from '../../store/store.ts'
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import { isFollowed, type KnownVenues, NOTHING_STORED, type Question } from '../append-record.ts'
import { symbolKey } from '../checkpoint.ts'
import type { Gap } from '../ids/continuity.ts'
import { type FollowedIds, type KnownIds, type Placed, REPEAT, type SymbolContext } from '../ids/followed-ids.ts'
import { loadSymbol } from '../ids/known-ids.ts'
import { MATCH, type Match, matchOf, type Statement, statementOf } from '../ids/recent-trades.ts'
import { storedTrades } from '../ids/stored-trades.ts'
import { SymbolIds } from '../ids/symbol-ids.ts'
import { UniqueIds } from '../ids/unique-ids.ts'

interface Known {
  ids: FollowedIds
  /** What the tables hold of its ids, and in which log partitions. */
  stored: KnownIds
  partitions: readonly number[]
}

export class ReprocessedIds {
  readonly #store: Store
  readonly #venues: KnownVenues
  readonly #partition: number
  readonly #nowMicros: () => number
  readonly #known = new Map<string, Known>()
  /** What was taken here, by symbol and id. */
  readonly #taken = new Map<string, Statement[]>()
  readonly #gaps = new Set<Gap>()
  #stored = NOTHING_STORED

  constructor(store: Store, venues: KnownVenues, partition: number, nowMicros: () => number) {
    this.#store = store
    this.#venues = venues
    this.#partition = partition
    this.#nowMicros = nowMicros
  }

  /** Asks the tables about these trades and their symbols. */
  async learn(batches: readonly TradeColumns[]): Promise<void> {
    const questions: Question[] = []
    for (const trades of batches)
      for (let at = 0; at < trades.length; at++) {
        const name = nameOf(trades, at)
        if (!isFollowed(this.#venues, name.venue)) continue
        questions.push({ ...name, id: trades.tradeId[at]!, micros: readMicros(trades.timestampWords, at) })
      }
    if (questions.length === 0) return
    this.#stored = await storedTrades(this.#store, this.#partition, questions)
    for (const [key, [first]] of Map.groupBy(questions, symbolKey)) this.#known.set(key, await this.#ask(first!))
  }

  /**
   * Places a trade by its id and takes it as seen if it is new; `apart`: it is from another log partition than its symbol, and not between
   * the ids stored there. `partition` is that of a trade which may not lie in its symbol's own: a venue's frame.
   */
  take(trades: TradeColumns, at: number, partition?: number): Placed | 'apart' {
    const { venue, symbol } = nameOf(trades, at)
    const known = this.#known.get(symbolKey({ venue, symbol }))
    if (!known) return 0
    const id = trades.tradeId[at]!
    const stored = this.#stored.of(venue, symbol, id, readMicros(trades.timestampWords, at))
    if (stored === 'gone') return REPEAT
    const takenKey = `${symbolKey({ venue, symbol })} ${id}`
    const taken = this.#taken.get(takenKey) ?? []
    const trade = statementOf(trades, at)
    const match = [...stored, ...taken].reduce(
      (best: number, one) => Math.max(best, matchOf(one, trade)),
      MATCH.none,
    ) as Match
    const { partitions, stored: before, ids } = known
    const atHome = partitions.length === 1 && partitions[0] === partition
    // The symbol's own partition follows its ids and looks for gaps in the whole table, but only between those it has.
    const between = before.runs.some(run => id > run.first && id < run.last)
    if (partition !== undefined && !atHome && !between) return 'apart'
    const placed = ids.place(trades, at, match)
    if (placed >= 0) this.#taken.set(takenKey, [...taken, trade])
    return placed
  }

  /** The gaps that open when the trades taken are stored. */
  get gapsOpened(): Gap[] {
    return [...this.#gaps].filter(gap => !gap.recorded)
  }

  async #ask({ venue, symbol }: Question): Promise<Known> {
    const stored = await loadSymbol(this.#store, this.#venues, venue, symbol)
    const context: SymbolContext = {
      ...{ venue, symbol, nowMicros: this.#nowMicros },
      changed: gap => this.#gaps.add(gap),
      restarted: () => {},
    }
    const ids =
      this.#venues.get(venue) === 'dense'
        ? new SymbolIds(context, stored)
        : new UniqueIds(context, stored.uniqueNewestMicros)
    const [row] = await this.#store.rows<{ partitions: number[] }>(
      `SELECT groupUniqArray(log_partition) AS partitions FROM trades
       WHERE venue = {venue:String} AND symbol = {symbol:String}`,
      { venue, symbol },
    )
    return { ids, stored, partitions: row!.partitions }
  }
}

const nameOf = (trades: TradeColumns, at: number) => ({
  venue: trades.venues.words[trades.venue[at]!]!,
  symbol: trades.symbols.words[trades.symbol[at]!]!,
})
