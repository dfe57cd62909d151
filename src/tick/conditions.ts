/**
 * Conditions of trades, in the venue's codes: a column beside those of the trades, only in a batch in which a trade has any,
 * so that they cost other venues nothing.
 */
import { Dictionary, translate } from './dictionary.ts'
import type { BlockReader } from './native.ts'

/** Texts by row, as codes of a dictionary; code 0 is the empty text. */
export class Conditions {
  readonly words = new Dictionary()
  readonly codes: Uint32Array

  constructor(capacity: number) {
    this.codes = new Uint32Array(capacity)
    this.words.append('')
  }

  /** Reads the column of a block; undefined if no trade in it has any. */
  static read(reader: BlockReader, capacity: number): Conditions | undefined {
    const conditions = new Conditions(capacity)
    const { codes, words } = conditions
    const map = reader.lowCardinality('conditions', codes).map(word => words.code(word))
    let has = false
    for (let row = 0; row < reader.rows; row++) {
      codes[row] = map[codes[row]!]!
      has ||= codes[row] !== 0
    }
    return has ? conditions : undefined
  }

  set(row: number, conditions: string): void {
    this.codes[row] = this.words.code(conditions)
  }

  text(row: number): string {
    return this.words.words[this.codes[row]!]!
  }

  /** With room for `capacity` rows, at least as many as there are. */
  larger(capacity: number): Conditions {
    const larger = new Conditions(capacity)
    larger.copy(this, 0, this.codes.length, 0)
    return larger
  }

  /** Copies rows `start` to `end`-1 of others to row `at`. */
  copy(from: Conditions, start: number, end: number, at: number): void {
    translate(from.codes, start, end, this.codes, at, from.words, this.words)
  }

  /** Those of the given rows of others, in that order. */
  static of(from: Conditions, rows: Uint32Array, capacity: number): Conditions {
    const conditions = new Conditions(capacity)
    const map = from.words.words.map(word => conditions.words.code(word))
    for (let at = 0; at < rows.length; at++) conditions.codes[at] = map[from.codes[rows[at]!]!]!
    return conditions
  }
}
