/** The values of a change as JSON, as quarantine stores an invalid one, and the way back. */
import { fieldsOf } from '../tick-values.ts'
import { InstrumentColumns, SIZES, TIMES, WORDS } from './instruments.ts'

/** `received_at` is a column of quarantine. */
const STATED_TIMES = TIMES.filter(name => name !== 'received_at')
const FIELDS = [...WORDS, ...SIZES, ...STATED_TIMES].join(' ')

export function instrumentValues(changes: InstrumentColumns, row: number): string {
  return JSON.stringify(
    Object.fromEntries([
      ...WORDS.map(name => [name, changes.words[name].words[changes.codes[name][row]!]!]),
      // As text: JSON has no NaN and no infinity.
      ...SIZES.map(name => [name, String(changes.sizes[name][row])]),
      ...STATED_TIMES.map(name => [name, String(changes.times[name][row])]),
    ]),
  )
}

/** Reads that JSON back, value for value; undefined for any other text. */
export function readInstrumentValues(raw: string, receivedAtMicros: number): InstrumentColumns | undefined {
  const change = fieldsOf(raw, FIELDS)
  if (!change || !STATED_TIMES.every(name => /^-?\d{1,19}$/.test(change[name]!))) return undefined
  const changes = new InstrumentColumns(1)
  for (const name of WORDS) changes.codes[name][0] = changes.words[name].code(change[name]!)
  for (const name of SIZES) changes.sizes[name][0] = Number(change[name])
  for (const name of STATED_TIMES) changes.times[name][0] = BigInt(change[name]!)
  changes.times.received_at[0] = BigInt(receivedAtMicros) * 1000n
  changes.length = 1
  return changes
}
