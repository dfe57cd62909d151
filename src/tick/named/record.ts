/** Named columns as one Native block: a log record of format `native`, version 1. */
import { BlockError, BlockReader, BlockWriter } from '../native.ts'
import { type LogRecord, RECORD_VERSION, TYPES } from '../records.ts'
import type { NamedColumns } from './columns.ts'

/** Columns in a block. */
export function namedColumnCount({ layout: { words, sizes, ids, times } }: NamedColumns): number {
  return words.length + sizes.length + ids.length + times.length
}

/** Writes the columns into a block, in the table's order. */
export function writeNamedColumns(writer: BlockWriter, columns: NamedColumns): void {
  const { layout, words, codes, sizes, ids, times } = columns
  for (const name of layout.words) writer.lowCardinality(name, words[name]!.words, codes[name]!)
  for (const name of layout.sizes) writer.fixed(name, 'Float64', sizes[name]!)
  for (const name of layout.ids) writer.fixed(name, 'UInt64', ids[name]!)
  for (const name of layout.times) writer.fixed(name, TYPES.time, times[name]!)
}

/** A log record of a kind, of about `tickBytes` a row. The columns may be used again afterwards. */
export function namedRecord(kind: string, columns: NamedColumns, tickBytes: number): LogRecord {
  const { length } = columns
  const writer = new BlockWriter(namedColumnCount(columns), length, 1024 + length * tickBytes)
  writeNamedColumns(writer, columns)
  return { kind, format: 'native', version: RECORD_VERSION, ticks: length, payload: writer.done() }
}

/** Reads a block into columns, whose former rows go. Throws BlockError where it is not one. */
export function readNamedColumns(payload: Uint8Array, columns: NamedColumns): void {
  const reader = new BlockReader(payload)
  const count = namedColumnCount(columns)
  if (reader.columns !== count) throw new BlockError(`${reader.columns} columns, not ${count}`)
  columns.clear()
  columns.reserve(reader.rows)
  const { layout, words, codes, sizes, ids, times } = columns
  for (const name of layout.words)
    for (const word of reader.lowCardinality(name, codes[name]!)) words[name]!.append(word)
  for (const name of layout.sizes) reader.fixed(name, 'Float64', sizes[name]!)
  for (const name of layout.ids) reader.fixed(name, 'UInt64', ids[name]!)
  for (const name of layout.times) reader.fixed(name, TYPES.time, times[name]!)
  columns.length = reader.rows
  reader.end()
}
