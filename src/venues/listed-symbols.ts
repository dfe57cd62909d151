/** A venue's own list of symbols, held against those that a user asked for. Pure. */

/** A symbol as a venue lists it. */
export interface ListedSymbol {
  /** As its trades carry it. */
  symbol: string
  /** Other names that the venue has for it. */
  aliases?: readonly string[]
  /** The venue's word for its state, if trades of it cannot come; empty if they can. */
  resting: string
}

/** Where a venue lists its symbols, and how the answer is read. */
export interface SymbolList {
  /** Below the venue's REST address. */
  path: string
  /** All of them; undefined if the answer is none that the venue's document knows. */
  read(answer: unknown): readonly ListedSymbol[] | undefined
}

/** What a venue's list says of a symbol that was asked for. */
export interface Listing {
  asked: string
  /** As the venue spells it; undefined if it lists nothing of that name. */
  symbol: string | undefined
  /** See `ListedSymbol`. */
  resting: string
}

/** What the list says of each symbol. Case does not matter, and other names of the venue's count. */
export function compareWithList(asked: readonly string[], listed: readonly ListedSymbol[]): Listing[] {
  const exact = new Map(listed.map(each => [each.symbol, each]))
  const loose = new Map<string, ListedSymbol>()
  for (const each of [...listed].reverse()) {
    for (const alias of each.aliases ?? []) loose.set(alias.toUpperCase(), each)
  }
  for (const each of [...listed].reverse()) loose.set(each.symbol.toUpperCase(), each)
  return asked.map(symbol => {
    const found = exact.get(symbol) ?? loose.get(symbol.toUpperCase())
    return { asked: symbol, symbol: found?.symbol, resting: found?.resting ?? '' }
  })
}
