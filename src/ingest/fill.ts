/** Takes a log record into a batch: decoded, each tick judged, ids followed. No input or output. */
import type { LogEntry } from '../log/log.ts'
import type { TradeColumns } from '../tick/trades.ts'
import type { Batch } from './batch.ts'
import type { SymbolIds } from './continuity.ts'
import { decode } from './decode.ts'
import { refusedTick } from './refused-tick.ts'
import { codeOf, type Verdicts, validate } from './validate.ts'

/** What ingest knows of the venues: all it accepts, and those that number a symbol's trades one by one. */
export interface KnownVenues {
  all: ReadonlySet<string>
  consecutive: ReadonlySet<string>
}

/** Finds the followed ids of a symbol, as left by the last trade of it. */
export type IdsOf = (venue: string, symbol: string) => SymbolIds

const WORD = 2 ** 32
/** Ids from 2^53 up are no counters; they are stored, not followed. */
const COUNTER_HIGH_WORD_MAX = 2 ** 21
const DUPLICATE = codeOf('duplicate_id')

export function fill(batch: Batch, entry: LogEntry, venues: KnownVenues, idsOf: IdsOf, nowMs: number): void {
  const { trades, indexes, refused } = decode(entry, batch.scratch)
  const verdicts: Verdicts = new Uint8Array(trades.length)
  let marked = validate(trades, venues.all, verdicts)
  marked += followIds(trades, verdicts, venues, idsOf)
  batch.begin(entry, nowMs)
  for (const tick of refused) batch.addRefused(entry.offset, tick)
  if (marked === 0) {
    if (trades.length > 0) batch.addTrades(entry.offset, trades, 0, trades.length, indexes)
    return
  }
  let start = 0
  for (let row = 0; row <= trades.length; row++) {
    if (row < trades.length && verdicts[row] === 0) continue
    if (row > start) batch.addTrades(entry.offset, trades, start, row, indexes)
    if (row < trades.length)
      batch.addRefused(entry.offset, refusedTick(trades, row, indexes?.[row] ?? row, verdicts[row]!))
    start = row + 1
  }
}

/** Marks repeats among the rows that are good so far. Returns how many. */
function followIds(trades: TradeColumns, verdicts: Verdicts, venues: KnownVenues, idsOf: IdsOf): number {
  const followed = trades.venues.words.map(word => venues.consecutive.has(word))
  if (!followed.includes(true)) return 0
  // By symbol, for the venue of the row before: a record holds one venue as a rule, whatever a hostile one holds.
  let ids: (SymbolIds | undefined)[] = []
  let idsVenue = -1
  let marked = 0
  for (let row = 0; row < trades.length; row++) {
    const venue = trades.venue[row]!
    if (verdicts[row] !== 0 || !followed[venue]) continue
    const high = trades.tradeIdWords[2 * row + 1]!
    if (high >= COUNTER_HIGH_WORD_MAX) continue
    if (venue !== idsVenue) {
      ids = []
      idsVenue = venue
    }
    const symbol = trades.symbol[row]!
    ids[symbol] ??= idsOf(trades.venues.words[venue]!, trades.symbols.words[symbol]!)
    if (ids[symbol].follow(high * WORD + trades.tradeIdWords[2 * row]!) === 'repeat') {
      verdicts[row] = DUPLICATE
      marked++
    }
  }
  return marked
}
