/** Compares the symbols that a user requested with the venue's own list. Pure. */

/** A symbol as a venue lists it. */
export interface ListedSymbol {
  /** As its trades carry it. */
  symbol: string
  /** Other names that the venue has for it. */
  aliases?: readonly string[]
  /** The venue's name of a state without trading; empty while it trades. */
  haltState: string
}

/** Where a venue lists its symbols, and how the answer is parsed. */
export interface SymbolList {
  /** Below the venue's REST address. */
  path: string
  /** JSON to send as POST, where a GET gets no list. */
  body?: string
  /** All of them; undefined if the answer does not match the venue's document. */
  read(answer: unknown): readonly ListedSymbol[] | undefined
}

/** The entry of a venue's list for a requested symbol. */
export interface Listing {
  requested: string
  /** As the venue spells it; undefined if it lists nothing of that name. */
  symbol: string | undefined
  /** See `ListedSymbol`. */
  haltState: string
}

/** Finds each symbol in the list, in any case and by the venue's other names. */
export function compareWithList(requested: readonly string[], listed: readonly ListedSymbol[]): Listing[] {
  const exact = new Map(listed.map(each => [each.symbol, each]))
  const loose = new Map<string, ListedSymbol>()
  for (const each of [...listed].reverse()) {
    for (const alias of each.aliases ?? []) loose.set(alias.toUpperCase(), each)
  }
  for (const each of [...listed].reverse()) loose.set(each.symbol.toUpperCase(), each)
  return requested.map(symbol => {
    const found = exact.get(symbol) ?? loose.get(symbol.toUpperCase())
    return { requested: symbol, symbol: found?.symbol, haltState: found?.haltState ?? '' }
  })
}
