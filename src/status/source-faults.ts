/** What of the sources is not received, and why, from what the recorders say of their connections. */

import { type ConnectionStatus, DOWN_STATES, ONLINE } from '../sources/connection/status.ts'
import type { SymbolDown } from './model.ts'

/** Symbols named in one line. */
const NAMED_MAX = 5

/** Is anything received here: open, neither silent nor unreadable, and not every symbol down? */
export function isReceived({ state, silent, unreadable, states, symbolsRequested }: ConnectionStatus): boolean {
  const down = [...DOWN_STATES].reduce((sum, each) => sum + (states[each] ?? 0), 0)
  return state === 'open' && !silent && !unreadable && down < symbolsRequested
}

/** Symbols that are asked for and not received, with the venue's words; a hundred of each connection at most. */
export function symbolsDown(connections: readonly ConnectionStatus[]): SymbolDown[] {
  return connections.flatMap(({ venue, notLive }) =>
    notLive
      .filter(({ state }) => DOWN_STATES.has(state))
      .map(({ symbol, state, detail, forMs }) => ({ venue, symbol, state, detail, forMs })),
  )
}

/** Venues that say of themselves that they do not trade as usual, and maintenance that they announce. */
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
  if (away > 0) faults.push(`${away} of ${connections.length} connections are down; they are tried again.`)
  const silent = connections.filter(connection => connection.silent)
  if (silent.length > 0) faults.push(`Nothing comes on ${idsOf(silent)}; a new connection is tried.`)
  const unreadable = connections.filter(connection => connection.unreadable)
  if (unreadable.length > 0)
    faults.push(`No frame of ${idsOf(unreadable)} can be read: see what came with tickhouse quarantine.`)
  const apart = connections.find(({ clockAheadMs }) => clockAheadMs !== 0)
  if (apart) {
    const seconds = Math.round(Math.abs(apart.clockAheadMs) / 1000)
    const direction = apart.clockAheadMs > 0 ? 'ahead of' : 'behind'
    faults.push(`This machine's clock is ${seconds} s ${direction} ${apart.venue}'s: set it by NTP.`)
  }
  const down = symbolsDown(connections)
  if (down.length > 0) faults.push(describeDown(down))
  for (const { venue, state } of venueStates(connections))
    if (state !== ONLINE) faults.push(`${venue} says that it is in state ${state}.`)
  return faults
}

const idsOf = (connections: readonly ConnectionStatus[]): string => connections.map(({ id }) => id).join(', ')

function describeDown(down: readonly SymbolDown[]): string {
  const named = down
    .slice(0, NAMED_MAX)
    .map(({ venue, symbol, state, detail }) => `${venue} ${symbol} (${state}: ${detail})`)
  const more = down.length > NAMED_MAX ? ` and ${down.length - NAMED_MAX} more` : ''
  const are = down.length === 1 ? 'is' : 'are'
  return `Not received ${are} ${named.join(', ')}${more}; ${down.length === 1 ? 'it is' : 'they are'} asked for again.`
}
