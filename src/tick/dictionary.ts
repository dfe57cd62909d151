/** Dictionaries of LowCardinality columns: distinct texts and their codes. */

/** Gives each distinct text a small code, in order of first sight: one column's LowCardinality dictionary. */
export class Dictionary {
  readonly words: string[] = []
  readonly #codes = new Map<string, number>()

  code(word: string): number {
    const known = this.#codes.get(word)
    if (known !== undefined) return known
    this.append(word)
    return this.words.length - 1
  }

  /** Appends the next word of a dictionary read from a block, even a repeated one. */
  append(word: string): void {
    if (!this.#codes.has(word)) this.#codes.set(word, this.words.length)
    this.words.push(word)
  }
}

/** Copies dictionary codes from one column to another that has its own dictionary. */
export function translate(
  codes: Uint32Array,
  start: number,
  end: number,
  into: Uint32Array,
  at: number,
  words: Dictionary,
  ours: Dictionary,
): void {
  const map = words.words.map(word => ours.code(word))
  for (let row = start; row < end; row++) into[at + row - start] = map[codes[row]!]!
}
