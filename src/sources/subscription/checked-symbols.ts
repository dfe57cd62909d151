/** The recorded symbols, in the spelling of each venue's own list once that is known. */
import type { Emit } from '../../telemetry/events.ts'
import { TIMINGS, type Timings } from '../connection/timings.ts'
import type { Feeds, Subscription } from '../feeds.ts'
import type { Selected } from '../selection.ts'
import type { Match } from './match-symbols.ts'
import { SymbolCheck } from './symbol-check.ts'

export class CheckedSymbols {
  readonly #feeds: Feeds
  readonly #symbols: Map<string, readonly string[]>
  readonly #checks: SymbolCheck[]

  /** Starts the checks of venues with a REST address. A failed check does not affect the feeds. */
  constructor(subscriptions: readonly Subscription[], feeds: Feeds, emit: Emit, timings: Timings = TIMINGS) {
    this.#feeds = feeds
    this.#symbols = new Map(subscriptions.map(({ venue, symbols }) => [venue.name, symbols]))
    this.#checks = subscriptions.flatMap(({ venue, rest }) =>
      rest === undefined
        ? []
        : new SymbolCheck({
            venue,
            rest,
            timings,
            emit,
            symbols: () => this.of(venue.name),
            onListed: matches => this.#apply(venue.name, matches),
          }),
    )
  }

  /** The symbols of a venue, as currently recorded. */
  of(venue: string): readonly string[] {
    return this.#symbols.get(venue) ?? []
  }

  async close(): Promise<void> {
    await Promise.all(this.#checks.map(check => check.close()))
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
