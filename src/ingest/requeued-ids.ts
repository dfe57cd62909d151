/** Which trade ids are in the table already, and what gaps those open that are not: for ticks that leave quarantine. */
import type { Store } from '../store/store.ts'
import type { TradeColumns } from '../tick/trades.ts'
import { type Gap, SymbolIds } from './continuity.ts'
import type { KnownVenues } from './fill.ts'

/** Ids of one question: its parameters stand in the statement. */
const IDS_PER_QUESTION = 5_000

interface Known {
  /** The range stored, and the log partitions it lies in; none if nothing of the symbol is stored. */
  seen: { first: number; last: number; partitions: number[] } | undefined
  ids: Set<number>
}

/** What becomes of a tick by its id: `new`, `repeat`, or `apart`: from another log partition, and not among those known to be missing. */
export type IdVerdict = 'new' | 'repeat' | 'apart'

export class RequeuedIds {
  readonly #store: Store
  readonly #venues: KnownVenues
  readonly #known = new Map<string, Known>()

  constructor(store: Store, venues: KnownVenues) {
    this.#store = store
    this.#venues = venues
  }

  /** Asks the table about the ids of these trades. */
  async learn(batches: readonly TradeColumns[]): Promise<void> {
    const asked = new Map<string, Set<number>>()
    for (const trades of batches) {
      for (let at = 0; at < trades.length; at++) {
        const id = this.#counter(trades, at)
        if (id === undefined) continue
        const key = keyOf(trades, at)
        asked.set(key, (asked.get(key) ?? new Set()).add(id))
      }
    }
    for (const [key, ids] of asked) {
      const [venue, symbol] = JSON.parse(key) as [string, string]
      this.#known.set(key, await this.#ask(venue, symbol, [...ids]))
    }
  }

  /**
   * Judges a trade's id and takes it as seen if it is new. `partition` is that of a trade which may not lie in its symbol's own:
   * a venue's frame.
   */
  take(trades: TradeColumns, at: number, partition?: number): IdVerdict {
    const id = this.#counter(trades, at)
    if (id === undefined) return 'new'
    const { ids, seen } = this.#known.get(keyOf(trades, at))!
    if (ids.has(id)) return 'repeat'
    const home = seen?.partitions ?? []
    if (partition !== undefined && (home.length !== 1 || home[0] !== partition)) {
      // The symbol's own partition follows its ids and looks for gaps in the whole table, but only between those it has.
      if (!seen || id <= seen.first || id >= seen.last) return 'apart'
    }
    ids.add(id)
    return 'new'
  }

  /** The gaps that open when these trades are stored beyond the ids of their symbols. */
  gapsOpenedBy(trades: TradeColumns, nowMicros: () => number): Gap[] {
    const beyond = new Map<string, number[]>()
    for (let at = 0; at < trades.length; at++) {
      const id = this.#counter(trades, at)
      if (id === undefined) continue
      const key = keyOf(trades, at)
      beyond.set(key, [...(beyond.get(key) ?? []), id])
    }
    const opened: Gap[] = []
    for (const [key, ids] of beyond) {
      const known = this.#known.get(key)!
      const { first, last } = known.seen ?? { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }
      const [venue, symbol] = JSON.parse(key) as [string, string]
      const follow = new SymbolIds(venue, symbol, known.seen, [], gap => opened.push(gap), nowMicros)
      const rising = ids.sort((a, b) => a - b)
      for (const id of rising.filter(id => id > last)) follow.follow(id)
      for (const id of rising.filter(id => id < first).reverse()) if (known.seen) follow.follow(id)
    }
    return opened
  }

  /** The id of a trade whose venue numbers them one by one; undefined for any other. */
  #counter(trades: TradeColumns, at: number): number | undefined {
    if (!this.#venues.consecutive.has(trades.venues.words[trades.venue[at]!]!)) return undefined
    const id = trades.tradeId[at]!
    return id <= Number.MAX_SAFE_INTEGER ? Number(id) : undefined
  }

  async #ask(venue: string, symbol: string, ids: number[]): Promise<Known> {
    const [range] = await this.#store.rows<{ first: string; last: string; partitions: number[] }>(
      `SELECT min(trade_id) AS first, max(trade_id) AS last, groupUniqArray(log_partition) AS partitions FROM trades
       WHERE venue = {venue:String} AND symbol = {symbol:String} AND trade_id <= ${Number.MAX_SAFE_INTEGER} HAVING count() > 0`,
      { venue, symbol },
    )
    const present = new Set<number>()
    for (let start = 0; start < ids.length; start += IDS_PER_QUESTION) {
      const rows = await this.#store.rows<{ id: string }>(
        `SELECT DISTINCT trade_id AS id FROM trades
         WHERE venue = {venue:String} AND symbol = {symbol:String} AND trade_id IN {ids:Array(UInt64)}`,
        { venue, symbol, ids: ids.slice(start, start + IDS_PER_QUESTION) },
      )
      for (const { id } of rows) present.add(Number(id))
    }
    const seen = range && { ...range, first: Number(range.first), last: Number(range.last) }
    return { seen, ids: present }
  }
}

const keyOf = (trades: TradeColumns, at: number): string =>
  JSON.stringify([trades.venues.words[trades.venue[at]!], trades.symbols.words[trades.symbol[at]!]])
