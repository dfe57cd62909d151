import { TAIL_MASKS } from './literal.ts'

/** Slots of the table. A collision costs a decoding, nothing else. */
const SLOTS = 4096
/** Longer words are not kept. */
const WORDS_MAX = 8

/** Texts seen lately, by their bytes: the text of a symbol is made once, not once for each trade. */
export class WordTable {
  readonly #texts = new Array<string>(SLOTS).fill('')
  readonly #words = new Int32Array(SLOTS * WORDS_MAX)

  /** The text of ASCII bytes from `start` to `end`-1, at least one. */
  text(view: DataView, start: number, end: number): string {
    const length = end - start
    const words = (length + 3) >> 2
    if (words > WORDS_MAX) return ascii(view, start, end)
    const last = words - 1
    const tail = view.getInt32(start + 4 * last, true) & TAIL_MASKS[length & 3]!
    let hash = tail
    for (let i = 0; i < last; i++) hash = Math.imul(hash, 0x01000193) ^ view.getInt32(start + 4 * i, true)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1)
    const at = slot * WORDS_MAX
    const known = this.#texts[slot]!
    let differs = (known.length ^ length) | (this.#words[at + last]! ^ tail)
    for (let i = 0; i < last; i++) differs |= this.#words[at + i]! ^ view.getInt32(start + 4 * i, true)
    if (differs === 0) return known
    for (let i = 0; i < last; i++) this.#words[at + i] = view.getInt32(start + 4 * i, true)
    this.#words[at + last] = tail
    const text = ascii(view, start, end)
    this.#texts[slot] = text
    return text
  }
}

function ascii({ buffer }: DataView, start: number, end: number): string {
  return Buffer.from(buffer, start, end - start).toString('latin1')
}
