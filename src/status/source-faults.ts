/** Symbols and venues that are not received, and why, from the recorders' connection status. */

import { type ConnectionStatus, DOWN_STATES, ONLINE, SUBSCRIPTION_STATES } from '../sources/connection/status.ts'
import type { SymbolCounts, SymbolDown } from './model.ts'

/** Symbols listed in one sentence. */
const NAMED_MAX = 5

/** Is the connection receiving: open, not silent, readable, and with a symbol that is not down? */
export function isReceived({ state, silent, unreadable, states }: ConnectionStatus): boolean {
  const down = [...DOWN_STATES].reduce((sum, each) => sum + (states[each] ?? 0), 0)
  const all = Object.values(states).reduce((sum, each) => sum + each, 0)
  return state === 'open' && !silent && !unreadable && down < all
}

/** Symbols that are requested and not received, with the reason; at most 100 per connection. */
export function symbolsDown(connections: readonly ConnectionStatus[]): SymbolDown[] {
  return connections.flatMap(({ venue, notLive }) =>
    notLive
      .filter(({ state }) => DOWN_STATES.has(state))
      .map(({ symbol, kind, state, detail, forMs }) => ({ venue, symbol, kind, state, detail, forMs })),
  )
}

/** How many symbols of each venue and kind are in which state. */
export function symbolCounts(connections: readonly ConnectionStatus[]): SymbolCounts[] {
  const counts = new Map<string, SymbolCounts>()
  for (const { venue, statesOfKinds } of connections) {
    for (const [kind, states] of Object.entries(statesOfKinds)) {
      const sum = counts.get(`${venue} ${kind}`) ?? { venue, kind, states: {} }
      counts.set(`${venue} ${kind}`, sum)
      for (const state of SUBSCRIPTION_STATES)
        if (states[state]) sum.states[state] = (sum.states[state] ?? 0) + states[state]
    }
  }
  return [...counts.values()]
}

/** Venues that report a state other than normal trading, and announced maintenance. */
export function venueStates(
  connections: readonly ConnectionStatus[],
): { venue: string; state: string; upcoming: string }[] {
  const byVenue = new Map(connections.flatMap(({ venue, venueStatus }) => (venueStatus ? [[venue, venueStatus]] : [])))
  return [...byVenue]
    .filter(([, { state, upcoming }]) => state !== ONLINE || upcoming !== '')
    .map(([venue, status]) => ({ venue, ...status }))
}

/** A sentence for each kind of fault; none if all is received. */
export function sourceFaults(connections: readonly ConnectionStatus[]): string[] {
  const faults: string[] = []
  const away = connections.filter(({ state }) => state !== 'open').length
  if (away > 0) faults.push(`${away} of ${connections.length} connections are down; reconnecting.`)
  const silent = connections.filter(connection => connection.silent)
  if (silent.length > 0) faults.push(`${idsOf(silent)} receives nothing; reconnecting.`)
  const unreadable = connections.filter(connection => connection.unreadable)
  if (unreadable.length > 0) faults.push(`No frame of ${idsOf(unreadable)} is readable: see tickhouse quarantine.`)
  const apart = connections.find(({ clockAheadMs }) => clockAheadMs !== 0)
  if (apart) {
    const seconds = Math.round(Math.abs(apart.clockAheadMs) / 1000)
    const direction = apart.clockAheadMs > 0 ? 'ahead of' : 'behind'
    faults.push(`This machine's clock is ${seconds} s ${direction} ${apart.venue}'s: set it by NTP.`)
  }
  const down = symbolsDown(connections)
  if (down.length > 0) faults.push(describeDown(down))
  for (const { venue, state } of venueStates(connections))
    if (state !== ONLINE) faults.push(`${venue} reports state ${state}.`)
  return faults
}

const idsOf = (connections: readonly ConnectionStatus[]): string => connections.map(({ id }) => id).join(', ')

function describeDown(down: readonly SymbolDown[]): string {
  const named = down
    .slice(0, NAMED_MAX)
    .map(({ venue, symbol, kind, state, detail }) => `${kind} of ${venue} ${symbol} (${state}: ${detail})`)
  const more = down.length > NAMED_MAX ? ` and ${down.length - NAMED_MAX} more` : ''
  return `Not received: ${named.join(', ')}${more}; subscribing again.`
}
