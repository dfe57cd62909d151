/** The recorded symbols, in the spelling of each venue's own list once that is known. */
import type { Emit } from '../../telemetry/events.ts'
import type { Instrument } from '../../venues/instruments.ts'
import type { Feeds, Subscription } from '../feeds.ts'
import type { Selected } from '../selection.ts'
import { type Match, matchSymbols } from './match-symbols.ts'
import { SymbolCheck } from './symbol-check.ts'

export class CheckedSymbols {
  readonly #feeds: Feeds
  readonly #symbols: Map<string, readonly string[]>
  readonly #checks: ReadonlyMap<string, SymbolCheck>

  constructor(subscriptions: readonly Subscription[], feeds: Feeds, emit: Emit) {
    this.#feeds = feeds
    this.#symbols = new Map(subscriptions.map(({ venue, symbols }) => [venue.name, symbols]))
    this.#checks = new Map(subscriptions.map(({ venue }) => [venue.name, new SymbolCheck(venue.name, emit)]))
  }

  /** The symbols of a venue, as currently recorded. */
  of(venue: string): readonly string[] {
    return this.#symbols.get(venue) ?? []
  }

  /**
   * Compares the symbols of a venue with its list: from now on they are recorded in its spelling. `wasListed`: whether
   * an earlier list contained a symbol.
   */
  async compare(
    venue: string,
    listed: readonly Instrument[],
    wasListed: (symbol: string) => boolean = () => false,
  ): Promise<void> {
    const matches = matchSymbols(this.of(venue), listed)
    this.#apply(venue, matches)
    await this.#checks.get(venue)?.report(matches, listed, wasListed)
  }

  #apply(venue: string, matches: readonly Match[]): void {
    const spelled = new Map(matches.map(({ requested, instrument }) => [requested, instrument?.symbol ?? requested]))
    this.#symbols.set(venue, [...new Set(spelled.values())])
    this.#feeds.respell(venue, spelled)
    this.#feeds.unlisted(
      venue,
      matches.filter(({ instrument }) => instrument === undefined).map(({ requested }) => requested),
    )
  }
}

/** Reports each symbol of the selection that is respelled or doubled. */
export function reportCorrections(selected: readonly Selected[], emit: Emit): void {
  for (const { venue, given } of selected) {
    const seen = new Set<string>()
    for (const symbol of given) {
      const spelled = venue.spelling === 'capitals' ? symbol.toUpperCase() : symbol
      if (seen.has(spelled)) emit('symbol_doubled', { venue: venue.name, symbol: spelled })
      else if (spelled !== symbol) emit('symbol_respelled', { venue: venue.name, given: symbol, symbol: spelled })
      seen.add(spelled)
    }
  }
}
