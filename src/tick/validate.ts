/** Whether a tick may be stored. Pure. The rules never repair: a tick is stored as received, or refused. */

import type { Dictionary } from './dictionary.ts'
import { REFUSALS, type Refusal } from './refusal.ts'
import { AHEAD_MICROS_MAX, readMicros } from './time.ts'
import type { TradeColumns } from './trades.ts'

/** Above any market's price or volume: a larger value is the sender's error. */
const VALUE_MAX = 1e15
const SYMBOL_LENGTH_MAX = 64
/**
 * Letters, digits and the punctuation that venues use; no spaces and no control characters. Hyperliquid's spot pairs
 * begin with `@`.
 */
const SYMBOL = /^[\p{L}\p{N}@][\p{L}\p{N}./:_+&@^=-]*$/u

const REASONS = Object.keys(REFUSALS) as Refusal[]

/** One byte per row: 0 if valid, else the code of `reasonOf`. */
export type Validity = Uint8Array

export const codeOf = (reason: Refusal): number => REASONS.indexOf(reason) + 1
export const reasonOf = (code: number): Refusal => REASONS[code - 1]!

export const CODE = Object.fromEntries(REASONS.map(reason => [reason, codeOf(reason)])) as Record<Refusal, number>

/**
 * Marks invalid rows in `codes` and returns how many. A tick's time is compared with its receive time, or with `nowMicros` if later: that
 * lets reprocessing accept ticks that were ahead of a slow clock. Without it the result does not depend on when a record is read.
 */
export function validate(
  trades: TradeColumns,
  venues: Pick<ReadonlySet<string>, 'has'>,
  codes: Validity,
  nowMicros = 0,
): number {
  const { badVenue, badSymbol } = wrongWords(trades, venues)
  let marked = 0
  for (let row = 0; row < trades.length; row++) {
    const price = trades.price[row]!
    const volume = trades.volume[row]!
    const side = trades.side[row]!
    let code = 0
    if (!isPositive(price)) code = CODE.price_out_of_range
    else if (!isPositive(volume)) code = CODE.volume_out_of_range
    // The sign bit of the 64-bit nanoseconds: before 1970, or past 2262 wrapped around.
    else if (trades.timestampWords[2 * row + 1]! > 0x7fffffff) code = CODE.timestamp_out_of_range
    else if (aheadMicros(trades, row, nowMicros) > AHEAD_MICROS_MAX) code = CODE.timestamp_ahead
    else if (side < 0 || side > 2) code = CODE.side_unknown
    else if (trades.origin[row]! < 0 || trades.origin[row]! > 2) code = CODE.origin_unknown
    else if (badVenue[trades.venue[row]!]) code = CODE.unknown_venue
    else if (badSymbol[trades.symbol[row]!]) code = CODE.symbol_invalid
    codes[row] = code
    if (code !== 0) marked++
  }
  return marked
}

/** A price, volume or size that can be stored. NaN fails: every comparison with it is false. */
export const isPositive = (value: number): boolean => value > 0 && value < VALUE_MAX

/** Per dictionary code: a venue that is not known, a symbol that cannot be one. */
export function wrongWords(
  ticks: { venues: Dictionary; symbols: Dictionary },
  venues: Pick<ReadonlySet<string>, 'has'>,
): { badVenue: boolean[]; badSymbol: boolean[] } {
  return {
    badVenue: ticks.venues.words.map(word => !venues.has(word)),
    badSymbol: ticks.symbols.words.map(word => word.length > SYMBOL_LENGTH_MAX || !SYMBOL.test(word)),
  }
}

/** How far a tick's time is ahead of its receive time, or of `nowMicros` if later, µs. */
export function aheadMicros(
  ticks: { timestampWords: Uint32Array; receivedAtWords: Uint32Array },
  row: number,
  nowMicros: number,
): number {
  return readMicros(ticks.timestampWords, row) - Math.max(readMicros(ticks.receivedAtWords, row), nowMicros)
}
