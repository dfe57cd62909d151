/** Sets of trade ids as closed ranges in rising order. Pure. */

export interface IdRange {
  readonly first: number
  readonly last: number
}

export const countIds = (ranges: readonly IdRange[]): number =>
  ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)

/** The same ids in rising order, ranges that touch or overlap joined. */
export function joined(ranges: readonly IdRange[]): IdRange[] {
  const result: { first: number; last: number }[] = []
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1)
    if (before && first <= before.last + 1) before.last = Math.max(before.last, last)
    else result.push({ first, last })
  }
  return result
}

/** The ids of `ranges` that are not in `removed`. Both in rising order, without overlaps. */
export function without(ranges: readonly IdRange[], removed: readonly IdRange[]): IdRange[] {
  const result: IdRange[] = []
  let at = 0
  for (const { first, last } of ranges) {
    let from = first
    while (at < removed.length && removed[at]!.last < from) at++
    for (let next = at; next < removed.length && removed[next]!.first <= last; next++) {
      if (removed[next]!.first > from) result.push({ first: from, last: removed[next]!.first - 1 })
      from = Math.max(from, removed[next]!.last + 1)
    }
    if (from <= last) result.push({ first: from, last })
  }
  return result
}

/** The ids that are in both. */
export function within(ranges: readonly IdRange[], { first, last }: IdRange): IdRange[] {
  return ranges.flatMap(range => {
    const both = { first: Math.max(first, range.first), last: Math.min(last, range.last) }
    return both.first <= both.last ? [both] : []
  })
}

/** Whether an id is in one of the ranges, which are in rising order. */
export function holds(ranges: readonly IdRange[], id: number): boolean {
  let [low, high] = [0, ranges.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const { first, last } = ranges[middle]!
    if (id < first) high = middle - 1
    else if (id > last) low = middle + 1
    else return true
  }
  return false
}
