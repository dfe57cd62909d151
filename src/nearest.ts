/** Suggestions for misspelt words. */

/** The known word with the smallest edit distance, ignoring case; the first one of equals. */
export function nearest(word: string, known: readonly string[]): string {
  const upper = word.toUpperCase()
  let best = known[0]!
  let least = Number.POSITIVE_INFINITY
  for (const other of known) {
    // The difference in length is a lower bound of the distance.
    if (Math.abs(other.length - upper.length) >= least) continue
    const edits = distance(upper, other.toUpperCase(), least)
    if (edits >= least) continue
    best = other
    least = edits
  }
  return best
}

/**
 * Letters added, dropped, replaced, or exchanged with the next one (optimal string alignment); at least `enough` where
 * it is not less.
 */
function distance(a: string, b: string, enough: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1]
    let least = i + 1
    for (let j = 0; j < b.length; j++) {
      let edits = Math.min(last[j + 1]! + 1, row[j]! + 1, last[j]! + (a[i] === b[j] ? 0 : 1))
      if (i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j]) edits = Math.min(edits, beforeLast[j - 1]! + 1)
      row.push(edits)
      least = Math.min(least, edits)
    }
    // No later row has less: an exchange, which reaches back two rows, costs one and skips one.
    if (least >= enough) return enough
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
