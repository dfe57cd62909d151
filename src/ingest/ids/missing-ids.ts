import type { IdRange } from './continuity.ts'

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
