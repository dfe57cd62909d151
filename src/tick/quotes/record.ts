/** Quotes as one Native block: a log record of format `native`, version 1. Its bytes are kept as golden files in the tests. */
import { BlockError, BlockReader, BlockWriter } from '../native.ts'
import { type LogRecord, RECORD_VERSION, TYPES } from '../records.ts'
import { QuoteColumns } from './quotes.ts'

/** Columns of a block of quotes, as written by `writeQuoteColumns`. */
export const QUOTE_COLUMN_COUNT = 11

/** Bytes of a quote in a block, about: to allocate once. */
export const QUOTE_BYTES = 64

/** Least bytes of a quote in a block: seven columns of 8, four of 1. */
const QUOTE_BYTES_MIN = 60

/** Writes the columns of quotes into a block, in the table's order. */
export function writeQuoteColumns(writer: BlockWriter, quotes: QuoteColumns): void {
  writer.lowCardinality('venue', quotes.venues.words, quotes.venue)
  writer.lowCardinality('symbol', quotes.symbols.words, quotes.symbol)
  writer.fixed('timestamp', TYPES.time, quotes.timestamp)
  writer.fixed('received_at', TYPES.time, quotes.receivedAt)
  writer.fixed('bid_price', 'Float64', quotes.bidPrice)
  writer.fixed('bid_size', 'Float64', quotes.bidSize)
  writer.fixed('ask_price', 'Float64', quotes.askPrice)
  writer.fixed('ask_size', 'Float64', quotes.askSize)
  writer.fixed('sequence', 'UInt64', quotes.sequence)
  writer.fixed('flags', 'UInt8', quotes.flags)
  writer.fixed('origin', TYPES.origin, quotes.origin)
}

/** A batch of quotes as a log record. The columns may be used again afterwards. */
export function quotesRecord(quotes: QuoteColumns): LogRecord {
  const writer = new BlockWriter(QUOTE_COLUMN_COUNT, quotes.length, 1024 + quotes.length * QUOTE_BYTES)
  writeQuoteColumns(writer, quotes)
  return { kind: 'quotes', format: 'native', version: RECORD_VERSION, ticks: quotes.length, payload: writer.done() }
}

/** Reads a block of quotes into columns, whose former rows go. Throws BlockError where it is not one. */
export function readQuotes(payload: Uint8Array, quotes = new QuoteColumns(0)): QuoteColumns {
  const reader = readerOf(payload)
  readQuoteColumns(reader, quotes)
  reader.end()
  return quotes
}

/** Reads blocks of quotes one behind the other, like `readTradeBlocks`. Throws BlockError where they are none. */
export function readQuoteBlocks(
  bytes: Uint8Array,
  all = new QuoteColumns(0),
  block = new QuoteColumns(0),
): QuoteColumns {
  all.clear()
  // Never more rows than fit into the bytes: memory is taken once.
  all.reserve(Math.ceil(bytes.length / QUOTE_BYTES_MIN))
  for (let at = 0; at < bytes.length; ) {
    const reader = readerOf(bytes.subarray(at))
    readQuoteColumns(reader, block)
    all.appendRange(block, 0, block.length)
    at += reader.at
  }
  return all
}

function readerOf(payload: Uint8Array): BlockReader {
  const reader = new BlockReader(payload)
  if (reader.columns === QUOTE_COLUMN_COUNT) return reader
  throw new BlockError(`${reader.columns} columns, not ${QUOTE_COLUMN_COUNT}`)
}

/** Reads the columns written by `writeQuoteColumns` into columns, whose former rows go. Throws BlockError. */
export function readQuoteColumns(reader: BlockReader, quotes: QuoteColumns): void {
  quotes.clear()
  quotes.reserve(reader.rows)
  for (const word of reader.lowCardinality('venue', quotes.venue)) quotes.venues.append(word)
  for (const word of reader.lowCardinality('symbol', quotes.symbol)) quotes.symbols.append(word)
  reader.fixed('timestamp', TYPES.time, quotes.timestamp)
  reader.fixed('received_at', TYPES.time, quotes.receivedAt)
  reader.fixed('bid_price', 'Float64', quotes.bidPrice)
  reader.fixed('bid_size', 'Float64', quotes.bidSize)
  reader.fixed('ask_price', 'Float64', quotes.askPrice)
  reader.fixed('ask_size', 'Float64', quotes.askSize)
  reader.fixed('sequence', 'UInt64', quotes.sequence)
  reader.fixed('flags', 'UInt8', quotes.flags)
  reader.fixed('origin', TYPES.origin, quotes.origin)
  quotes.length = reader.rows
}
