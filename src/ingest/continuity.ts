/**
 * Follows trade ids per venue and symbol, where a venue numbers them one by one: a repeat is the same trade again and is
 * refused, a hole is a range of trades that never reached the log. Pure: knows nothing of logs and tables.
 */

/** A closed range of trade ids. */
export interface IdRange {
  first: number
  last: number
}

/** A hole in a symbol's ids, from when it was found; `missing` are the ids in it that are still not there. */
export interface Gap extends IdRange {
  venue: string
  symbol: string
  missing: IdRange[]
  foundAtMicros: number
  /** Does the table know of it? */
  recorded: boolean
}

/** Open holes kept in memory for one symbol. Beyond, a new hole is still recorded, but late trades for it count as repeats. */
const OPEN_GAPS_PER_SYMBOL_MAX = 10_000

export const countIds = (ranges: readonly IdRange[]): number =>
  ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0)

/** What an id is: the next one or one that was missing (`new`), or one seen before (`repeat`). */
export type IdVerdict = 'new' | 'repeat'

/** The ids of one symbol: all from `first` to `last` were seen, but for those missing in the open gaps. */
export class SymbolIds {
  readonly venue: string
  readonly symbol: string
  #first: number | undefined
  #last = 0
  readonly #gaps: Gap[]
  /** Those of them that reach beyond the ids seen: found by a batch that never arrived. Read again, it finds them again. */
  #beyond: Gap[]
  readonly #changed: (gap: Gap) => void
  readonly #nowMicros: () => number

  /**
   * `seen` is what the table holds, undefined if nothing; `gaps` those still open there; `changed` is told of every gap that
   * opens, shrinks or closes.
   */
  constructor(
    venue: string,
    symbol: string,
    seen: IdRange | undefined,
    gaps: Gap[],
    changed: (gap: Gap) => void,
    nowMicros: () => number,
  ) {
    this.venue = venue
    this.symbol = symbol
    this.#first = seen?.first
    this.#last = seen?.last ?? 0
    this.#gaps = gaps
    this.#beyond = gaps.filter(gap => !seen || gap.first < seen.first || gap.last > seen.last)
    this.#changed = changed
    this.#nowMicros = nowMicros
  }

  get openGaps(): readonly Gap[] {
    return this.#gaps
  }

  /** Takes the next id in order of arrival. */
  follow(id: number): IdVerdict {
    if (id === this.#last + 1 && this.#first !== undefined) {
      this.#last = id
      if (this.#beyond.length > 0) this.#fillBeyond(id)
      return 'new'
    }
    if (this.#first === undefined) {
      this.#first = id
      this.#last = id
      this.#fillBeyond(id)
      return 'new'
    }
    if (id > this.#last) {
      this.#open(this.#last + 1, id - 1)
      this.#last = id
      this.#fillBeyond(id)
      return 'new'
    }
    if (id < this.#first) {
      if (id < this.#first - 1) this.#open(id + 1, this.#first - 1)
      this.#first = id
      this.#fillBeyond(id)
      return 'new'
    }
    return this.#fill(id, this.#gaps) ? 'new' : 'repeat'
  }

  #open(first: number, last: number): void {
    if (this.#beyond.some(gap => gap.first === first && gap.last === last)) return
    const { venue, symbol } = this
    const gap: Gap = {
      venue,
      symbol,
      first,
      last,
      missing: [{ first, last }],
      foundAtMicros: this.#nowMicros(),
      recorded: false,
    }
    if (this.#gaps.length < OPEN_GAPS_PER_SYMBOL_MAX) this.#gaps.push(gap)
    this.#changed(gap)
  }

  /** Takes a new id out of the gaps it was missing in before it was known to be there, and lets go of those that are reached. */
  #fillBeyond(id: number): void {
    this.#fill(id, this.#beyond)
    this.#beyond = this.#beyond.filter(
      gap => gap.missing.length > 0 && (gap.first < this.#first! || gap.last > this.#last),
    )
  }

  /**
   * Takes the id out of each gap that misses it; false if none does. Gaps overlap where records were lost: one was found by a
   * batch that never arrived, another by the records after it.
   */
  #fill(id: number, gaps: readonly Gap[]): boolean {
    let filled = false
    for (const gap of [...gaps]) {
      const at = gap.missing.findIndex(range => id >= range.first && id <= range.last)
      if (at < 0) continue
      const { first, last } = gap.missing[at]!
      const rest: IdRange[] = []
      if (first < id) rest.push({ first, last: id - 1 })
      if (id < last) rest.push({ first: id + 1, last })
      gap.missing.splice(at, 1, ...rest)
      if (gap.missing.length === 0) this.#gaps.splice(this.#gaps.indexOf(gap), 1)
      this.#changed(gap)
      filled = true
    }
    return filled
  }
}

/** What is missing of a gap when these ids of its range are there. `present` rises. */
export function missingOf(gap: IdRange, present: Iterable<number>): IdRange[] {
  const missing: IdRange[] = []
  let next = gap.first
  for (const id of present) {
    if (id > next) missing.push({ first: next, last: id - 1 })
    next = id + 1
  }
  if (next <= gap.last) missing.push({ first: next, last: gap.last })
  return missing
}
