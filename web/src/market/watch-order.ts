/** Which symbols the watch list shows, and in which order. */
import type { SymbolStatus } from '../../../src/serve/page/protocol.ts'

import { spreadOf } from '../ui/format.ts'

export type WatchColumn = 'symbol' | 'venue' | 'last' | 'change' | 'spread' | 'rate' | 'quotes' | 'age' | 'gaps'

export interface WatchSort {
  column: WatchColumn
  /** true: small, early or A first. */
  ascending: boolean
}

/** Sort order at the first click: names from A, numbers from the largest, spreads from the tightest, ages from the newest. */
export const startsAscending = (column: WatchColumn): boolean =>
  column === 'symbol' || column === 'venue' || column === 'spread' || column === 'age'

const FIGURE: Record<Exclude<WatchColumn, 'symbol' | 'venue'>, (symbol: SymbolStatus) => number> = {
  last: symbol => symbol.last,
  change: symbol => (symbol.reference > 0 ? symbol.last / symbol.reference : 0),
  // Symbols without a quote come last, from the tightest.
  spread: ({ bid, ask }) => (ask > 0 ? spreadOf(bid, ask) : Number.MAX_VALUE),
  quotes: symbol => symbol.quotesPerSecond,
  rate: symbol => symbol.ticksPerSecond,
  age: symbol => -symbol.lastAtMs,
  gaps: symbol => symbol.gaps ?? -1,
}

const byName = (a: SymbolStatus, b: SymbolStatus): number =>
  a.symbol === b.symbol ? (a.venue < b.venue ? -1 : 1) : a.symbol < b.symbol ? -1 : 1

/** The symbols in which every word of `query` occurs (in symbol or venue, any case), sorted; equals go by name. */
export function orderWatchList(symbols: SymbolStatus[], sort: WatchSort, query: string): SymbolStatus[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = symbols.filter(symbol => {
    const text = `${symbol.symbol} ${symbol.venue}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
  const { column } = sort
  const direction = sort.ascending ? 1 : -1
  if (column === 'symbol') return shown.sort((a, b) => direction * byName(a, b))
  if (column === 'venue') {
    return shown.sort((a, b) => (a.venue === b.venue ? byName(a, b) : direction * (a.venue < b.venue ? -1 : 1)))
  }
  const figure = FIGURE[column]
  return shown.sort((a, b) => direction * (figure(a) - figure(b)) || byName(a, b))
}
