/** What is told of those who ask: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const QUERY_EVENTS = {
  query_refused: {
    station: 'serve',
    level: 'info',
    message: 'a query was refused ({reason}): {why}; {leftOut} more for this reason since the last such line',
  },
  connections_full: {
    station: 'serve',
    level: 'warn',
    message: '{max} connections are open, which is all: others are closed at once. Told at most once a minute',
  },
  token_wrong: {
    station: 'serve',
    level: 'warn',
    message: 'somebody at {address} asked with a wrong token; told at most once a minute',
  },
} as const satisfies Record<string, EventDefinition>
