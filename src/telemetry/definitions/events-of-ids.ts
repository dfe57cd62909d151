/** What happens to the trade ids of a symbol: see events.ts. */
import type { EventDefinition } from './event.ts'

export const ID_EVENTS = {
  gap_found: {
    station: 'ingest',
    level: 'warn',
    message: '{venue} {symbol}: trades {first} to {last} missing ({missing})',
  },
  trade_ids_restarted: {
    station: 'ingest',
    level: 'error',
    message:
      '{venue} {symbol}: trade id {id} does not follow {last}: it is stored as run {run} of the ids of this symbol. If the venue began to ' +
      'count again, nothing need be done; else see the trades with this id_run',
  },
  trade_ids_conflict: {
    station: 'ingest',
    level: 'error',
    message:
      '{venue} {symbol}: {count} trades came again with another price, volume or side: the first ones are kept, these are in quarantine ' +
      '(conflicting_id). Compare both and ask the venue which is right',
  },
  repeats_unknown: {
    station: 'ingest',
    level: 'error',
    message: 'partition {partition} cannot ask which trades are stored: {why}; trying again in {waitMs} ms',
  },
  gap_closed: {
    station: 'ingest',
    level: 'info',
    message: '{venue} {symbol}: trades {first} to {last} complete again',
  },
} as const satisfies Record<string, EventDefinition>
