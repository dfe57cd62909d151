/** What every way of following trade ids has in common: see symbol-ids.ts and unique-ids.ts. */
import type { TradeColumns } from '../../tick/trades.ts'
import type { Gap, RefusedId, RunContext, SeenRun } from './continuity.ts'
import type { Match, Statement } from './recent-trades.ts'

/** What becomes of a trade by its id: the run it is stored in, or why it is not. */
export type Placed = number
export const REPEAT = -1
export const CONFLICT = -2

/** Follows the ids of one symbol. Rows are given in the order of arrival; `match` is what is known of a trade with its id. */
export interface FollowedIds {
  /** Takes the next trade if nothing need be known but the ids before it. False if it is to be placed, and nothing is changed. */
  follow(trades: TradeColumns, row: number): boolean
  /** The run of the trades that `follow` takes. */
  readonly run: number
  /** May only the tables know whether this trade is stored? */
  asks(trades: TradeColumns, row: number): boolean
  /** What the trades in memory say of the id of this row. */
  match(trades: TradeColumns, row: number): Match
  statements(trades: TradeColumns, row: number): Statement[]
  place(trades: TradeColumns, row: number, match: Match): Placed
  readonly openGaps: readonly Gap[]
  /** Takes ids that the venue announced and whose trades never came: they are a gap. */
  announce(first: number, last: number): void
  /** Takes the id of a trade that was refused for what it says: it is not missing. Undefined if that cannot be said of it. */
  refuse(trades: TradeColumns, row: number, timeIsGood: boolean): Placed | undefined
}

/** What the tables know of a symbol. */
export interface KnownIds {
  runs: readonly SeenRun[]
  /** Open gaps, of runs that nothing is stored of too. */
  gaps: readonly Gap[]
  refused: readonly RefusedId[]
  /** The venue's time of the latest trade whose id is no counter, µs since 1970 UTC; undefined if there is none. */
  uniqueNewestMicros: number | undefined
}

export const NOTHING_KNOWN: KnownIds = { runs: [], gaps: [], refused: [], uniqueNewestMicros: undefined }

/** A trade with this id begins a run that is not the symbol's first; `last` is the last id of the run before. */
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
