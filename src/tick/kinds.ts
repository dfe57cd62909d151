/**
 * The kinds of ticks. Ingest, checkpoint, audit, archive and retention go over this list; a new kind is an entry here, its columns and its
 * table. Decision: docs/decisions/kinds.md.
 */
import { AmendmentColumns } from './amendments/amendments.ts'
import { validateAmendments } from './amendments/validate.ts'
import { LiquidationColumns } from './derivatives/liquidations.ts'
import { MarkColumns } from './derivatives/marks.ts'
import { validateLiquidations, validateMarks } from './derivatives/validate.ts'
import type { Dictionary } from './dictionary.ts'
import { InstrumentColumns } from './instruments/instruments.ts'
import { validateInstruments } from './instruments/validate.ts'
import { readJsonTrades } from './json.ts'
import type { NamedColumns } from './named/columns.ts'
import { namedColumnCount, namedRecord, readNamedColumns, writeNamedColumns } from './named/record.ts'
import { namedValues, readNamedValues } from './named/values.ts'
import type { BlockWriter } from './native.ts'
import {
  BOOK_TOP_BYTES,
  BOOK_TOP_COLUMN_COUNT,
  BookTopColumns,
  bookTopsRecord,
  bookTopValues,
  readBookTops,
  readBookTopValues,
  writeBookTopColumns,
} from './quotes/book-tops.ts'
import { QuoteColumns } from './quotes/quotes.ts'
import { QUOTE_BYTES, QUOTE_COLUMN_COUNT, quotesRecord, readQuotes, writeQuoteColumns } from './quotes/record.ts'
import { validateQuotes } from './quotes/validate.ts'
import { quoteValues, readQuoteValues } from './quotes/values.ts'
import {
  type LogRecord,
  readTrades,
  TRADE_BYTES,
  tradeColumnCount,
  tradesRecord,
  writeTradeColumns,
} from './records.ts'
import { RepairColumns } from './repairs/repairs.ts'
import { validateRepairs } from './repairs/validate.ts'
import { readTradeValues, tradeValues } from './trade-values.ts'
import { TradeColumns } from './trades.ts'
import { type Validity, validate } from './validate.ts'

/** Ticks in columns: what every kind has. Rows 0 to `length`-1 are set. `venue` and `symbol` are codes of the dictionaries. */
export interface TickColumns {
  readonly length: number
  readonly capacity: number
  readonly venues: Dictionary
  readonly symbols: Dictionary
  readonly venue: Uint32Array
  readonly symbol: Uint32Array
  /** Our clock, ns since 1970 UTC. */
  readonly receivedAt: BigInt64Array
  /** Removes all rows and keeps the memory. */
  clear(): void
  /** Appends rows `start` to `end`-1 of columns of the same kind. */
  appendRange(from: TickColumns, start: number, end: number): void
}

/** The ticks of a JSON record: valid lines, their indexes in the record, and the lines that cannot be read. */
export type JsonTicks<C> = { ticks: C; indexes: Uint32Array; refused: ReturnType<typeof readJsonTrades>['refused'] }

export interface Kind<C extends TickColumns = TickColumns> {
  /** In log records, stream selections and column `kind`. */
  readonly name: string
  readonly table: string
  /** Order of the table's rows. */
  readonly orderBy: string
  /** Column with the time of a tick. */
  readonly time: string
  /** Whether the venue's ids of these ticks are followed: repeats go to quarantine, missing ids are gaps. */
  readonly ids: boolean
  /** Recorded only where a user names the kind. */
  readonly onRequest?: true
  /** A symbol may have none for hours: that is no sign of a lost subscription. */
  readonly sporadic?: true
  /** New columns with room for `capacity` ticks. */
  columns(capacity: number): C
  /** A batch of ticks as a log record of format `native`. */
  encode(ticks: C): LogRecord
  /** Decodes the payload of format `native` into `into`, whose former rows go. Throws BlockError. */
  decode(payload: Uint8Array, into?: C): C
  /** Decodes records of format `json`, which other programs write; absent if the kind has no JSON form. Ticks without an id get `firstId` and the next ones. */
  decodeJson?(payload: Uint8Array, receivedAtMicros: number, firstId: bigint): JsonTicks<C>
  /** Columns in a block of these ticks, and about how many bytes a tick takes there. */
  columnCount(ticks: C): number
  readonly tickBytes: number
  /** Writes the columns into a block, in the table's order. */
  write(writer: BlockWriter, ticks: C): void
  /** Marks invalid rows in `codes` and returns how many: see validate.ts. */
  validate(ticks: C, venues: Pick<ReadonlySet<string>, 'has'>, codes: Validity, nowMicros?: number): number
  /** The values of a row as quarantine stores them, and back; undefined for any other text. */
  values(ticks: C, row: number): string
  readValues(raw: string, receivedAtMicros: number): C | undefined
}

export const TRADES: Kind<TradeColumns> = {
  name: 'trades',
  table: 'trades',
  orderBy: 'symbol, venue, timestamp, trade_id',
  time: 'timestamp',
  ids: true,
  columns: capacity => new TradeColumns(capacity),
  encode: tradesRecord,
  decode: readTrades,
  decodeJson(payload, receivedAtMicros, firstId) {
    const { trades, indexes, refused } = readJsonTrades(payload, receivedAtMicros, firstId)
    return { ticks: trades, indexes, refused }
  },
  columnCount: tradeColumnCount,
  tickBytes: TRADE_BYTES,
  write: writeTradeColumns,
  validate,
  values: tradeValues,
  readValues: readTradeValues,
}

export const QUOTES: Kind<QuoteColumns> = {
  name: 'quotes',
  table: 'quotes',
  orderBy: 'symbol, venue, received_at, sequence',
  // Some venues state no time of a quote.
  time: 'received_at',
  ids: false,
  columns: capacity => new QuoteColumns(capacity),
  encode: quotesRecord,
  decode: readQuotes,
  columnCount: () => QUOTE_COLUMN_COUNT,
  tickBytes: QUOTE_BYTES,
  write: writeQuoteColumns,
  validate: validateQuotes,
  values: quoteValues,
  readValues: readQuoteValues,
}

/** Tops of a book rebuilt from depth updates: evidence for quotes. */
export const BOOK_TOPS: Kind<BookTopColumns> = {
  name: 'book_tops',
  table: 'book_tops',
  orderBy: 'symbol, venue, received_at, sequence',
  time: 'received_at',
  ids: false,
  columns: capacity => new BookTopColumns(capacity),
  encode: bookTopsRecord,
  decode: readBookTops,
  columnCount: () => BOOK_TOP_COLUMN_COUNT,
  tickBytes: BOOK_TOP_BYTES,
  write: writeBookTopColumns,
  validate: validateQuotes,
  values: bookTopValues,
  readValues: readBookTopValues,
}

/** A kind of named columns, whose ids are not followed. Its table has its name. */
function namedKind<C extends NamedColumns & TickColumns>(
  kind: Pick<Kind<C>, 'name' | 'orderBy' | 'time' | 'onRequest' | 'sporadic' | 'columns' | 'tickBytes' | 'validate'>,
): Kind<C> {
  const { name, columns, tickBytes } = kind
  return {
    ...kind,
    table: name,
    ids: false,
    encode: ticks => namedRecord(name, ticks, tickBytes),
    decode(payload, into = columns(0)) {
      readNamedColumns(payload, into)
      return into
    },
    columnCount: namedColumnCount,
    write: writeNamedColumns,
    values: namedValues,
    readValues(raw, receivedAtMicros) {
      const ticks = columns(1)
      return readNamedValues(raw, receivedAtMicros, ticks) ? ticks : undefined
    },
  }
}

/** Changes of what a venue lists: not of its feed, but of its REST lists. */
export const INSTRUMENTS: Kind<InstrumentColumns> = namedKind({
  name: 'instruments',
  orderBy: 'venue, symbol, received_at',
  time: 'received_at',
  columns: capacity => new InstrumentColumns(capacity),
  tickBytes: 128,
  validate: validateInstruments,
})

/** Corrections and cancels of trades: they come with a subscription of trades. */
export const AMENDMENTS: Kind<AmendmentColumns> = namedKind({
  name: 'amendments',
  orderBy: 'symbol, venue, timestamp, trade_id',
  time: 'timestamp',
  columns: capacity => new AmendmentColumns(capacity),
  tickBytes: 72,
  validate: validateAmendments,
})

/** Mark prices and funding rates of derivatives. */
export const MARKS: Kind<MarkColumns> = namedKind({
  name: 'marks',
  orderBy: 'symbol, venue, timestamp',
  time: 'timestamp',
  onRequest: true,
  columns: capacity => new MarkColumns(capacity),
  tickBytes: 64,
  validate: validateMarks,
})

/** Orders by which a venue closes positions without margin. */
export const LIQUIDATIONS: Kind<LiquidationColumns> = namedKind({
  name: 'liquidations',
  orderBy: 'symbol, venue, timestamp',
  time: 'timestamp',
  onRequest: true,
  sporadic: true,
  columns: capacity => new LiquidationColumns(capacity),
  tickBytes: 72,
  validate: validateLiquidations,
})

/** What became of missing ids that a venue does not supply: rows about gaps, in the partition of the symbol's trades. */
export const REPAIRS: Kind<RepairColumns> = namedKind({
  name: 'repairs',
  orderBy: 'symbol, venue, first_id, received_at',
  time: 'received_at',
  columns: capacity => new RepairColumns(capacity),
  tickBytes: 160,
  validate: validateRepairs,
})

/** All kinds, in the order in which the tables of a batch are inserted. `trades` is last: see docs/decisions/kinds.md. */
export const KINDS: readonly Kind[] = [INSTRUMENTS, AMENDMENTS, REPAIRS, LIQUIDATIONS, MARKS, BOOK_TOPS, QUOTES, TRADES]

/** Kinds recorded only where a user names them. */
const ON_REQUEST: ReadonlySet<string> = new Set(KINDS.filter(kind => kind.onRequest).map(({ name }) => name))
const SPORADIC: ReadonlySet<string> = new Set(KINDS.filter(kind => kind.sporadic).map(({ name }) => name))

/** Of kinds by name, those that are recorded where a user names none. */
export const defaultKinds = (names: readonly string[]): string[] => names.filter(name => !ON_REQUEST.has(name))

/** Whether a symbol may have no tick of the kind for hours. */
export const isSporadic = (name: string): boolean => SPORADIC.has(name)

/** Refused ticks of all kinds. */
export const QUARANTINE = 'quarantine'

/** The tables with the ticks of the log, in insert order. */
export const tablesOf = (kinds: readonly Kind[]): string[] => [QUARANTINE, ...kinds.map(({ table }) => table)]
export const TICK_TABLES: readonly string[] = tablesOf(KINDS)
