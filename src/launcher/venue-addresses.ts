/** Where each venue is followed, as configured. */
import type { Config } from '../config.ts'
import type { Subscription } from '../sources/feeds.ts'
import type { Selected } from '../sources/selection.ts'
import type { Simulation } from './simulated-exchange.ts'

/** Symbols are checked where they are recorded from: not with the venue's own list if its feed is replaced by another. */
export function subscriptionOf({ venue, symbols }: Selected, config: Config, simulation?: Simulation): Subscription {
  const name = venue.name.toUpperCase() as 'BINANCE' | 'COINBASE' | 'KRAKEN' | 'SIMULATOR'
  const own = venue.name === 'simulator' ? { ws: simulation?.wsUrl, rest: simulation?.restUrl } : venue
  const ws = config[`${name}_WS`]
  const rest = config[`${name}_REST`] ?? (ws === undefined ? own.rest : undefined)
  return { venue, symbols, ws: ws ?? own.ws ?? venue.ws, rest }
}
