/** Finds instruments in a venue's list by what a person types. Pure. */
import { type Instrument, TRADING } from '../../venues/instruments.ts'
import { isPattern, matchesPattern } from '../subscription/pattern.ts'

/** Instruments that match, the best first; `count` of all that do. */
export interface FoundInstruments {
  count: number
  instruments: Instrument[]
}

/**
 * By a pattern the instruments that trade, as a selection with that pattern records them. By any other text those whose
 * symbol, or another name of it, contains its letters and digits: `btc usd` finds `BTC-USD`. Exact ones come first, then those
 * that trade, those that begin so, and the shorter ones.
 */
export function searchInstruments(listed: readonly Instrument[], text: string, max: number): FoundInstruments {
  const wanted = text.trim()
  if (isPattern(wanted)) {
    const found = listed.filter(({ symbol, status }) => status === TRADING && matchesPattern(wanted, symbol))
    return { count: found.length, instruments: found.slice(0, max) }
  }
  const plain = plainOf(wanted)
  const ranked = listed.flatMap(instrument => {
    const rank = rankOf(instrument, plain)
    return rank === undefined ? [] : [{ rank, instrument }]
  })
  ranked.sort(
    (a, b) =>
      a.rank - b.rank ||
      a.instrument.symbol.length - b.instrument.symbol.length ||
      (a.instrument.symbol < b.instrument.symbol ? -1 : 1),
  )
  return { count: ranked.length, instruments: ranked.slice(0, max).map(({ instrument }) => instrument) }
}

/** Undefined if it does not match. */
function rankOf({ symbol, aliases, status }: Instrument, plain: string): number | undefined {
  let best: number | undefined
  for (const name of [symbol, ...aliases]) {
    const known = plainOf(name)
    const at = known.indexOf(plain)
    if (at < 0) continue
    if (known === plain && plain !== '') return 0
    const rank = (status === TRADING ? 1 : 3) + (at === 0 ? 0 : 1)
    if (best === undefined || rank < best) best = rank
  }
  return best
}

const plainOf = (text: string): string => text.toUpperCase().replace(/[^\p{L}\p{N}]/gu, '')
