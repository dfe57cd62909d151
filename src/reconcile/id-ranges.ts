/** Ids collected as ranges: all are counted, the first ranges are kept. */

/** All ids from `first` to `last`. */
export interface IdRange {
  first: number
  last: number
}

/** As JSON: how many ids, and the first ranges of them. */
export interface CountedIds {
  ids: number
  ranges: IdRange[]
}

export const RANGES_SHOWN_MAX = 100

export class IdRanges implements CountedIds {
  ids = 0
  readonly ranges: IdRange[] = []

  /** Ids must be added in rising order. */
  add(first: number, last = first): void {
    this.ids += last - first + 1
    const end = this.ranges.at(-1)
    if (end && end.last + 1 === first) end.last = last
    else if (this.ranges.length < RANGES_SHOWN_MAX) this.ranges.push({ first, last })
  }

  toJSON(): CountedIds {
    return { ids: this.ids, ranges: this.ranges }
  }
}

/** Ranges as text: `7, 9–12`. At most `shown` of them. */
export function rangesText({ ranges }: Pick<CountedIds, 'ranges'>, shown = 5): string {
  const texts = ranges.slice(0, shown).map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`))
  return texts.join(', ') + (ranges.length > shown ? ', …' : '')
}
