/** Events of the watcher and its alerts: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const WATCH_EVENTS = {
  watching: {
    station: 'watch',
    level: 'info',
    message: 'watching {instance} every {everySeconds} s; alerts go to: {channels}',
  },
  watch_untold: {
    station: 'watch',
    level: 'warn',
    message: 'alerts go nowhere: set TICKHOUSE_ALERT_EMAIL, TICKHOUSE_ALERT_WEBHOOKS or TICKHOUSE_ALERT_COMMAND',
  },
  watch_forgot: {
    station: 'watch',
    level: 'warn',
    message: 'unreadable state file moved to {file}; starting fresh',
  },
  watch_unkept: { station: 'watch', level: 'error', message: 'cannot save watcher state: {why}' },
  watch_unseen: { station: 'watch', level: 'warn', message: 'cannot report to the instance: {why}' },
  witness_key: { station: 'watch', level: 'info', message: 'checkpoints are cosigned with the key {key}' },
  witness_began: {
    station: 'watch',
    level: 'warn',
    message:
      'a transparency log is cosigned for the first time: compare its key with the one its owner published: {log}',
  },
  cosigned: { station: 'watch', level: 'info', message: 'checkpoint of {size} entries of {log} cosigned' },
  silences_unread: {
    station: 'watch',
    level: 'warn',
    message: 'cannot read the file of silences, so nothing is silenced: {why}',
  },
  watch_unpinged: { station: 'watch', level: 'warn', message: 'ping failed: {why}' },
  alert_opened: { station: 'watch', level: 'error', message: 'ALERT {name}: {title}. {what} What to do: {next}' },
  alert_open: { station: 'watch', level: 'warn', message: 'still open after {lasted}: {name}: {title}' },
  alert_closed: { station: 'watch', level: 'info', message: 'over after {lasted}: {name}: {title}' },
  alert_unsent: {
    station: 'watch',
    level: 'error',
    message: 'could not send alert {alert} by {channel}: {why}; retrying in {waitMs} ms',
  },
  alert_refused: {
    station: 'watch',
    level: 'error',
    message: '{channel} refused alert {alert}, which is dropped there: {why}',
  },
  alerts_left_out: {
    station: 'watch',
    level: 'error',
    message: '{count} alert messages dropped: no channel accepted them in time',
  },
} as const satisfies Record<string, EventDefinition>
