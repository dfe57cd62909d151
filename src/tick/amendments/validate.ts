/** Whether an amendment may be stored. Pure, and as strict as for trades: see ../validate.ts. */
import { CODE, isPositive, type Validity, wrongWords } from '../validate.ts'
import { ACTIONS, type AmendmentColumns, TIMES } from './amendments.ts'

/** Marks invalid rows in `codes` and returns how many. Only a correction has new values. */
export function validateAmendments(
  amendments: AmendmentColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
): number {
  const { badVenue, badSymbol } = wrongWords(amendments, venues)
  const { sizes, times, words, codes: wordCodes } = amendments
  let marked = 0
  for (let row = 0; row < amendments.length; row++) {
    const action = words.action.words[wordCodes.action[row]!]!
    const isCorrection = action === 'correction'
    let code = 0
    if (!(ACTIONS as readonly string[]).includes(action)) code = CODE.action_unknown
    else if (!isPositive(sizes.price[row]!)) code = CODE.price_out_of_range
    else if (!isPositive(sizes.volume[row]!)) code = CODE.volume_out_of_range
    else if (isCorrection && !isPositive(sizes.new_price[row]!)) code = CODE.price_out_of_range
    else if (isCorrection && !isPositive(sizes.new_volume[row]!)) code = CODE.volume_out_of_range
    else if (!TIMES.every(name => times[name][row]! >= 0n)) code = CODE.timestamp_out_of_range
    else if (badVenue[amendments.venue[row]!]) code = CODE.unknown_venue
    else if (badSymbol[amendments.symbol[row]!]) code = CODE.symbol_invalid
    codes[row] = code
    if (code !== 0) marked++
  }
  return marked
}
