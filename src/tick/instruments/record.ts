/** Changes of instruments as one Native block: a log record of format `native`, version 1. */
import { BlockError, BlockReader, BlockWriter } from '../native.ts'
import { type LogRecord, RECORD_VERSION, TYPES } from '../records.ts'
import { InstrumentColumns, SIZES, TIMES, WORDS } from './instruments.ts'

export const INSTRUMENT_COLUMN_COUNT = WORDS.length + SIZES.length + TIMES.length

/** Bytes of a change in a block, about: to allocate once. */
export const INSTRUMENT_BYTES = 128

/** Writes the columns into a block, in the table's order. */
export function writeInstrumentColumns(writer: BlockWriter, { words, codes, sizes, times }: InstrumentColumns): void {
  for (const name of WORDS) writer.lowCardinality(name, words[name].words, codes[name])
  for (const name of SIZES) writer.fixed(name, 'Float64', sizes[name])
  for (const name of TIMES) writer.fixed(name, TYPES.time, times[name])
}

/** Changes as a log record. The columns may be used again afterwards. */
export function instrumentsRecord(changes: InstrumentColumns): LogRecord {
  const { length } = changes
  const writer = new BlockWriter(INSTRUMENT_COLUMN_COUNT, length, 1024 + length * INSTRUMENT_BYTES)
  writeInstrumentColumns(writer, changes)
  return { kind: 'instruments', format: 'native', version: RECORD_VERSION, ticks: length, payload: writer.done() }
}

/** Reads a block into columns, whose former rows go. Throws BlockError where it is not one. */
export function readInstrumentColumns(payload: Uint8Array, changes = new InstrumentColumns(0)): InstrumentColumns {
  const reader = new BlockReader(payload)
  if (reader.columns !== INSTRUMENT_COLUMN_COUNT)
    throw new BlockError(`${reader.columns} columns, not ${INSTRUMENT_COLUMN_COUNT}`)
  changes.clear()
  changes.reserve(reader.rows)
  for (const name of WORDS)
    for (const word of reader.lowCardinality(name, changes.codes[name])) changes.words[name].append(word)
  for (const name of SIZES) reader.fixed(name, 'Float64', changes.sizes[name])
  for (const name of TIMES) reader.fixed(name, TYPES.time, changes.times[name])
  changes.length = reader.rows
  reader.end()
  return changes
}
