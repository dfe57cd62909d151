/**
 * The recorded symbols: those that the selection names, in the spelling of each venue's own list once that is known, and
 * those that its patterns match in the list.
 */
import { someOf } from '../../plain-text.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Instrument } from '../../venues/instruments.ts'
import type { Feeds, Subscription } from '../feeds.ts'
import type { Selected } from '../selection.ts'
import { type Match, matchSymbols } from './match-symbols.ts'
import { listingsOf, matchPatterns, withMatched } from './recorded-symbols.ts'
import { SymbolCheck } from './symbol-check.ts'

/** The symbols that patterns match, by venue. */
export type Matched = ReadonlyMap<string, readonly string[]>

export interface MatchedSymbols {
  /** As they were when recording last changed them. */
  matched: Matched
  /** Called with all of them when they change. */
  onMatched(matched: Matched): void
}

export class CheckedSymbols {
  readonly #feeds: Feeds
  readonly #emit: Emit
  readonly #onMatched: MatchedSymbols['onMatched']
  #subscriptions: readonly Subscription[]
  readonly #matched: Map<string, readonly string[]>
  /** The last list of each venue. */
  readonly #lists = new Map<string, { listed: readonly Instrument[]; wasListed: (symbol: string) => boolean }>()
  readonly #checks = new Map<string, SymbolCheck>()

  /** Starts recording the symbols that are known without the venues' lists. */
  constructor(
    subscriptions: readonly Subscription[],
    feeds: Feeds,
    emit: Emit,
    { matched, onMatched }: MatchedSymbols = { matched: new Map(), onMatched: () => {} },
  ) {
    this.#subscriptions = subscriptions
    this.#feeds = feeds
    this.#emit = emit
    this.#matched = new Map(matched)
    this.#onMatched = onMatched
    for (const subscription of subscriptions) if (subscription.patterns) this.#reportPatterns(subscription)
    this.#record()
  }

  /** The subscriptions with all symbols that are currently recorded. */
  get subscriptions(): readonly Subscription[] {
    return withMatched(this.#subscriptions, venue => this.#matched.get(venue) ?? [])
  }

  /** The symbols that each subscription names, without those of patterns. */
  get named(): readonly (readonly string[])[] {
    return this.#subscriptions.map(({ symbols }) => symbols)
  }

  /** The symbols of a venue, as currently recorded. */
  of(venue: string): readonly string[] {
    return [...new Set(this.subscriptions.filter(each => each.venue.name === venue).flatMap(each => each.symbols))]
  }

  /** Sources with patterns that wait for their venue's list, as `<venue>:<patterns>`. */
  get unresolved(): string[] {
    return this.#subscriptions
      .filter(({ venue, patterns }) => patterns && !this.#matched.has(venue.name))
      .map(({ venue, patterns }) => `${venue.name}:${patterns!.patterns.join(',')}`)
  }

  /**
   * Compares the symbols of a venue with its list: from now on they are recorded in its spelling, with those that
   * patterns match. `wasListed`: whether an earlier list contained a symbol.
   */
  async compare(
    venue: string,
    listed: readonly Instrument[],
    wasListed: (symbol: string) => boolean = () => false,
  ): Promise<void> {
    this.#lists.set(venue, { listed, wasListed })
    const ours = this.#subscriptions.filter(each => each.venue.name === venue)
    const matches = matchSymbols([...new Set(ours.flatMap(({ symbols }) => symbols))], listed)
    this.#respell(venue, matches)
    if (ours.some(({ patterns }) => patterns)) this.#match(venue, ours, listed)
    this.#record()
    const listings = listingsOf(this.of(venue), listed, wasListed)
    this.#feeds.listed(venue, listings)
    const check = this.#checks.get(venue) ?? new SymbolCheck(venue, this.#emit)
    this.#checks.set(venue, check)
    await check.report(matches, listed, wasListed)
  }

  /** Records these subscriptions instead, as far as they differ. */
  async change(subscriptions: readonly Subscription[]): Promise<void> {
    const before = new Set(this.#subscriptions.map(patternKey))
    this.#subscriptions = subscriptions
    for (const venue of this.#matched.keys())
      if (!subscriptions.some(each => each.venue.name === venue && each.patterns)) this.#matched.delete(venue)
    this.#record()
    for (const [venue, { listed, wasListed }] of this.#lists) await this.compare(venue, listed, wasListed)
    for (const each of subscriptions)
      if (each.patterns && !before.has(patternKey(each)) && !this.#lists.has(each.venue.name))
        this.#reportPatterns(each)
  }

  /** The symbol as the venue lists it, with all that it lists; undefined while its list is not known. */
  find(venue: string, symbol: string): { symbol: string | undefined; listed: readonly string[] } | undefined {
    const list = this.#lists.get(venue)
    if (!list) return undefined
    const [match] = matchSymbols([symbol], list.listed)
    return { symbol: match!.instrument?.symbol, listed: list.listed.map(each => each.symbol) }
  }

  #record(): void {
    this.#feeds.record(this.subscriptions)
  }

  #respell(venue: string, matches: readonly Match[]): void {
    const spelled = new Map(matches.map(({ requested, instrument }) => [requested, instrument?.symbol ?? requested]))
    this.#subscriptions = this.#subscriptions.map(each => {
      if (each.venue.name !== venue) return each
      return { ...each, symbols: [...new Set(each.symbols.map(symbol => spelled.get(symbol)!))] }
    })
    this.#feeds.respell(venue, spelled)
    this.#feeds.unlisted(
      venue,
      matches.filter(({ instrument }) => instrument === undefined).map(({ requested }) => requested),
    )
  }

  #match(venue: string, ours: readonly Subscription[], listed: readonly Instrument[]): void {
    const known = this.#matched.get(venue)
    const before = new Set(known)
    const now = new Set(matchPatterns(ours, listed, before))
    const joined = [...now].filter(symbol => !before.has(symbol))
    const left = [...before].filter(symbol => !now.has(symbol))
    if (known && joined.length + left.length === 0) return
    this.#matched.set(venue, [...now])
    this.#onMatched(this.#matched)
    if (!known) this.#emit('symbols_matched', { venue, count: now.size, patterns: patternsOf(ours) })
    else if (joined.length > 0) this.#emit('symbols_joined', { venue, count: joined.length, symbols: someOf(joined) })
    if (left.length > 0) this.#emit('symbols_left', { venue, count: left.length, symbols: someOf(left) })
  }

  #reportPatterns(subscription: Subscription): void {
    const venue = subscription.venue.name
    const patterns = patternsOf([subscription])
    const count = this.#matched.get(venue)?.length
    const setting = `TICKHOUSE_${venue.toUpperCase()}_REST`
    if (subscription.rest === undefined)
      this.#emit('patterns_unresolvable', { venue, patterns, setting, count: count ?? 0 })
    else if (count === undefined) this.#emit('patterns_waiting', { venue, patterns })
    else this.#emit('symbols_matched_before', { venue, patterns, count })
  }
}

function patternKey({ venue, patterns }: Subscription): string {
  return JSON.stringify([venue.name, patterns])
}

function patternsOf(subscriptions: readonly Subscription[]): string {
  return subscriptions.flatMap(each => each.patterns?.patterns ?? []).join(', ')
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
