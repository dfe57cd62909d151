/**
 * Takes a log record into a batch: decoded, each tick judged, ids followed. No input or output. In two steps, since what is known of a
 * trade's id may have to be asked of the tables: `validateRecord` goes as far as it can, `settle` does the rest.
 */
import type { LoggedRecord } from '../log/log.ts'
import type { IdKind } from '../tick/id-kind.ts'
import { readMicros } from '../tick/time.ts'
import type { TradeColumns } from '../tick/trades.ts'
import type { Batch } from './batch.ts'
import { type Decoded, decode, type Refused } from './decode.ts'
import { CONFLICT, type FollowedIds, type Placed, REPEAT } from './ids/followed-ids.ts'
import { type Match, matchOf, type Statement, statementOf } from './ids/recent-trades.ts'
import { refusedTick } from './refused-tick.ts'
import { codeOf, reasonOf, type Validity, validate } from './validate.ts'

/** The venues that ingest accepts, each with the kind of its trade ids. */
export type KnownVenues = ReadonlyMap<string, IdKind>

/** Finds the followed ids of a symbol, as left by the last trade of it. */
export type IdsOf = (venue: string, symbol: string) => FollowedIds

/** A trade that may be stored already. `micros` is its time, since 1970 UTC. */
export interface Question {
  venue: string
  symbol: string
  id: bigint
  micros: number
}

/** What the tables hold of the trades asked for. */
export interface StoredTrades {
  of(venue: string, symbol: string, id: bigint, micros: number): readonly Statement[] | 'gone'
}

export const NOTHING_STORED: StoredTrades = { of: () => [] }

/** A record on its way into a batch. */
export interface ValidatedRecord extends Decoded {
  entry: LoggedRecord
  judgements: Validity
  /** Rows with a verdict. */
  marked: number
  /** Rows below are followed. */
  row: number
  /** Where a row belongs to another run of its symbol's ids than the first: its number. */
  runs: Uint16Array | undefined
  /** Of rows that need not be asked for: what was in memory of their ids before the record. */
  remembered: Map<number, Statement[]>
  /** Of refused rows: what their ids are taken for. */
  details: Map<number, { detail?: string; run?: Placed | undefined }>
}

/** Ids that JSON ticks without one get, by their place in the log: nothing follows them. */
const OWN_ID_HIGH_WORD_MIN = 2 ** 31
const MICROS_PER_DAY = 86_400e6
/** For a person: why a trade is taken for one that came before. */
const GONE = 'of a time whose trades have left the store: it may be in the archive'
const DUPLICATE = codeOf('duplicate_id')
const CONFLICTING = codeOf('conflicting_id')

/** Decodes a record, judges its ticks, and follows ids until one has to be placed. `scratch` is lent until the record is in a batch. */
export function validateRecord(
  entry: LoggedRecord,
  venues: KnownVenues,
  idsOf: IdsOf,
  scratch?: TradeColumns,
): ValidatedRecord {
  const decoded = decode(entry, scratch)
  const { trades } = decoded
  const judgements: Validity = new Uint8Array(trades.length)
  const marked = validate(trades, venues, judgements)
  const judged: ValidatedRecord = {
    ...decoded,
    entry,
    judgements,
    marked,
    row: 0,
    runs: undefined,
    remembered: new Map(),
    details: new Map(),
  }
  follow(judged, venues, idsOf)
  for (const { venue, missed } of decoded.refused)
    if (missed && isFollowed(venues, venue)) idsOf(venue, missed.symbol).announce(missed.first, missed.last)
  return judged
}

/** Follows rows as long as nothing but the ids before them need be known. */
function follow(judged: ValidatedRecord, venues: KnownVenues, idsOf: IdsOf): void {
  const { trades, judgements, entry } = judged
  const followed = trades.venues.words.map(word => isFollowed(venues, word))
  if (!followed.includes(true)) {
    judged.row = trades.length
    return
  }
  const ownFrom = entry.format === 'json' ? OWN_ID_HIGH_WORD_MIN : Number.POSITIVE_INFINITY
  // By symbol, for the venue of the row before: a record holds one venue as a rule, whatever a hostile one holds.
  let ids: (FollowedIds | undefined)[] = []
  let idsVenue = -1
  let { row } = judged
  for (; row < trades.length; row++) {
    const venue = trades.venue[row]!
    if (!followed[venue] || trades.tradeIdWords[2 * row + 1]! >= ownFrom) continue
    if (judgements[row] !== 0) break
    if (venue !== idsVenue) {
      ids = []
      idsVenue = venue
    }
    const symbol = trades.symbol[row]!
    ids[symbol] ??= idsOf(trades.venues.words[venue]!, trades.symbols.words[symbol]!)
    if (!ids[symbol].follow(trades, row)) break
    if (ids[symbol].run !== 0) setRun(judged, row, ids[symbol].run)
  }
  judged.row = row
}

/** What has to be asked of the tables before the rest of the record can be followed. Empty for almost every record. */
export function questionsOf(judged: ValidatedRecord, venues: KnownVenues, idsOf: IdsOf): Question[] {
  const { trades, judgements } = judged
  const questions: Question[] = []
  for (let row = judged.row; row < trades.length; row++) {
    if (judgements[row] !== 0) continue
    const ids = followedBy(judged, row, venues, idsOf)
    if (!ids) continue
    if (!ids.asks(trades, row)) {
      const statements = ids.statements(trades, row)
      if (statements.length > 0) judged.remembered.set(row, statements)
      continue
    }
    const { venue, symbol } = namesOf(trades, row)
    questions.push({ venue, symbol, id: trades.tradeId[row]!, micros: readMicros(trades.timestampWords, row) })
  }
  return questions
}

/** Follows the ids of the rest of the record. */
export function settle(judged: ValidatedRecord, venues: KnownVenues, idsOf: IdsOf, stored: StoredTrades): void {
  const { trades, judgements } = judged
  const earlier = new EarlierRows(judged)
  for (; judged.row < trades.length; judged.row++) {
    const { row } = judged
    if (judgements[row] !== 0) {
      const reason = reasonOf(judgements[row]!)
      if (reason === 'unknown_venue' || reason === 'symbol_invalid') continue
      const ids = followedBy(judged, row, venues, idsOf)
      judged.details.set(row, { run: ids?.refuse(trades, row, isGoodTime(trades, row)) })
      continue
    }
    const ids = followedBy(judged, row, venues, idsOf)
    if (!ids) continue
    if (ids.follow(trades, row)) {
      if (ids.run !== 0) setRun(judged, row, ids.run)
      continue
    }
    place(judged, row, ids, stored, earlier)
  }
}

function place(
  judged: ValidatedRecord,
  row: number,
  ids: FollowedIds,
  stored: StoredTrades,
  earlier: EarlierRows,
): void {
  const { trades, judgements } = judged
  const { venue, symbol } = namesOf(trades, row)
  const asked = ids.asks(trades, row)
  const known = asked ? stored.of(venue, symbol, trades.tradeId[row]!, readMicros(trades.timestampWords, row)) : []
  const before = judged.remembered.get(row) ?? []
  const said = [...(known === 'gone' ? [] : known), ...(asked ? earlier.with(row) : []), ...before]
  const trade = statementOf(trades, row)
  const match = said.reduce((best, one) => Math.max(best, matchOf(one, trade)), ids.match(trades, row) as number)
  const placed = known === 'gone' ? REPEAT : ids.place(trades, row, match as Match)
  if (placed >= 0) {
    if (placed > 0) setRun(judged, row, placed)
    return
  }
  judgements[row] = placed === REPEAT ? DUPLICATE : CONFLICTING
  judged.marked++
  if (placed === CONFLICT)
    judged.details.set(row, { detail: conflictDetail([...ids.statements(trades, row), ...said]) })
  else if (known === 'gone') judged.details.set(row, { detail: GONE })
}

/** Adds the record to a batch. */
export function appendValidated(batch: Batch, judged: ValidatedRecord, nowMs: number): void {
  const { entry, trades, indexes, refused, judgements, marked, runs, details } = judged
  batch.begin(entry, nowMs)
  for (const tick of refused) batch.addRefused(entry.offset, tick)
  if (marked === 0) {
    if (trades.length > 0) batch.addTrades(entry.offset, trades, 0, trades.length, indexes, runs)
    return
  }
  let start = 0
  for (let row = 0; row <= trades.length; row++) {
    if (row < trades.length && judgements[row] === 0) continue
    if (row > start) batch.addTrades(entry.offset, trades, start, row, indexes, runs)
    if (row < trades.length)
      batch.addRefused(entry.offset, refusedRow(trades, row, indexes, judgements, details.get(row)))
    start = row + 1
  }
}

function refusedRow(
  trades: TradeColumns,
  row: number,
  indexes: Uint32Array | undefined,
  judgements: Validity,
  known: { detail?: string; run?: Placed | undefined } | undefined,
): Refused {
  const refused = refusedTick(trades, row, indexes?.[row] ?? row, judgements[row]!)
  if (known?.detail) refused.detail = known.detail
  if (known?.run !== undefined) Object.assign(refused, { tradeId: trades.tradeId[row]!, idRun: known.run })
  return refused
}

/** Can a repeat be told by this venue's ids? */
export const isFollowed = (venues: KnownVenues, venue: string): boolean => (venues.get(venue) ?? 'none') !== 'none'

/** Is the time of a trade that was refused one that a trade may have? */
function isGoodTime(trades: TradeColumns, row: number): boolean {
  const micros = readMicros(trades.timestampWords, row)
  return micros >= 0 && micros < readMicros(trades.receivedAtWords, row) + MICROS_PER_DAY
}

const namesOf = (trades: TradeColumns, row: number) => ({
  venue: trades.venues.words[trades.venue[row]!]!,
  symbol: trades.symbols.words[trades.symbol[row]!]!,
})

function followedBy(
  { trades, entry }: ValidatedRecord,
  row: number,
  venues: KnownVenues,
  idsOf: IdsOf,
): FollowedIds | undefined {
  const { venue, symbol } = namesOf(trades, row)
  if (!isFollowed(venues, venue)) return undefined
  if (entry.format === 'json' && trades.tradeIdWords[2 * row + 1]! >= OWN_ID_HIGH_WORD_MIN) return undefined
  return idsOf(venue, symbol)
}

function setRun(judged: ValidatedRecord, row: number, run: number): void {
  judged.runs ??= new Uint16Array(judged.trades.length)
  judged.runs[row] = run
}

/** For a person: what is stored where a trade's id has other values. */
function conflictDetail(stored: readonly Statement[]): string {
  const last = stored.at(-1)
  const says = last ? `: stored is price ${last.price}, volume ${last.volume}` : ''
  return `a trade id this symbol already has, with another price, volume or side${says}`
}

/** The good rows of a record by id, for repeats within it: only few records ask. */
class EarlierRows {
  readonly #judged: ValidatedRecord
  #rows: Map<string, number[]> | undefined

  constructor(judged: ValidatedRecord) {
    this.#judged = judged
  }

  /** What the rows before this one say of its id. */
  with(row: number): Statement[] {
    const { trades, judgements } = this.#judged
    this.#rows ??= Map.groupBy(
      Array.from({ length: trades.length }, (_, at) => at),
      at => this.#key(at),
    )
    const alike = this.#rows.get(this.#key(row)) ?? []
    return alike.filter(at => at < row && judgements[at] === 0).map(at => statementOf(trades, at))
  }

  #key(row: number): string {
    const { trades } = this.#judged
    return `${trades.venue[row]} ${trades.symbol[row]} ${trades.tradeId[row]}`
  }
}
