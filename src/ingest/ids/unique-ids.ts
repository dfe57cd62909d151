/**
 * Detects repeats among the trades of one symbol whose ids are unique but not dense, in bounded memory: a trade later than all before is
 * new, one of the last ones is compared in memory, an earlier one is looked up in the tables. Pure.
 */
import { readMicros } from '../../tick/time.ts'
import type { TradeColumns } from '../../tick/trades.ts'
import { CONFLICT, type FollowedIds, REPEAT, type RunOrRefusal, type SymbolContext } from './followed-ids.ts'
import { type ComparedTrade, MATCH, type Match, RecentTrades } from './recent-trades.ts'

const RECENT_MAX = 2_048
/** The run of a trade whose id another trade had before. */
const USED_AGAIN = 1

export class UniqueIds implements FollowedIds {
  readonly run = 0
  readonly openGaps = []
  readonly #context: SymbolContext
  readonly #recent = new RecentTrades(RECENT_MAX)
  readonly #storedMicros: number
  #newestMicros: number

  /** `newestMicros` is the time of the latest trade in the tables, µs since 1970 UTC. */
  constructor(context: SymbolContext, newestMicros = Number.NEGATIVE_INFINITY) {
    this.#context = context
    this.#storedMicros = Math.max(newestMicros, context.goneBeforeMicros ?? Number.NEGATIVE_INFINITY)
    this.#newestMicros = this.#storedMicros
  }

  follow(trades: TradeColumns, row: number): boolean {
    const micros = readMicros(trades.timestampWords, row)
    if (micros <= this.#newestMicros) return false
    this.#newestMicros = micros
    this.#recent.add(trades, row)
    return true
  }

  needsLookup(trades: TradeColumns, row: number): boolean {
    const micros = readMicros(trades.timestampWords, row)
    if (micros > Math.max(this.#storedMicros, this.#recent.leftMicros)) return false
    return this.match(trades, row) < MATCH.conflict
  }

  repeats(trades: TradeColumns, row: number): boolean {
    return this.#recent.has(trades, row)
  }

  match(trades: TradeColumns, row: number): Match {
    return this.#recent.match(trades, row)
  }

  knownTrades(trades: TradeColumns, row: number): ComparedTrade[] {
    return this.#recent.knownTrades(trades, row)
  }

  assignRun(trades: TradeColumns, row: number, match: Match): RunOrRefusal {
    if (match === MATCH.same) return REPEAT
    if (match === MATCH.conflict) return CONFLICT
    const micros = readMicros(trades.timestampWords, row)
    if (micros > this.#newestMicros) this.#newestMicros = micros
    this.#recent.add(trades, row)
    if (match === MATCH.none) return 0
    const { venue, symbol, restarted } = this.#context
    const id = Number(trades.tradeId[row]!)
    restarted({ venue, symbol, run: USED_AGAIN, id, last: id })
    return USED_AGAIN
  }

  /** A lookup shows repeats that are later than the trades in memory. */
  expectRepeats(): void {}

  recall(): void {}

  /** Ids that are not counters have no gaps. */
  announce(): void {}

  explain(): void {}

  refuse(): undefined {}
}
