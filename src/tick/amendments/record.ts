/** Amendments as one Native block: a log record of format `native`, version 1. */
import { BlockError, BlockReader, BlockWriter } from '../native.ts'
import { type LogRecord, RECORD_VERSION, TYPES } from '../records.ts'
import { AmendmentColumns, IDS, SIZES, TIMES, WORDS } from './amendments.ts'

export const AMENDMENT_COLUMN_COUNT = WORDS.length + SIZES.length + IDS.length + TIMES.length

/** Bytes of an amendment in a block, about: to allocate once. */
export const AMENDMENT_BYTES = 72

/** Writes the columns into a block, in the table's order. */
export function writeAmendmentColumns(writer: BlockWriter, amendments: AmendmentColumns): void {
  const { words, codes, sizes, ids, times } = amendments
  for (const name of WORDS) writer.lowCardinality(name, words[name].words, codes[name])
  for (const name of SIZES) writer.fixed(name, 'Float64', sizes[name])
  for (const name of IDS) writer.fixed(name, 'UInt64', ids[name])
  for (const name of TIMES) writer.fixed(name, TYPES.time, times[name])
}

/** Amendments as a log record. The columns may be used again afterwards. */
export function amendmentsRecord(amendments: AmendmentColumns): LogRecord {
  const { length } = amendments
  const writer = new BlockWriter(AMENDMENT_COLUMN_COUNT, length, 1024 + length * AMENDMENT_BYTES)
  writeAmendmentColumns(writer, amendments)
  return { kind: 'amendments', format: 'native', version: RECORD_VERSION, ticks: length, payload: writer.done() }
}

/** Reads a block into columns, whose former rows go. Throws BlockError where it is not one. */
export function readAmendments(payload: Uint8Array, amendments = new AmendmentColumns(0)): AmendmentColumns {
  const reader = new BlockReader(payload)
  if (reader.columns !== AMENDMENT_COLUMN_COUNT)
    throw new BlockError(`${reader.columns} columns, not ${AMENDMENT_COLUMN_COUNT}`)
  amendments.clear()
  amendments.reserve(reader.rows)
  for (const name of WORDS)
    for (const word of reader.lowCardinality(name, amendments.codes[name])) amendments.words[name].append(word)
  for (const name of SIZES) reader.fixed(name, 'Float64', amendments.sizes[name])
  for (const name of IDS) reader.fixed(name, 'UInt64', amendments.ids[name])
  for (const name of TIMES) reader.fixed(name, TYPES.time, amendments.times[name])
  amendments.length = reader.rows
  reader.end()
  return amendments
}
