/**
 * Tops of an order book rebuilt from a venue's depth updates: evidence that the quotes of a symbol are complete. A top
 * has the columns of a quote; its `sequence` is the number of the last update in it.
 */
import { BlockError, BlockReader, BlockWriter } from '../native.ts'
import { type LogRecord, RECORD_VERSION } from '../records.ts'
import { fieldsOf } from '../tick-values.ts'
import { type Quote, QuoteColumns } from './quotes.ts'
import { QUOTE_BYTES, QUOTE_COLUMN_COUNT, readQuoteColumns, writeQuoteColumns } from './record.ts'
import { quoteValues, readQuoteValues } from './values.ts'

export const BOOK_TOP_COLUMN_COUNT = QUOTE_COLUMN_COUNT + 2
export const BOOK_TOP_BYTES = QUOTE_BYTES + 16

/** One top. */
export interface BookTop extends Quote {
  /** The lowest bid and the highest ask of the snapshot: beyond them the book may lack levels. */
  lowestBid: number
  highestAsk: number
}

export class BookTopColumns extends QuoteColumns {
  lowestBid: Float64Array
  highestAsk: Float64Array

  constructor(capacity: number) {
    super(capacity)
    this.lowestBid = new Float64Array(capacity)
    this.highestAsk = new Float64Array(capacity)
  }

  override reserve(rows: number): void {
    super.reserve(rows)
    if (this.lowestBid.length >= this.capacity) return
    const [lowestBid, highestAsk] = [new Float64Array(this.capacity), new Float64Array(this.capacity)]
    lowestBid.set(this.lowestBid)
    highestAsk.set(this.highestAsk)
    this.lowestBid = lowestBid
    this.highestAsk = highestAsk
  }

  override add(top: BookTop): void {
    this.lowestBid[this.length] = top.lowestBid
    this.highestAsk[this.length] = top.highestAsk
    super.add(top)
  }

  override appendRange(from: BookTopColumns, start: number, end: number): void {
    const at = this.length
    super.appendRange(from, start, end)
    this.lowestBid.set(from.lowestBid.subarray(start, end), at)
    this.highestAsk.set(from.highestAsk.subarray(start, end), at)
  }
}

export function writeBookTopColumns(writer: BlockWriter, tops: BookTopColumns): void {
  writeQuoteColumns(writer, tops)
  writer.fixed('lowest_bid', 'Float64', tops.lowestBid)
  writer.fixed('highest_ask', 'Float64', tops.highestAsk)
}

/** A batch of tops as a log record. The columns may be used again afterwards. */
export function bookTopsRecord(tops: BookTopColumns): LogRecord {
  const writer = new BlockWriter(BOOK_TOP_COLUMN_COUNT, tops.length, 1024 + tops.length * BOOK_TOP_BYTES)
  writeBookTopColumns(writer, tops)
  return { kind: 'book_tops', format: 'native', version: RECORD_VERSION, ticks: tops.length, payload: writer.done() }
}

/** Reads a block of tops into columns, whose former rows go. Throws BlockError where it is not one. */
export function readBookTops(payload: Uint8Array, tops = new BookTopColumns(0)): BookTopColumns {
  const reader = new BlockReader(payload)
  if (reader.columns !== BOOK_TOP_COLUMN_COUNT)
    throw new BlockError(`${reader.columns} columns, not ${BOOK_TOP_COLUMN_COUNT}`)
  readQuoteColumns(reader, tops)
  reader.fixed('lowest_bid', 'Float64', tops.lowestBid)
  reader.fixed('highest_ask', 'Float64', tops.highestAsk)
  reader.end()
  return tops
}

export function bookTopValues(tops: BookTopColumns, row: number): string {
  const range = { lowest_bid: String(tops.lowestBid[row]), highest_ask: String(tops.highestAsk[row]) }
  return JSON.stringify({ quote: quoteValues(tops, row), ...range })
}

export function readBookTopValues(raw: string, receivedAtMicros: number): BookTopColumns | undefined {
  const top = fieldsOf(raw, 'quote lowest_bid highest_ask')
  const quote = top && readQuoteValues(top.quote!, receivedAtMicros)
  if (!quote) return undefined
  const tops = new BookTopColumns(1)
  QuoteColumns.prototype.appendRange.call(tops, quote, 0, 1)
  tops.lowestBid[0] = Number(top.lowest_bid)
  tops.highestAsk[0] = Number(top.highest_ask)
  return tops
}
