/** What holding instruments from the start would have brought: with it strategies are compared. */
import type { Books } from '../market/books.ts'
import type { Instrument } from '../market/instrument.ts'

export class Holding {
  readonly #books: Books
  /** The first mark of each instrument; NaN before it. */
  readonly #first: Float64Array
  #unknown: number

  constructor(books: Books, count: number) {
    this.#books = books
    this.#first = new Float64Array(count).fill(Number.NaN)
    this.#unknown = count
  }

  /** Keeps the marks of instruments that have one for the first time. */
  observe(): void {
    if (this.#unknown === 0) return
    for (let at = 0; at < this.#first.length; at++) {
      if (!Number.isNaN(this.#first[at]!)) continue
      const mark = this.#books.mark(at)
      if (!(mark > 0)) continue
      this.#first[at] = mark
      this.#unknown--
    }
  }

  /** What 1 is worth now that was spread equally over these instruments; one without a mark yet is still money. */
  valueOf(instruments: readonly Instrument[]): number {
    let sum = 0
    for (const { index, isInverse } of instruments) {
      const first = this.#first[index]!
      const mark = this.#books.mark(index)
      if (Number.isNaN(first)) sum += 1
      // In coin, contracts of the worth 1 at first gain 1 - first / mark.
      else sum += isInverse ? 2 - first / mark : mark / first
    }
    return sum / instruments.length
  }
}
