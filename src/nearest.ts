/** What a misspelt word may have meant. */

/** The known word with the smallest edit distance. */
export function nearest(word: string, known: readonly string[]): string {
  const upper = word.toUpperCase()
  return [...known].sort((a, b) => distance(upper, a.toUpperCase()) - distance(upper, b.toUpperCase()))[0]!
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const above = row
    row = [i + 1]
    for (const [j, other] of [...b].entries()) {
      row.push(Math.min(above[j + 1]! + 1, row[j]! + 1, above[j]! + (letter === other ? 0 : 1)))
    }
  }
  return row[b.length]!
}
