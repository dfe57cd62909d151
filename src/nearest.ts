/** What a misspelt word may have meant. */

/** The known word with the smallest edit distance, whatever the case of either; the first of several as near. */
export function nearest(word: string, known: readonly string[]): string {
  const upper = word.toUpperCase()
  let best = known[0]!
  let least = Number.POSITIVE_INFINITY
  for (const other of known) {
    // So many letters must be added or dropped at least.
    if (Math.abs(other.length - upper.length) >= least) continue
    const away = distance(upper, other.toUpperCase())
    if (away >= least) continue
    best = other
    least = away
  }
  return best
}

/** Letters added, dropped or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  let next = new Array<number>(b.length + 1)
  for (let i = 0; i < a.length; i++) {
    next[0] = i + 1
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (a.charCodeAt(i) === b.charCodeAt(j) ? 0 : 1)
      next[j + 1] = Math.min(row[j + 1]! + 1, next[j]! + 1, replaced)
    }
    ;[row, next] = [next, row]
  }
  return row[b.length]!
}
