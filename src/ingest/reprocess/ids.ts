/** Ids of ticks that leave quarantine: which trades are stored already, and the gaps that the others open. */

import type { Store } from '../../store/store.ts'
import { idsAreDense } from '../../tick/id-kind.ts'
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import { symbolKey } from '../checkpoint.ts'
import type { Gap } from '../gaps/gap.ts'
import { type FollowedIds, type KnownIds, REPEAT, type RunOrRefusal, type SymbolContext } from '../ids/followed-ids.ts'
import { loadSymbol } from '../ids/known-ids.ts'
import { type ComparedTrade, comparedTradeOf, MATCH, type Match, matchOf } from '../ids/recent-trades.ts'
import { storedTrades } from '../ids/stored-trades.ts'
import { SymbolIds } from '../ids/symbol-ids.ts'
import { UniqueIds } from '../ids/unique-ids.ts'
import { type IdLookup, isFollowed, type KnownVenues, NOTHING_STORED } from '../validated-record.ts'
import type { Candidate } from './revalidate.ts'

interface Known {
  ids: FollowedIds
  /** Its ids in the tables, and their log partitions. */
  stored: KnownIds
  partitions: readonly number[]
}

export class ReprocessedIds {
  readonly #store: Store
  readonly #venues: KnownVenues
  readonly #partition: number
  readonly #nowMicros: () => number
  readonly #known = new Map<string, Known>()
  /** Trades accepted in this page, by symbol and id. */
  readonly #taken = new Map<string, ComparedTrade[]>()
  readonly #gaps = new Set<Gap>()
  #stored = NOTHING_STORED

  constructor(store: Store, venues: KnownVenues, partition: number, nowMicros: () => number) {
    this.#store = store
    this.#venues = venues
    this.#partition = partition
    this.#nowMicros = nowMicros
  }

  /** Loads these trades and the id state of their symbols from the tables. */
  async learn(candidates: readonly Candidate[]): Promise<void> {
    const lookups: IdLookup[] = []
    for (const trades of candidates.filter(({ kind }) => kind.ids).map(tradesOf))
      for (let at = 0; at < trades.length; at++) {
        const name = nameOf(trades, at)
        if (!isFollowed(this.#venues, name.venue)) continue
        lookups.push({ ...name, id: trades.tradeId[at]!, micros: readMicros(trades.timestampWords, at) })
      }
    if (lookups.length === 0) return
    this.#stored = await storedTrades(this.#store, this.#partition, lookups)
    for (const [key, [first]] of Map.groupBy(lookups, symbolKey)) this.#known.set(key, await this.#ask(first!))
  }

  /**
   * The id run of a trade, which is then known; REPEAT or CONFLICT if it is stored; `apart` if it is of another log partition than its symbol
   * and not between the ids stored there. `partition` is set for a venue's frame, which may be in another partition than its symbol.
   */
  take(candidate: Candidate, at: number, partition?: number): RunOrRefusal | 'apart' {
    if (!candidate.kind.ids) return 0
    const trades = tradesOf(candidate)
    const { venue, symbol } = nameOf(trades, at)
    const known = this.#known.get(symbolKey({ venue, symbol }))
    if (!known) return 0
    const id = trades.tradeId[at]!
    const stored = this.#stored.of(venue, symbol, id, readMicros(trades.timestampWords, at))
    if (stored === 'gone') return REPEAT
    const takenKey = `${symbolKey({ venue, symbol })} ${id}`
    const taken = this.#taken.get(takenKey) ?? []
    const trade = comparedTradeOf(trades, at)
    const match = [...stored, ...taken].reduce(
      (best: number, one) => Math.max(best, matchOf(one, trade)),
      MATCH.none,
    ) as Match
    const { partitions, stored: before, ids } = known
    const atHome = partitions.length === 1 && partitions[0] === partition
    // The symbol's partition looks for gaps in the whole table, but only between its own first and last id.
    const between = before.runs.some(run => id > run.first && id < run.last)
    if (partition !== undefined && !atHome && !between) return 'apart'
    const assigned = ids.assignRun(trades, at, match)
    if (assigned >= 0) this.#taken.set(takenKey, [...taken, trade])
    return assigned
  }

  /** The gaps that open when the accepted trades are stored. */
  get gapsOpened(): Gap[] {
    return [...this.#gaps].filter(gap => !gap.recorded)
  }

  async #ask({ venue, symbol }: IdLookup): Promise<Known> {
    const stored = await loadSymbol(this.#store, this.#venues, venue, symbol)
    const context: SymbolContext = {
      ...{ venue, symbol, nowMicros: this.#nowMicros },
      changed: gap => this.#gaps.add(gap),
      restarted: () => {},
    }
    const ids = idsAreDense(this.#venues.get(venue))
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

/** The ticks of a kind whose ids are followed: all such kinds are trades. */
const tradesOf = ({ columns }: Candidate): TradeColumns => columns as TradeColumns

const nameOf = (trades: TradeColumns, at: number) => ({
  venue: trades.venues.words[trades.venue[at]!]!,
  symbol: trades.symbols.words[trades.symbol[at]!]!,
})
