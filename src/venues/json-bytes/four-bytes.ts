/**
 * Four bytes of a frame in one word, the first lowest. What a subtraction borrows from the next byte can only make more
 * bytes look special, and only after one that is.
 */

/** Are these four bytes digits? */
export function areDigits(word: number): boolean {
  return (word & 0xf0f0f0f0) === 0x30303030 && ((word + 0x06060606) & 0xf0f0f0f0) === 0x30303030
}

/** The value of four digits: first of each pair, then of both. */
export function fourDigits(word: number): number {
  const digits = word & 0x0f0f0f0f
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff00ff
  return Math.imul(pairs & 0xff, 100) + (pairs >>> 16)
}

/** Do these four bytes stand for themselves in a JSON string: ASCII from the space on, without quote and backslash? */
export function arePlain(word: number): boolean {
  const quotes = word ^ 0x22222222
  const backslashes = word ^ 0x5c5c5c5c
  const special =
    word | (word - 0x20202020) | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes)
  return (special & 0x80808080) === 0
}
