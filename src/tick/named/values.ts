/** The values of a row of named columns as JSON, as quarantine stores an invalid one, and the way back. */
import { fieldsOf } from '../tick-values.ts'
import type { NamedColumns } from './columns.ts'

/** `received_at` is a column of quarantine. */
const statedTimes = ({ layout }: NamedColumns): string[] => layout.times.filter(name => name !== 'received_at')

export function namedValues(columns: NamedColumns, row: number): string {
  const { layout, words, codes, sizes, ids, times } = columns
  return JSON.stringify(
    Object.fromEntries([
      ...layout.words.map(name => [name, words[name]!.words[codes[name]![row]!]!]),
      // As text: JSON has no NaN and no infinity.
      ...layout.sizes.map(name => [name, String(sizes[name]![row])]),
      ...layout.ids.map(name => [name, String(ids[name]![row])]),
      ...statedTimes(columns).map(name => [name, String(times[name]![row])]),
    ]),
  )
}

/** Reads that JSON back, value for value, as the one row of empty columns; false for any other text. */
export function readNamedValues(raw: string, receivedAtMicros: number, into: NamedColumns): boolean {
  const { layout, words, codes, sizes, ids, times } = into
  const stated = statedTimes(into)
  const read = fieldsOf(raw, [...layout.words, ...layout.sizes, ...layout.ids, ...stated].join(' '))
  if (!read || !stated.every(name => /^-?\d{1,19}$/.test(read[name]!))) return false
  if (!layout.ids.every(name => /^\d{1,20}$/.test(read[name]!))) return false
  for (const name of layout.words) codes[name]![0] = words[name]!.code(read[name]!)
  for (const name of layout.sizes) sizes[name]![0] = Number(read[name])
  for (const name of layout.ids) ids[name]![0] = BigInt(read[name]!)
  for (const name of stated) times[name]![0] = BigInt(read[name]!)
  times.received_at![0] = BigInt(receivedAtMicros) * 1000n
  into.length = 1
  return true
}
