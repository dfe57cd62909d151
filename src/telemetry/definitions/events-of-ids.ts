/** Events of the trade ids of a symbol: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const ID_EVENTS = {
  gap_found: {
    station: 'ingest',
    level: 'warn',
    message: '{venue} {symbol}: trades {first} to {last} missing ({missing})',
  },
  repair_waiting: {
    station: 'sources',
    level: 'warn',
    message:
      '{venue}: missing trades cannot be requested from {address} now ({why}); the next request is in {waitMs} ms',
  },
  trades_beyond_reach: {
    station: 'sources',
    level: 'warn',
    message:
      '{venue}: {count} missing trades are older than TICKHOUSE_REPAIR_REACH ({hours} h) and are not requested: tickhouse gaps lists them, tickhouse gaps retry {venue} requests them all the same',
  },
  trades_unrepairable: {
    station: 'sources',
    level: 'warn',
    message: '{venue} {symbol}: {count} missing trades from id {first} on are not supplied: {why} (table repairs)',
  },
  trade_ids_restarted: {
    station: 'ingest',
    level: 'error',
    message:
      '{venue} {symbol}: trade id {id} does not follow {last}: stored as run {run} of the ids of this symbol. If the venue restarted its count, no action is needed; otherwise check the trades with this id_run',
  },
  quotes_missing: {
    station: 'ingest',
    level: 'error',
    message:
      '{venue} {symbol}: {failed} of {compared} tops of the rebuilt order book differ from the last quote before: quotes are missing. See table audits and docs/quotes.md',
  },
  quote_sequence_restarted: {
    station: 'ingest',
    level: 'warn',
    message:
      '{venue} {symbol}: quotes continue at sequence {first} after {last}: the venue restarted its count. Quotes between may be missing',
  },
  trade_ids_conflict: {
    station: 'ingest',
    level: 'error',
    message:
      '{venue} {symbol}: {count} trades arrived again with another price, volume or side: the first ones are kept, these are in quarantine (conflicting_id). Compare both and find out from the venue which is right',
  },
  repeats_unknown: {
    station: 'ingest',
    level: 'error',
    message: 'partition {partition} cannot check which trades are stored: {why}; retrying in {waitMs} ms',
  },
  gaps_unlisted: {
    station: 'ingest',
    level: 'error',
    message:
      '{missing} missing trades cannot be listed for the recorders, which request only what is listed: {why}; retrying. Let this process write the status topic of the log (docs/kafka.md)',
  },
  gap_closed: {
    station: 'ingest',
    level: 'info',
    message: '{venue} {symbol}: trades {first} to {last} complete again',
  },
} as const satisfies Record<string, EventDefinition>
