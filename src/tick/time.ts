/**
 * Times inside the process are numbers of microseconds since 1970 UTC, exact below 2^53, with the nanoseconds that remain
 * beside them where a venue gives them. In columns they are 64-bit nanoseconds, as the table stores them.
 */

/** The latest time that is exact in microseconds: June 2255. The table could hold seven years more. */
export const TIME_MICROS_MAX = Number.MAX_SAFE_INTEGER

const WORD = 2 ** 32

/** Writes a time into a column of 64-bit nanoseconds, seen as its 32-bit words. No bigint is made: this runs for every tick. */
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

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/

/** The time an RFC 3339 text states: whole microseconds and the nanoseconds beyond them; undefined if it states none. */
export function parseRfc3339(text: string): { micros: number; nanos: number } | undefined {
  const match = RFC3339.exec(text)
  if (!match) return undefined
  const seconds = Date.parse(match[1]! + match[3]!)
  if (Number.isNaN(seconds)) return undefined
  const fraction = (match[2] ?? '').padEnd(9, '0')
  return { micros: seconds * 1000 + Number(fraction.slice(0, 6)), nanos: Number(fraction.slice(6)) }
}
