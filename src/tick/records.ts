/**
 * The records of the log: a batch of trades as one Native block (format `native`, version 1), and what a source could
 * not read (format `refused`). Version 1's bytes are kept as golden files in the tests: old logs stay readable.
 */
import { isUtf8 } from 'node:buffer'
import { Conditions } from './conditions.ts'
import { JoinedIds } from './joined-ids.ts'
import { BlockError, BlockReader, BlockWriter } from './native.ts'
import { REFUSALS, type Refusal } from './refusal.ts'
import { TradeColumns } from './trades.ts'

export const RECORD_VERSION = 1

/** A record for the log: one batch of ticks. */
export interface LogRecord {
  /** The kind of the ticks: `trades`. */
  kind: string
  /** The encoding: `native`, `json` or `refused`. */
  format: string
  version: number
  /** Ticks in the payload, as stated by its writer; 0 if not stated. */
  ticks: number
  /** Who recorded it, where the log keeps that. */
  recorder?: string
  payload: Uint8Array
}

export const TYPES = {
  word: 'LowCardinality(String)',
  time: "DateTime64(9, 'UTC')",
  seconds: "DateTime('UTC')",
  side: "Enum8('unknown' = 0, 'buy' = 1, 'sell' = 2)",
  origin: "Enum8('live' = 0, 'repair' = 1, 'replay' = 2)",
} as const

/** Columns of a block of trades. */
const TRADE_COLUMN_COUNT = 9
/** first_id and last_id, only in a block with an aggregate; `conditions` only where a trade has any. */
const JOINED_COLUMN_COUNT = 2

/** The columns that `writeTradeColumns` writes. */
export function tradeColumnCount({ joined, conditions }: TradeColumns): number {
  return TRADE_COLUMN_COUNT + (joined ? JOINED_COLUMN_COUNT : 0) + (conditions ? 1 : 0)
}

/** Bytes of a trade in a block, about: to allocate once. */
export const TRADE_BYTES = 48

/** Least bytes of a trade in a block: five columns of 8, four of 1. */
const TRADE_BYTES_MIN = 44

/** Writes the columns of trades into a block, in the table's order. */
export function writeTradeColumns(writer: BlockWriter, trades: TradeColumns): void {
  writeTradeRange(writer, trades, 0, trades.origin)
  writeOptional(writer, trades, 0)
}

/** The nine columns that any trade has, of the rows from `start` on, as many as the writer's block has, and of the origin given for each. */
function writeTradeRange(writer: BlockWriter, trades: TradeColumns, start: number, origin: Int8Array): void {
  writer.lowCardinality('venue', trades.venues.words, trades.venue.subarray(start))
  writer.lowCardinality('symbol', trades.symbols.words, trades.symbol.subarray(start))
  writer.fixed('timestamp', TYPES.time, trades.timestamp.subarray(start))
  writer.fixed('received_at', TYPES.time, trades.receivedAt.subarray(start))
  writer.fixed('price', 'Float64', trades.price.subarray(start))
  writer.fixed('volume', 'Float64', trades.volume.subarray(start))
  writer.fixed('side', TYPES.side, trades.side.subarray(start))
  writer.fixed('trade_id', 'UInt64', trades.tradeId.subarray(start))
  writer.fixed('origin', TYPES.origin, origin)
}

/** The columns that trades of few venues have. */
function writeOptional(writer: BlockWriter, { joined, conditions }: TradeColumns, start: number): void {
  if (joined) {
    writer.fixed('first_id', 'UInt64', joined.first.subarray(start))
    writer.fixed('last_id', 'UInt64', joined.last.subarray(start))
  }
  if (conditions) writer.lowCardinality('conditions', conditions.words.words, conditions.codes.subarray(start))
}

/**
 * Writes rows `start` to `end`-1 as one block, of the origins given, into room for about `blockBytes`; returns the block.
 */
export function writeTradeBlock(
  room: Buffer,
  trades: TradeColumns,
  start: number,
  end: number,
  origin: Int8Array,
): Uint8Array<ArrayBuffer> {
  const writer = new BlockWriter(tradeColumnCount(trades), end - start, room)
  writeTradeRange(writer, trades, start, origin)
  writeOptional(writer, trades, start)
  return writer.done()
}

/** Bytes of a block of this many of these trades, about. */
export function blockBytes(rows: number, { joined, conditions }: Pick<TradeColumns, 'joined' | 'conditions'>): number {
  return 1024 + rows * (TRADE_BYTES + (joined ? 16 : 0) + (conditions ? 4 : 0))
}

/** A batch of trades as a log record. The columns may be used again afterwards. */
export function tradesRecord(trades: TradeColumns): LogRecord {
  const bytes = blockBytes(trades.length, trades)
  const writer = new BlockWriter(tradeColumnCount(trades), trades.length, bytes)
  writeTradeColumns(writer, trades)
  return { kind: 'trades', format: 'native', version: RECORD_VERSION, ticks: trades.length, payload: writer.done() }
}

/** Reads a block of trades into columns, whose former rows go. Throws BlockError where it is not one. */
export function readTrades(payload: Uint8Array, trades = new TradeColumns(0)): TradeColumns {
  const reader = new BlockReader(payload)
  readTradeColumns(reader, trades)
  reader.end()
  return trades
}

/**
 * Reads blocks of trades that stand one behind the other, as the engine answers, into columns whose former rows go;
 * `block` is room for one of them. Throws BlockError where they are none.
 */
export function readTradeBlocks(
  bytes: Uint8Array,
  all = new TradeColumns(0),
  block = new TradeColumns(0),
): TradeColumns {
  all.clear()
  // Never more rows than fit into the bytes: memory is taken once.
  all.reserve(Math.ceil(bytes.length / TRADE_BYTES_MIN))
  for (let at = 0; at < bytes.length; ) {
    const reader = new BlockReader(bytes.subarray(at))
    readTradeColumns(reader, block)
    all.appendRange(block, 0, block.length)
    at += reader.at
  }
  return all
}

function readTradeColumns(reader: BlockReader, trades: TradeColumns): void {
  const more = reader.columns - TRADE_COLUMN_COUNT
  const joins = more === JOINED_COLUMN_COUNT || more === JOINED_COLUMN_COUNT + 1
  const hasConditions = more === 1 || more === JOINED_COLUMN_COUNT + 1
  if (more !== 0 && !joins && !hasConditions)
    throw new BlockError(`${reader.columns} columns, not ${TRADE_COLUMN_COUNT}`)
  trades.clear()
  trades.reserve(reader.rows)
  for (const word of reader.lowCardinality('venue', trades.venue)) trades.venues.append(word)
  for (const word of reader.lowCardinality('symbol', trades.symbol)) trades.symbols.append(word)
  reader.fixed('timestamp', TYPES.time, trades.timestamp)
  reader.fixed('received_at', TYPES.time, trades.receivedAt)
  reader.fixed('price', 'Float64', trades.price)
  reader.fixed('volume', 'Float64', trades.volume)
  reader.fixed('side', TYPES.side, trades.side)
  reader.fixed('trade_id', 'UInt64', trades.tradeId)
  reader.fixed('origin', TYPES.origin, trades.origin)
  if (joins) readJoined(reader, trades)
  if (hasConditions) trades.conditions = Conditions.read(reader, trades.capacity)
  trades.length = reader.rows
}

function readJoined(reader: BlockReader, trades: TradeColumns): void {
  const joined = new JoinedIds(trades.capacity)
  reader.fixed('first_id', 'UInt64', joined.first)
  reader.fixed('last_id', 'UInt64', joined.last)
  if (joined.joinsAny(reader.rows)) trades.joined = joined
}

/** A frame that a source could not decode, or one item of it, with the reason. */
export interface RefusedFrame {
  venue: string
  reason: Refusal
  detail: string
  /** Text or bytes, as received; cut if `rawBytes` is set. */
  raw: string | Uint8Array
  /** Where `raw` is only the beginning: the number of bytes received. */
  rawBytes?: number
  /** Our clock in the socket callback, microseconds since 1970 UTC. */
  receivedAtMicros: number
  /** With reason `trade_missed`: the range of announced ids that never arrived. */
  missed?: { symbol: string; first: number; last: number }
}

/**
 * As JSON: `raw` where its bytes are text, else `rawBase64`, also where text would be longer, which is full of escapes
 * then.
 */
function lineOf({ raw, ...frame }: RefusedFrame): string {
  const bytes = Buffer.from(raw as Uint8Array)
  const text = isUtf8(bytes) ? JSON.stringify(bytes.toString()) : undefined
  if (text !== undefined && text.length <= 1.5 * bytes.length + 2)
    return JSON.stringify({ ...frame, raw: bytes.toString() })
  return JSON.stringify({ ...frame, rawBase64: bytes.toString('base64') })
}

/** Refused frames as a log record: they pass through the log like ticks, and have an offset. */
export function refusedRecord(frames: readonly RefusedFrame[]): LogRecord {
  return {
    kind: 'trades',
    format: 'refused',
    version: RECORD_VERSION,
    ticks: frames.length,
    payload: Buffer.from(frames.map(lineOf).join('\n')),
  }
}

/** Reads refused frames back. Throws SyntaxError or TypeError where the payload is not such a record. */
export function readRefused(payload: Uint8Array): RefusedFrame[] {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    .toString()
    .split('\n')
    .map(line => {
      const read = JSON.parse(line) as RefusedFrame & { rawBase64?: string }
      const { venue, reason, detail, rawBase64, rawBytes, receivedAtMicros, missed } = read
      const raw = typeof rawBase64 === 'string' ? Buffer.from(rawBase64, 'base64') : read.raw
      const whole =
        typeof venue === 'string' &&
        Object.hasOwn(REFUSALS, reason) &&
        typeof detail === 'string' &&
        (typeof raw === 'string' || raw instanceof Uint8Array) &&
        (rawBytes === undefined || Number.isSafeInteger(rawBytes)) &&
        Number.isSafeInteger(receivedAtMicros) &&
        (missed === undefined || isMissed(missed))
      if (!whole) throw new TypeError('a refused frame without venue, reason, detail, raw or time')
      return { venue, reason, detail, raw, receivedAtMicros, ...(rawBytes && { rawBytes }), ...(missed && { missed }) }
    })
}

function isMissed({ symbol, first, last }: NonNullable<RefusedFrame['missed']>): boolean {
  return typeof symbol === 'string' && Number.isSafeInteger(first) && Number.isSafeInteger(last) && first <= last
}
