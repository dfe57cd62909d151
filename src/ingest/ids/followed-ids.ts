/** The interface of following a symbol's trade ids, implemented by symbol-ids.ts and unique-ids.ts. */
import type { TradeColumns } from '../../tick/trades.ts'
import type { Gap, StatedIds } from '../gaps/gap.ts'
import type { RefusedId, RunContext, SeenRun } from './continuity.ts'
import type { ComparedTrade, Match } from './recent-trades.ts'

/** The id run that a trade is stored in, or why it is not stored. */
export type RunOrRefusal = number
export const REPEAT = -1
export const CONFLICT = -2

/** Follows the ids of one symbol, rows in order of arrival. `match` compares a trade with the known trade of its id. */
export interface FollowedIds {
  /** Adds a trade that is the next of its run. False, and no change, if it needs `assignRun`. */
  follow(trades: TradeColumns, row: number): boolean
  /** Whether a trade in memory is this one, with equal values: `assignRun` would refuse it as a repeat. Changes nothing. */
  repeats(trades: TradeColumns, row: number): boolean
  /** The run of the trades that `follow` adds. */
  readonly run: number
  /** Makes room for the trades since this id, whose repeats come late. */
  expectRepeats(id: bigint): void
  /** Takes a trade that was followed back into memory, where there is room. Call with the last ones first. */
  recall(trades: TradeColumns, row: number): void
  /** Whether only a lookup in the tables shows if this trade is stored. */
  needsLookup(trades: TradeColumns, row: number): boolean
  /** Compares with the trades in memory that have the id of this row. */
  match(trades: TradeColumns, row: number): Match
  knownTrades(trades: TradeColumns, row: number): ComparedTrade[]
  assignRun(trades: TradeColumns, row: number, match: Match): RunOrRefusal
  readonly openGaps: readonly Gap[]
  /** Opens a gap for ids that the venue announced and never sent. */
  announce(first: number, last: number): void
  /** Notes why ids of a run stay missing. */
  explain(run: number, ids: StatedIds): void
  /** Adds the id of a trade refused for its values: it is not missing. Undefined if it fits no run. */
  refuse(trades: TradeColumns, row: number, timeIsGood: boolean): RunOrRefusal | undefined
}

/** The stored ids of a symbol. */
export interface KnownIds {
  runs: readonly SeenRun[]
  /** Open gaps, including those of runs without a stored trade. */
  gaps: readonly Gap[]
  refused: readonly RefusedId[]
  /** The venue's time of the latest trade whose id is no counter, µs since 1970 UTC; undefined if there is none. */
  uniqueNewestMicros: number | undefined
}

export const NOTHING_KNOWN: KnownIds = { runs: [], gaps: [], refused: [], uniqueNewestMicros: undefined }

/** A trade that begins a run other than the symbol's first; `last` is the last id of the run before. */
export interface IdRestart {
  venue: string
  symbol: string
  run: number
  id: number
  last: number
}

export interface SymbolContext extends RunContext {
  restarted: (restart: IdRestart) => void
  /** Trades of an earlier time may have left the tables, µs since 1970 UTC; undefined where none have. */
  goneBeforeMicros?: number
}
