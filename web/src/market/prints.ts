/** Time and sales: the newest prints, each with its weight, newest first. */
import type { Print } from '../../../src/serve/page/protocol.ts'

/** More than a screen shows; older prints are in the store. */
export const PRINTS_MAX = 200

/** How large a print is beside this symbol's usual one: 0 ordinary or below, 1 above 2×, 2 above 5×, 3 above 15×. */
export type Weight = 0 | 1 | 2 | 3

export interface TapeRow {
  /** Rises by one; a unique key where a venue repeats a trade id. */
  key: number
  print: Print
  weight: Weight
}

export class Tape {
  rows: TapeRow[] = []
  /** Prints since the view was opened, shown or not. */
  seen = 0
  /** Of those, the ones the server left out because no screen could have shown them. */
  skipped = 0
  #nextKey = 0
  /** A slow mean of the volume: what is usual here. */
  #usualVolume = 0

  /** Starts over with the newest prints of a view, newest first. */
  reset(prints: Print[]): void {
    this.rows = []
    this.seen = 0
    this.skipped = 0
    this.#usualVolume = prints.length > 0 ? prints.reduce((sum, print) => sum + print[2], 0) / prints.length : 0
    this.add(prints, 0)
  }

  /** Adds the prints of an update, newest first, and those that were left out of it. */
  add(prints: Print[], skipped: number): void {
    this.seen += prints.length + skipped
    this.skipped += skipped
    if (prints.length === 0) return
    const added: TapeRow[] = []
    for (let index = Math.min(prints.length, PRINTS_MAX) - 1; index >= 0; index--) {
      const print = prints[index]!
      added.push({ key: this.#nextKey++, print, weight: this.#weigh(print[2]) })
    }
    this.rows = [...added.reverse(), ...this.rows].slice(0, PRINTS_MAX)
  }

  #weigh(volume: number): Weight {
    if (this.#usualVolume === 0) this.#usualVolume = volume
    const ratio = this.#usualVolume > 0 ? volume / this.#usualVolume : 0
    this.#usualVolume += (volume - this.#usualVolume) * 0.01
    return ratio > 15 ? 3 : ratio > 5 ? 2 : ratio > 2 ? 1 : 0
  }
}
