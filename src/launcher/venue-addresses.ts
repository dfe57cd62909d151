/** The addresses of each venue, and the user's account there, as configured. */
import type { Config } from '../config.ts'
import type { Subscription } from '../sources/feeds.ts'
import type { Selected } from '../sources/selection.ts'
import { credentialsOf } from './credentials.ts'
import type { Simulation } from './simulated-exchange.ts'

/**
 * With another feed than the venue's own, its symbols are not checked against the venue's own list. Throws
 * `config_invalid` if the venue requires an account and a secret is missing.
 */
export function subscriptionOf(
  { venue, symbols, patterns, kinds }: Selected,
  config: Config,
  simulation?: Simulation,
): Subscription {
  const name = venue.name.toUpperCase()
  const own = venue.name === 'simulator' ? { ws: simulation?.wsUrl, rest: simulation?.restUrl } : venue
  const ws = config[`${name}_WS`]
  const rest = config[`${name}_REST`] ?? (ws === undefined ? own.rest : undefined)
  const path = venue.feeds?.[config[`${name}_FEED`] ?? ''] ?? ''
  const subscription = {
    venue,
    symbols,
    kinds,
    ...(patterns && { patterns }),
    ws: `${ws ?? own.ws ?? venue.ws}${path}`,
    rest,
  }
  const { account } = venue
  if (!account) return subscription
  credentialsOf(account, config)
  return { ...subscription, credentials: () => credentialsOf(account, config) }
}
