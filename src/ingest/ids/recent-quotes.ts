/** The last quotes of one symbol, to distinguish an exact repeat from another quote with the same number. Pure. */
import type { QuoteColumns } from '../../tick/quotes/quotes.ts'

const SLOTS_MIN = 8
/** Beyond what a second connection or recorder is usually behind. A power of two. */
const SLOTS_MAX = 128
/**
 * A slot is a line of cache: bid, its size, ask and its size as 64-bit floats, then sequence, time of the venue and flags as 32-bit words.
 */
const SLOT_FLOATS = 8
const SLOT_WORDS = 2 * SLOT_FLOATS
const WORDS_AT = 8

/** A ring of quotes in rising order of their sequences. Grows with the symbol's quotes; then the oldest are overwritten. */
export class RecentQuotes {
  #values = new Float64Array(SLOT_FLOATS * SLOTS_MIN)
  /** The same memory. */
  #words = new Uint32Array(this.#values.buffer)
  #slots = SLOTS_MIN
  #count = 0
  /** The slot of the next quote. */
  #at = 0

  clear(): void {
    this.#count = 0
    this.#at = 0
  }

  add(quotes: QuoteColumns, row: number): void {
    if (this.#count === this.#slots && this.#count < SLOTS_MAX) this.#grow()
    const slot = this.#at
    this.#at = (slot + 1) & (this.#slots - 1)
    if (this.#count < this.#slots) this.#count++
    const values = this.#values
    const value = SLOT_FLOATS * slot
    values[value] = quotes.bidPrice[row]!
    values[value + 1] = quotes.bidSize[row]!
    values[value + 2] = quotes.askPrice[row]!
    values[value + 3] = quotes.askSize[row]!
    const words = this.#words
    const word = SLOT_WORDS * slot + WORDS_AT
    words[word] = quotes.sequenceWords[2 * row]!
    words[word + 1] = quotes.sequenceWords[2 * row + 1]!
    words[word + 2] = quotes.timestampWords[2 * row]!
    words[word + 3] = quotes.timestampWords[2 * row + 1]!
    words[word + 4] = quotes.flags[row]!
  }

  /** Whether the quote of this row is here with equal values, time and flags. */
  has(quotes: QuoteColumns, row: number): boolean {
    const low = quotes.sequenceWords[2 * row]!
    const high = quotes.sequenceWords[2 * row + 1]!
    // A repeat is seldom far behind the newest.
    for (let back = 1; back <= this.#count; back++) {
      const slot = (this.#at - back) & (this.#slots - 1)
      const word = SLOT_WORDS * slot + WORDS_AT
      const [knownLow, knownHigh] = [this.#words[word]!, this.#words[word + 1]!]
      if (knownHigh < high || (knownHigh === high && knownLow < low)) return false
      if (knownLow === low && knownHigh === high) return this.#equals(slot, quotes, row)
    }
    return false
  }

  #equals(slot: number, quotes: QuoteColumns, row: number): boolean {
    const value = SLOT_FLOATS * slot
    const word = SLOT_WORDS * slot + WORDS_AT
    return (
      this.#values[value] === quotes.bidPrice[row] &&
      this.#values[value + 1] === quotes.bidSize[row] &&
      this.#values[value + 2] === quotes.askPrice[row] &&
      this.#values[value + 3] === quotes.askSize[row] &&
      this.#words[word + 2] === quotes.timestampWords[2 * row] &&
      this.#words[word + 3] === quotes.timestampWords[2 * row + 1] &&
      this.#words[word + 4] === quotes.flags[row]
    )
  }

  /** Doubles a full ring whose next slot is its first. */
  #grow(): void {
    const values = this.#values
    this.#at = this.#slots
    this.#slots *= 2
    this.#values = new Float64Array(SLOT_FLOATS * this.#slots)
    this.#values.set(values)
    this.#words = new Uint32Array(this.#values.buffer)
  }
}
