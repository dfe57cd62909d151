/**
 * Adds a log record to a batch: decode, validate each tick, follow ids. No I/O. Two steps, because the ids of some trades must be looked up
 * in the tables in between: `validateRecord` follows ids up to the first such trade, `resolveIds` follows the rest.
 */
import type { LoggedRecord } from '../log/log.ts'
import type { IdKind } from '../tick/id-kind.ts'
import { KINDS, type Kind, REPAIRS, type TickColumns } from '../tick/kinds.ts'
import type { QuoteColumns } from '../tick/quotes/quotes.ts'
import type { RepairColumns } from '../tick/repairs/repairs.ts'
import { readMicros } from '../tick/time.ts'
import type { TradeColumns } from '../tick/trades.ts'
import { codeOf, reasonOf, type Validity } from '../tick/validate.ts'
import type { LineArbitration } from './arbitration/line-arbitration.ts'
import type { Batch } from './batch.ts'
import { type Decoded, decode, type Refused } from './decode.ts'
import { EarlierRows } from './ids/earlier-rows.ts'
import { CONFLICT, type FollowedIds, REPEAT, type RunOrRefusal } from './ids/followed-ids.ts'
import { type ComparedTrade, comparedTradeOf, type Match, matchOf } from './ids/recent-trades.ts'
import { repeatedQuotes } from './ids/repeated-quotes.ts'
import { refusedTick } from './quarantine/refused-tick.ts'

/** The venues that ingest accepts, each with the kind of its trade ids. */
export type KnownVenues = ReadonlyMap<string, IdKind>

/** The id state of a symbol after its last trade. */
export type IdsOf = (venue: string, symbol: string) => FollowedIds

/** A trade that may be stored already. `micros` is its time, µs since 1970 UTC. */
export interface IdLookup {
  venue: string
  symbol: string
  id: bigint
  micros: number
}

/** The stored trades of an id. `gone`: trades of that time have been dropped from the tables. */
export interface StoredTrades {
  of(venue: string, symbol: string, id: bigint, micros: number): readonly ComparedTrade[] | 'gone'
}

export const NOTHING_STORED: StoredTrades = { of: () => [] }

/** A record on its way into a batch. */
export interface ValidatedRecord extends Decoded {
  entry: LoggedRecord
  codes: Validity
  /** Rows that `codes` marks. */
  marked: number
  /** The ids of all rows below are followed. */
  row: number
  /** Id run of each row; undefined where all are 0. */
  runs: Uint16Array | undefined
  /** Trades with the same id that were in memory before this record, of rows that need no lookup. */
  remembered: Map<number, ComparedTrade[]>
  /** Detail and id run of refused rows. */
  details: Map<number, { detail?: string; run?: RunOrRefusal | undefined }>
}

/** JSON ticks without an id get one made of their log position, above this: it is not followed. */
const OWN_ID_HIGH_WORD_MIN = 2 ** 31
/** Detail of a trade that counts as a repeat because it cannot be compared. */
const GONE = 'its day was dropped from the store: it may be in the archive'
const DUPLICATE = codeOf('duplicate_id')
const TRADE_REPEATED = codeOf('trade_repeated')
const QUOTE_REPEATED = codeOf('quote_repeated')
const CONFLICTING = codeOf('conflicting_id')

/** Decodes a record, validates its ticks and follows ids up to the first that needs more. `scratch` is in use until the record is in a batch. */
export function validateRecord(
  entry: LoggedRecord,
  venues: KnownVenues,
  idsOf: IdsOf,
  kinds: readonly Kind[] = KINDS,
  scratch?: (kind: Kind) => TickColumns,
): ValidatedRecord {
  const decoded = decode(entry, kinds, scratch)
  const { kind, ticks } = decoded
  const codes: Validity = new Uint8Array(ticks.length)
  const marked = kind.validate(ticks, venues, codes)
  const record: ValidatedRecord = {
    ...decoded,
    entry,
    codes,
    marked,
    row: 0,
    runs: undefined,
    remembered: new Map(),
    details: new Map(),
  }
  if (!kind.ids) {
    if (kind.name === REPAIRS.name)
      for (const { venue, symbol, run, ...ids } of (ticks as TickColumns as RepairColumns).statements(codes))
        if (isFollowed(venues, venue)) idsOf(venue, symbol).explain(run, ids)
    record.row = ticks.length
    return record
  }
  follow(record, venues, idsOf)
  for (const { venue, missed } of decoded.refused)
    if (missed && isFollowed(venues, venue)) idsOf(venue, missed.symbol).announce(missed.first, missed.last)
  return record
}

/** The ticks of a record of a kind whose ids are followed: all such kinds are trades. */
const tradesOf = ({ ticks }: Decoded): TradeColumns => ticks as TradeColumns

/** Follows ids while each is the next of its symbol. */
function follow(record: ValidatedRecord, venues: KnownVenues, idsOf: IdsOf): void {
  const trades = tradesOf(record)
  const { codes, entry } = record
  const followed = trades.venues.words.map(word => isFollowed(venues, word))
  if (!followed.includes(true)) {
    record.row = trades.length
    return
  }
  const ownFrom = entry.format === 'json' ? OWN_ID_HIGH_WORD_MIN : Number.POSITIVE_INFINITY
  // Id state by symbol, for the venue of the previous row: almost every record is of one venue.
  let ids: (FollowedIds | undefined)[] = []
  let idsVenue = -1
  let { row } = record
  for (; row < trades.length; row++) {
    const venue = trades.venue[row]!
    if (!followed[venue] || trades.tradeIdWords[2 * row + 1]! >= ownFrom) continue
    if (codes[row] !== 0) break
    if (venue !== idsVenue) {
      ids = []
      idsVenue = venue
    }
    const symbol = trades.symbol[row]!
    ids[symbol] ??= idsOf(trades.venues.words[venue]!, trades.symbols.words[symbol]!)
    if (!ids[symbol].follow(trades, row)) {
      if (!ids[symbol].repeats(trades, row)) break
      countRepeat(record, row)
      continue
    }
    if (ids[symbol].run !== 0) setRun(record, row, ids[symbol].run)
  }
  record.row = row
}

function countRepeat(record: ValidatedRecord, row: number): void {
  record.codes[row] = TRADE_REPEATED
  record.marked++
}

/** Trades to look up in the tables before the remaining ids can be followed. Empty for almost every record. */
export function lookupsOf(record: ValidatedRecord, venues: KnownVenues, idsOf: IdsOf): IdLookup[] {
  const trades = tradesOf(record)
  const { codes } = record
  const lookups: IdLookup[] = []
  for (let row = record.row; row < trades.length; row++) {
    if (codes[row] !== 0) continue
    const ids = followedBy(record, row, venues, idsOf)
    if (!ids) continue
    if (!ids.needsLookup(trades, row)) {
      const knownTrades = ids.knownTrades(trades, row)
      if (knownTrades.length > 0) record.remembered.set(row, knownTrades)
      continue
    }
    const { venue, symbol } = namesOf(trades, row)
    lookups.push({ venue, symbol, id: trades.tradeId[row]!, micros: readMicros(trades.timestampWords, row) })
  }
  return lookups
}

/** Follows the remaining ids of the record. */
export function resolveIds(record: ValidatedRecord, venues: KnownVenues, idsOf: IdsOf, stored: StoredTrades): void {
  const trades = tradesOf(record)
  const { codes } = record
  const earlier = new EarlierRows(trades, codes)
  for (; record.row < trades.length; record.row++) {
    const { row } = record
    if (codes[row] !== 0) {
      const reason = reasonOf(codes[row]!)
      if (reason === 'unknown_venue' || reason === 'symbol_invalid') continue
      const ids = followedBy(record, row, venues, idsOf)
      record.details.set(row, { run: ids?.refuse(trades, row, isGoodTime(trades, row)) })
      continue
    }
    const ids = followedBy(record, row, venues, idsOf)
    if (!ids) continue
    if (ids.follow(trades, row)) {
      if (ids.run !== 0) setRun(record, row, ids.run)
      continue
    }
    if (ids.repeats(trades, row)) countRepeat(record, row)
    else assignRun(record, row, ids, stored, earlier)
  }
}

function assignRun(
  record: ValidatedRecord,
  row: number,
  ids: FollowedIds,
  stored: StoredTrades,
  earlier: EarlierRows,
): void {
  const trades = tradesOf(record)
  const { codes } = record
  const { venue, symbol } = namesOf(trades, row)
  const needsLookup = ids.needsLookup(trades, row)
  const known = needsLookup
    ? stored.of(venue, symbol, trades.tradeId[row]!, readMicros(trades.timestampWords, row))
    : []
  const before = record.remembered.get(row) ?? []
  const candidates = [...(known === 'gone' ? [] : known), ...(needsLookup ? earlier.with(row) : []), ...before]
  const trade = comparedTradeOf(trades, row)
  const match = candidates.reduce((best, one) => Math.max(best, matchOf(one, trade)), ids.match(trades, row) as number)
  const assigned = known === 'gone' ? REPEAT : ids.assignRun(trades, row, match as Match)
  if (assigned >= 0) {
    if (assigned > 0) setRun(record, row, assigned)
    return
  }
  codes[row] = assigned === CONFLICT ? CONFLICTING : known === 'gone' ? DUPLICATE : TRADE_REPEATED
  record.marked++
  if (assigned === CONFLICT)
    record.details.set(row, { detail: conflictDetail([...ids.knownTrades(trades, row), ...candidates]) })
  else if (known === 'gone') record.details.set(row, { detail: GONE })
}

/** Adds the record to a batch. */
export function addToBatch(batch: Batch, record: ValidatedRecord, nowMs: number, lines?: LineArbitration): void {
  const { entry, kind, ticks, indexes, refused, codes, marked, runs } = record
  batch.begin(entry, nowMs)
  const compared = kind.ids ? lines : undefined
  compared?.begin(entry.recorder, entry.timestampMs)
  for (const tick of refused) batch.addRefused(entry.offset, tick)
  if (marked === 0) {
    if (ticks.length > 0) batch.addTicks(kind, entry.offset, ticks, 0, ticks.length, indexes, runs)
    compared?.stored(tradesOf(record), 0, ticks.length)
    return
  }
  const repeated: number[] = []
  let start = 0
  for (let row = 0; row <= ticks.length; row++) {
    if (row < ticks.length && codes[row] === 0) continue
    if (row > start) {
      batch.addTicks(kind, entry.offset, ticks, start, row, indexes, runs)
      compared?.stored(tradesOf(record), start, row)
    }
    if (codes[row] === QUOTE_REPEATED) repeated.push(row)
    else if (codes[row] === TRADE_REPEATED) {
      const first = row
      while (codes[row + 1] === TRADE_REPEATED) row++
      batch.addRepeats(entry.offset, ticks as TradeColumns, first, row + 1, indexes)
      compared?.copied(tradesOf(record), first, row + 1)
    } else if (row < ticks.length) batch.addRefused(entry.offset, refusedRow(record, row))
    start = row + 1
  }
  if (repeated.length > 0)
    batch.addRefused(
      entry.offset,
      repeatedQuotes(ticks as QuoteColumns, repeated, row => indexes?.[row] ?? row),
    )
}

function refusedRow(record: ValidatedRecord, row: number): Refused {
  const { kind, ticks, indexes, codes, details } = record
  const refused = refusedTick(kind, ticks, row, indexes?.[row] ?? row, codes[row]!)
  const known = details.get(row)
  if (known?.detail) refused.detail = known.detail
  if (known?.run !== undefined) Object.assign(refused, { tradeId: tradesOf(record).tradeId[row]!, idRun: known.run })
  return refused
}

/** Whether the venue's ids identify repeats. */
export const isFollowed = (venues: KnownVenues, venue: string): boolean => (venues.get(venue) ?? 'none') !== 'none'

/** Whether a refused trade has a plausible time: not more than a day ahead. */
function isGoodTime(trades: TradeColumns, row: number): boolean {
  const micros = readMicros(trades.timestampWords, row)
  return micros >= 0 && micros < readMicros(trades.receivedAtWords, row) + 86_400e6
}

const namesOf = (trades: TradeColumns, row: number) => ({
  venue: trades.venues.words[trades.venue[row]!]!,
  symbol: trades.symbols.words[trades.symbol[row]!]!,
})

function followedBy(record: ValidatedRecord, row: number, venues: KnownVenues, idsOf: IdsOf): FollowedIds | undefined {
  const trades = tradesOf(record)
  const { venue, symbol } = namesOf(trades, row)
  if (!isFollowed(venues, venue)) return undefined
  if (record.entry.format === 'json' && trades.tradeIdWords[2 * row + 1]! >= OWN_ID_HIGH_WORD_MIN) return undefined
  return idsOf(venue, symbol)
}

function setRun(record: ValidatedRecord, row: number, run: number): void {
  record.runs ??= new Uint16Array(record.ticks.length)
  record.runs[row] = run
}

/** Names the stored values that a conflicting trade differs from. */
function conflictDetail(stored: readonly ComparedTrade[]): string {
  const last = stored.at(-1)
  const values = last ? `: stored is price ${last.price}, volume ${last.volume}` : ''
  return `a trade id this symbol already has, with another price, volume or side${values}`
}
