/**
 * Decimals as venues write them: in quotes, or as JSON numbers. Reading is strict, because `Number('')`,
 * `Number('0x10')` and `Number(' 1')` are numbers to JavaScript and nonsense as a price.
 */
import { LongNumber } from './json-text.ts'

/** Every decimal of up to this many significant digits survives the way into a double and back (IEEE 754). */
const EXACT_DIGITS_MAX = 15

/** More than any venue states. */
const SMALL_PLACES = 18

const PLAIN = /^-?\d+(?:\.\d+)?$/

/** The double nearest to a decimal in quotes; NaN for anything but plain decimal text in a double's range. */
export function decimalFromText(value: unknown): number {
  return typeof value === 'string' && PLAIN.test(value) ? finite(Number(value)) : Number.NaN
}

/** The double nearest to a JSON number; NaN for anything else. JSON's own grammar has checked its text. */
export function decimalFromNumber(value: unknown): number {
  if (typeof value === 'number') return finite(value)
  return value instanceof LongNumber ? finite(Number(value.text)) : Number.NaN
}

/** Does this decimal, read by one of the above, have more significant digits than a double keeps exactly? */
export function isImprecise(value: unknown): boolean {
  const text = value instanceof LongNumber ? value.text : value
  // Most are too short to have that many digits: no need to count.
  if (typeof text !== 'string' || text.length <= EXACT_DIGITS_MAX) return false
  const digits = text.replace(/[eE].*$/, '').replace(/[-.]/g, '')
  return digits.replace(/^0+/, '').replace(/0+$/, '').length > EXACT_DIGITS_MAX
}

/** A decimal in quotes as its text, for sums that are compared to the last digit: digits, and a point between digits. */
export function decimalText(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d{1,30}(\.\d{1,30})?$/.test(value) ? value : undefined
}

/** The same of a JSON number that is not negative. */
export function decimalTextOfNumber(value: unknown): string | undefined {
  if (value instanceof LongNumber) return decimalText(value.text)
  if (typeof value !== 'number') return undefined
  // Shorter than a LongNumber: all its digits are exact. Small ones are written with an exponent.
  return decimalText(value < 1e-6 ? value.toFixed(SMALL_PLACES) : String(value))
}

function finite(number: number): number {
  return Number.isFinite(number) ? number : Number.NaN
}
