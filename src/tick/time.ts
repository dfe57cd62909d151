/**
 * Times inside the process are numbers of microseconds since 1970 UTC, exact below 2^53, with the nanoseconds that
 * remain beside them where a venue gives them. In columns they are 64-bit nanoseconds, as the table stores them.
 */

/** The latest time that is exact in microseconds: June 2255. The table's type ends seven years later. */
export const TIME_MICROS_MAX = Number.MAX_SAFE_INTEGER

const WORD = 2 ** 32

/**
 * Writes a time into a column of 64-bit nanoseconds, seen as its 32-bit words. No bigint is made: this runs for every
 * tick.
 */
export function writeTime(words: Uint32Array, index: number, micros: number, nanos = 0): void {
  const upper = Math.floor(micros / 65_536)
  const a = upper * 1000
  let high = Math.floor(a / 65_536)
  let low = (a - high * 65_536) * 65_536 + (micros - upper * 65_536) * 1000 + nanos
  if (low >= WORD) {
    high += 1
    low -= WORD
  }
  words[2 * index] = low
  words[2 * index + 1] = high
}

/** Reads a time from a column's words, in microseconds, rounded down to about a quarter of one. */
export function readMicros(words: Uint32Array, index: number): number {
  return ((words[2 * index + 1]! | 0) * WORD + words[2 * index]!) / 1000
}

/** Reads a time of 1970 or later from a column's words, in whole microseconds: exact, unlike `readMicros`. */
export function readWholeMicros(words: Uint32Array, index: number): number {
  const high = words[2 * index + 1]!
  // 2^32 = 4,294,967 · 1000 + 296
  return high * 4_294_967 + Math.floor((high * 296 + words[2 * index]!) / 1000)
}

/**
 * No tick is stored whose own time is further ahead of our clock than this: a day covers any time zone taken for UTC
 * and a clock of ours that is hours behind, and what lies beyond would be the newest tick of its symbol for days.
 */
export const AHEAD_MICROS_MAX = 86_400_000_000

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** Where digits and signs stand in `2026-11-22T12:00:00`: `d` is a digit, anything else itself. */
const PATTERN = 'dddd-dd-ddTdd:dd:dd'
const DIGIT = 0x64
const [ZERO, DOT, PLUS, MINUS, COLON, ZULU] = [0x30, 0x2e, 0x2b, 0x2d, 0x3a, 0x5a]

/**
 * The time an RFC 3339 text states: whole microseconds and the nanoseconds beyond them; undefined if it states none.
 * The date must exist in the Gregorian calendar, the hour be below 24, minute and second below 60, and the offset below
 * a day: nothing is carried over. A leap second (`:60`) has no place in Unix time, so it states none. Digits beyond the
 * nanosecond are left out.
 */
export function parseRfc3339(text: string): { micros: number; nanos: number } | undefined {
  for (let at = 0; at < PATTERN.length; at++) {
    const expected = PATTERN.charCodeAt(at)
    if (expected === DIGIT ? !isDigit(text, at) : text.charCodeAt(at) !== expected) return undefined
  }
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month) || hour > 23 || minute > 59 || second > 59)
    return undefined
  let at = PATTERN.length
  let fraction = 0
  if (text.charCodeAt(at) === DOT) {
    const from = ++at
    for (; isDigit(text, at); at++) if (at - from < 9) fraction = fraction * 10 + text.charCodeAt(at) - ZERO
    if (at === from) return undefined
    fraction *= 10 ** Math.max(0, 9 - (at - from))
  }
  const offset = offsetMinutes(text, at)
  if (offset === undefined) return undefined
  const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + (minute - offset) * 60 + second
  const micros = Math.floor(fraction / 1000)
  return { micros: seconds * 1_000_000 + micros, nanos: fraction - micros * 1000 }
}

/**
 * Minutes east of Greenwich that the rest of a text states, from `at` to its end; undefined for anything but `Z` or
 * `±hh:mm`.
 */
function offsetMinutes(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at)
  if (sign === ZULU) return text.length === at + 1 ? 0 : undefined
  if ((sign !== PLUS && sign !== MINUS) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON) return undefined
  if (!isDigit(text, at + 1) || !isDigit(text, at + 2) || !isDigit(text, at + 4) || !isDigit(text, at + 5))
    return undefined
  const [hours, minutes] = [twoDigits(text, at + 1), twoDigits(text, at + 4)]
  if (hours > 23 || minutes > 59) return undefined
  return (sign === MINUS ? -1 : 1) * (hours * 60 + minutes)
}

function isDigit(text: string, at: number): boolean {
  const digit = text.charCodeAt(at) - ZERO
  return digit >= 0 && digit <= 9
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function daysOf(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : DAYS_OF_MONTH[month - 1]!
}

/** Days from 1970-01-01 to a date of the Gregorian calendar, by years that begin in March: then a leap day ends one. */
function daysSince1970(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400)
  return marchYear * 365 + leapDays + dayOfYear - DAYS_TO_1970
}

/** From 1 March of year 0. */
const DAYS_TO_1970 = 719_468
