/** Events of clients and their queries: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const QUERY_EVENTS = {
  query_refused: {
    station: 'serve',
    level: 'info',
    message: 'query refused ({reason}): {why}; {leftOut} more for this reason since the last report',
  },
  connections_full: {
    station: 'serve',
    level: 'warn',
    message: 'all {max} connections are in use: further ones are closed (reported at most once a minute)',
  },
  token_wrong: {
    station: 'serve',
    level: 'warn',
    message: 'request with a wrong token from {address} (reported at most once a minute)',
  },
} as const satisfies Record<string, EventDefinition>
