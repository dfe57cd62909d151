/** Ids collected as ranges: all are counted, the first ranges are kept. */
import type { IdRange } from '../tick/repairs/id-ranges.ts'

/** As JSON: how many ids, and the first ranges of them. */
export interface CountedIds {
  ids: number
  ranges: IdRange[]
}

export const RANGES_SHOWN_MAX = 100

export class IdRanges implements CountedIds {
  ids = 0
  readonly ranges: { first: number; last: number }[] = []

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

/** As text: `7`, or `9–12`. */
export const rangeText = (first: number | string, last: number | string): string =>
  first === last ? `${first}` : `${first}–${last}`

/** Ranges as text: `7, 9–12`. At most `shown` of them. */
export function rangesText({ ranges }: Pick<CountedIds, 'ranges'>, shown = 5): string {
  const texts = ranges.slice(0, shown).map(({ first, last }) => rangeText(first, last))
  return texts.join(', ') + (ranges.length > shown ? ', …' : '')
}
