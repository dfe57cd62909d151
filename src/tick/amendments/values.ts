/** The values of an amendment as JSON, as quarantine stores an invalid one, and the way back. */
import { fieldsOf } from '../tick-values.ts'
import { AmendmentColumns, IDS, SIZES, WORDS } from './amendments.ts'

const FIELDS = [...WORDS, ...SIZES, ...IDS, 'timestamp'].join(' ')

export function amendmentValues({ words, codes, sizes, ids, times }: AmendmentColumns, row: number): string {
  return JSON.stringify(
    Object.fromEntries([
      ...WORDS.map(name => [name, words[name].words[codes[name][row]!]!]),
      // As text: JSON has no NaN and no infinity.
      ...SIZES.map(name => [name, String(sizes[name][row])]),
      ...IDS.map(name => [name, String(ids[name][row])]),
      ['timestamp', String(times.timestamp[row])],
    ]),
  )
}

/** Reads that JSON back, value for value; undefined for any other text. */
export function readAmendmentValues(raw: string, receivedAtMicros: number): AmendmentColumns | undefined {
  const read = fieldsOf(raw, FIELDS)
  if (!read || !/^-?\d{1,19}$/.test(read.timestamp!)) return undefined
  if (!IDS.every(name => /^\d{1,20}$/.test(read[name]!))) return undefined
  const amendments = new AmendmentColumns(1)
  for (const name of WORDS) amendments.codes[name][0] = amendments.words[name].code(read[name]!)
  for (const name of SIZES) amendments.sizes[name][0] = Number(read[name])
  for (const name of IDS) amendments.ids[name][0] = BigInt(read[name]!)
  amendments.times.timestamp[0] = BigInt(read.timestamp!)
  amendments.times.received_at[0] = BigInt(receivedAtMicros) * 1000n
  amendments.length = 1
  return amendments
}
