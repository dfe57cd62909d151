/** Whether a row about missing ids may be stored. Pure: see ../validate.ts. */
import { CODE, type Validity, wrongWords } from '../validate.ts'
import { OUTCOMES, type RepairColumns, SIZES, TIMES } from './repairs.ts'

/** Marks invalid rows in `codes` and returns how many. */
export function validateRepairs(
  repairs: RepairColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
): number {
  const { badVenue, badSymbol } = wrongWords(repairs, venues)
  const { ids, sizes, times, words, codes: wordCodes } = repairs
  const isSize = (size: number) => size >= 0 && size < Number.POSITIVE_INFINITY
  let marked = 0
  for (let row = 0; row < repairs.length; row++) {
    let code = 0
    if (!(OUTCOMES as readonly string[]).includes(words.outcome.words[wordCodes.outcome[row]!]!))
      code = CODE.outcome_unknown
    else if (ids.first_id[row]! > ids.last_id[row]! || ids.last_id[row]! > Number.MAX_SAFE_INTEGER)
      code = CODE.id_range_invalid
    else if (!SIZES.every(name => isSize(sizes[name][row]!))) code = CODE.volume_out_of_range
    else if (!TIMES.every(name => times[name][row]! >= 0n)) code = CODE.timestamp_out_of_range
    else if (badVenue[repairs.venue[row]!]) code = CODE.unknown_venue
    else if (badSymbol[repairs.symbol[row]!]) code = CODE.symbol_invalid
    codes[row] = code
    if (code !== 0) marked++
  }
  return marked
}
