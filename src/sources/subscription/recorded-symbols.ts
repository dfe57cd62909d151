/** Which symbols the patterns of a selection match in a venue's list. Pure. */
import { type Instrument, TRADING } from '../../venues/instruments.ts'
import type { Listing } from '../connection/status.ts'
import type { Subscription } from '../feeds.ts'
import { isOver } from '../instruments/known-list.ts'
import { isSelected } from './pattern.ts'

/**
 * The symbols that any of these subscriptions selects by its patterns: those that trade, and those of `before` that do
 * not trade at present. One that the venue has delisted, or lists no more, is not among them.
 */
export function matchPatterns(
  subscriptions: readonly Subscription[],
  listed: readonly Instrument[],
  before: ReadonlySet<string>,
): string[] {
  return listed
    .filter(({ symbol, status }) => status === TRADING || (before.has(symbol) && !isOver(status)))
    .map(({ symbol }) => symbol)
    .filter(symbol => subscriptions.some(each => each.patterns && isSelected(each.patterns, symbol)))
}

/** What a list states of each of these symbols that does not trade. `wasListed`: whether an earlier list contained it. */
export function listingsOf(
  symbols: readonly string[],
  listed: readonly Instrument[],
  wasListed: (symbol: string) => boolean,
): Map<string, Listing> {
  const statusOf = new Map(listed.map(({ symbol, status }) => [symbol, status]))
  const listings = new Map<string, Listing>()
  for (const symbol of symbols) {
    const status = statusOf.get(symbol)
    if (status === TRADING) continue
    if (status !== undefined)
      listings.set(symbol, {
        state: isOver(status) ? 'delisted' : 'halted',
        detail: `listed by the venue as ${status}`,
      })
    else if (wasListed(symbol)) listings.set(symbol, { state: 'delisted', detail: 'no longer listed by the venue' })
  }
  return listings
}

/** The subscriptions with the symbols that their patterns match. */
export function withMatched(
  subscriptions: readonly Subscription[],
  matchedOf: (venue: string) => readonly string[],
): Subscription[] {
  return subscriptions.map(subscription => {
    const { patterns, symbols, venue } = subscription
    if (!patterns) return subscription
    const matched = matchedOf(venue.name).filter(symbol => isSelected(patterns, symbol))
    return { ...subscription, symbols: [...new Set([...symbols, ...matched])] }
  })
}
