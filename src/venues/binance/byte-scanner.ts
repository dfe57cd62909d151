/**
 * Reads a frame of a known shape byte by byte, without making text or objects of it. It is deliberately narrow:
 * whatever is the least bit unusual (an escape, an exponent, a sign, a long number, another order of keys) is declined,
 * and the caller reads the frame with JSON.parse instead. So it can be fast and never has to be clever.
 */

const QUOTE = 0x22
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const BACKSLASH = 0x5c
const FIRST_PRINTABLE = 0x20
const LAST_PRINTABLE = 0x7e

/** Longer frames are declined. A trade takes about 200 bytes. */
const FRAME_BYTES_MAX = 1024

/**
 * Mantissas of up to this many digits and these powers of ten are exact doubles, so one division rounds once:
 * correctly.
 */
const EXACT_DIGITS_MAX = 15
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, exponent) => 10 ** exponent)

/** Slots of the table of words seen lately. A collision costs a decoding, nothing else. */
const WORD_SLOTS = 4096

/** A piece of a frame that never changes, in words of 4 bytes; `masks` blanks out what lies beyond its end. */
export interface Literal {
  length: number
  words: Int32Array
  masks: Int32Array
}

export function literal(text: string): Literal {
  const bytes = Buffer.alloc(4 * Math.ceil(text.length / 4), text.padEnd(text.length + 3, '\0'), 'latin1')
  const words = new Int32Array(bytes.length / 4)
  const masks = new Int32Array(words.length).fill(-1)
  for (let i = 0; i < words.length; i++) words[i] = bytes.readInt32LE(4 * i)
  if (text.length % 4 !== 0) masks[words.length - 1] = 2 ** (8 * (text.length % 4)) - 1
  return { length: text.length, words, masks }
}

export class ByteScanner {
  // A copy of the frame in memory that never moves lets the engine compare four bytes at a time: about half the time in
  // all.
  readonly #view = new DataView(new ArrayBuffer(FRAME_BYTES_MAX + 8))
  readonly #bytes = new Uint8Array(this.#view.buffer)
  readonly #words = new Array<string>(WORD_SLOTS).fill('')
  #length = 0
  #at = 0

  /** Begins with another frame; false if it is too long. */
  start(frame: Uint8Array): boolean {
    if (frame.length > FRAME_BYTES_MAX) return false
    this.#bytes.set(frame)
    // No digit and no letter: every loop below ends here at the latest.
    this.#bytes[frame.length] = 0
    this.#length = frame.length
    this.#at = 0
    return true
  }

  get atEnd(): boolean {
    return this.#at === this.#length
  }

  /** Steps over this piece if it comes next. */
  takes({ length, words, masks }: Literal): boolean {
    const view = this.#view
    const at = this.#at
    if (at + length > this.#length) return false
    let difference = 0
    for (let i = 0; i < words.length; i++) difference |= (view.getInt32(at + 4 * i, true) ^ words[i]!) & masks[i]!
    if (difference !== 0) return false
    this.#at = at + length
    return true
  }

  /** Steps over the rest of a JSON string of plain ASCII, and its closing quote. */
  skipsWord(): boolean {
    return this.#wordEnd() >= 0
  }

  /** The rest of a JSON string of plain ASCII, up to its closing quote; empty if it is anything else, or empty. */
  word(): string {
    const start = this.#at
    const end = this.#wordEnd()
    return end < 0 ? '' : this.#intern(start, end)
  }

  /** A whole number without sign, as JSON allows it, up to 2^53-1; -1 if there is none. */
  integer(): number {
    const bytes = this.#bytes
    const start = this.#at
    let at = start
    let value = 0
    for (let byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) value = value * 10 + (byte - ZERO)
    const leadingZero = at > start + 1 && bytes[start] === ZERO
    if (at === start || leadingZero || value > Number.MAX_SAFE_INTEGER) return -1
    this.#at = at
    return value
  }

  /**
   * Digits with at most one point among them, up to a closing quote that is left, as the nearest double; -1 if there
   * are none.
   */
  decimal(): number {
    const bytes = this.#bytes
    const start = this.#at
    let at = start
    let mantissa = 0
    let point = -1
    for (;;) {
      const byte = bytes[at]!
      if (byte >= ZERO && byte <= NINE) mantissa = mantissa * 10 + (byte - ZERO)
      else if (byte === POINT && point < 0) point = at
      else break
      at++
    }
    const digits = at - start - (point < 0 ? 0 : 1)
    const dangling = point === start || point === at - 1
    if (digits === 0 || digits > EXACT_DIGITS_MAX || dangling || bytes[at] !== QUOTE) return -1
    this.#at = at
    return point < 0 ? mantissa : mantissa / POWERS_OF_TEN[at - point - 1]!
  }

  /** Steps over a word's bytes and the closing quote; where the word ended, or -1 if something else came first. */
  #wordEnd(): number {
    const bytes = this.#bytes
    let at = this.#at
    for (let byte = bytes[at]!; byte !== QUOTE; byte = bytes[++at]!) {
      if (byte === BACKSLASH || byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) return -1
    }
    this.#at = at + 1
    return at
  }

  /** The text of these bytes, without making a new string where the same word was seen lately. */
  #intern(start: number, end: number): string {
    const bytes = this.#bytes
    let hash = end - start
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    const slot = hash & (WORD_SLOTS - 1)
    const known = this.#words[slot]!
    if (known.length === end - start) {
      let same = 0
      while (start + same < end && known.charCodeAt(same) === bytes[start + same]) same++
      if (start + same === end) return known
    }
    const word = String.fromCharCode(...bytes.subarray(start, end))
    this.#words[slot] = word
    return word
  }
}
