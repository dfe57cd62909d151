/** Spreads the symbols of a venue over its connections, and changes as little as possible when they change. Pure. */

/** What a connection requests: each of its symbols with all of its kinds. */
export interface Share {
  symbols: ReadonlySet<string>
  kinds: readonly string[]
}

export interface Plan {
  /** For each share: symbols that it ends, and symbols that it requests in addition. */
  changes: { leave: string[]; join: string[] }[]
  /** Connections to open. */
  open: { symbols: string[]; kinds: readonly string[] }[]
}

/**
 * What to change so that each symbol is requested once with each of its kinds. `wanted`: the kinds of each symbol, in
 * one order for all, not empty. A share with `symbolsMax` symbols takes no more.
 */
export function planShares(
  shares: readonly Share[],
  wanted: ReadonlyMap<string, readonly string[]>,
  symbolsMax: number,
): Plan {
  const plan: Plan = { changes: shares.map(() => ({ leave: [], join: [] })), open: [] }
  const missing = new Map([...wanted].map(([symbol, kinds]) => [symbol, new Set(kinds)]))
  for (const [index, { symbols, kinds }] of shares.entries()) {
    for (const symbol of symbols) {
      const rest = missing.get(symbol)
      if (rest && kinds.every(kind => rest.has(kind))) for (const kind of kinds) rest.delete(kind)
      else plan.changes[index]!.leave.push(symbol)
    }
  }
  const lacking = [...missing].filter(([, kinds]) => kinds.size > 0)
  for (const group of Map.groupBy(lacking, ([, kinds]) => [...kinds].join()).values()) {
    const kinds = [...group[0]![1]]
    const symbols = group.map(([symbol]) => symbol)
    for (const [index, share] of shares.entries()) {
      if (share.kinds.join() !== kinds.join()) continue
      const { leave, join } = plan.changes[index]!
      join.push(...symbols.splice(0, Math.max(0, symbolsMax - share.symbols.size + leave.length)))
    }
    while (symbols.length > 0) plan.open.push({ symbols: symbols.splice(0, symbolsMax), kinds })
  }
  return plan
}
