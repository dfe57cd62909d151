/** Compares the symbols that a user requested with the venue's own list. Pure. */
import type { Instrument } from '../../venues/instruments.ts'

/** What a venue lists under a requested symbol. */
export interface Match {
  requested: string
  /** Undefined if it lists nothing of that name. */
  instrument: Instrument | undefined
}

/** Finds each symbol in the list, in any case and by the venue's other names. */
export function matchSymbols(requested: readonly string[], listed: readonly Instrument[]): Match[] {
  const exact = new Map(listed.map(each => [each.symbol, each]))
  const loose = new Map<string, Instrument>()
  // The first of several wins, and a symbol before any alias.
  for (const each of [...listed].reverse()) {
    for (const alias of each.aliases) loose.set(alias.toUpperCase(), each)
  }
  for (const each of [...listed].reverse()) loose.set(each.symbol.toUpperCase(), each)
  return requested.map(symbol => ({
    requested: symbol,
    instrument: exact.get(symbol) ?? loose.get(symbol.toUpperCase()),
  }))
}
