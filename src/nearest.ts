/** Suggestions for misspelt words. */

/** The known word with the smallest edit distance, ignoring case; the first one of equals. */
export function nearest(word: string, known: readonly string[]): string {
  const upper = word.toUpperCase()
  let best = known[0]!
  let least = Number.POSITIVE_INFINITY
  for (const other of known) {
    // The difference in length is a lower bound of the distance.
    if (Math.abs(other.length - upper.length) >= least) continue
    const edits = distance(upper, other.toUpperCase())
    if (edits >= least) continue
    best = other
    least = edits
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
