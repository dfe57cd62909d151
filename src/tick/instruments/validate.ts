/** Whether a change of an instrument may be stored. Pure: see ../validate.ts. */
import { CODE, type Validity, wrongWords } from '../validate.ts'
import { type InstrumentColumns, SIZES, TIMES } from './instruments.ts'

/** Marks invalid rows in `codes` and returns how many. */
export function validateInstruments(
  changes: InstrumentColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
): number {
  const { badVenue, badSymbol } = wrongWords(changes, venues)
  let marked = 0
  for (let row = 0; row < changes.length; row++) {
    let code = 0
    if (!SIZES.every(name => changes.sizes[name][row]! >= 0 && changes.sizes[name][row]! < Number.POSITIVE_INFINITY))
      code = CODE.instrument_size_out_of_range
    else if (!TIMES.every(name => changes.times[name][row]! >= 0n)) code = CODE.timestamp_out_of_range
    else if (badVenue[changes.venue[row]!]) code = CODE.unknown_venue
    else if (badSymbol[changes.symbol[row]!]) code = CODE.symbol_invalid
    codes[row] = code
    if (code !== 0) marked++
  }
  return marked
}
