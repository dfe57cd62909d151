/**
 * Every occurrence worth telling, defined once: its name, how bad it is, and what it says. Log lines, the page and the
 * diagnostics tables all take it from here; nothing logs in any other way.
 */
import type { EventDefinition, Level, Stage } from './definitions/event.ts'
import { ID_EVENTS } from './definitions/events-of-ids.ts'
import { QUERY_EVENTS } from './definitions/events-of-queries.ts'
import { SOURCE_EVENTS } from './definitions/events-of-sources.ts'

export type { EventDefinition, Level, Stage }

const define = <T extends Record<string, EventDefinition>>(events: T): T => events

export const EVENTS = define({
  house_started: { station: 'house', level: 'info', message: 'tickhouse {version} started: {what}' },
  house_stopping: { station: 'house', level: 'info', message: 'stopping on {signal}: draining' },
  house_stopped: { station: 'house', level: 'info', message: 'stopped cleanly after {tookMs} ms' },
  process_failed: { station: 'house', level: 'error', message: 'cannot go on: {why}' },
  child_started: { station: 'house', level: 'debug', message: '{child} process started (pid {pid})' },
  child_ended: {
    station: 'house',
    level: 'error',
    message: '{child} process ended ({how}); starting it again in {waitMs} ms',
  },
  restarted: {
    station: 'house',
    level: 'error',
    message: 'the {what} process ended ({how}) and was started again',
  },
  child_unclean: {
    station: 'house',
    level: 'error',
    message:
      'not stopped cleanly: the {child} process ended after {afterMs} ms by {how}; nothing acknowledged is lost, and the next start goes on from the log',
  },
  engine_failed: { station: 'store', level: 'error', message: '{why}. {advice}' },
  lines_left_out: {
    station: 'house',
    level: 'warn',
    message: '{count} lines were left out here: whoever reads them did not keep up',
  },
  diagnostics_failed: {
    station: 'house',
    level: 'warn',
    message: 'figures and events cannot be written to their tables: {why}; they wait, ticks are not held up',
  },
  simulated: { station: 'house', level: 'warn', message: 'SIMULATED DATA: {why}. To go live: {advice}' },

  ...SOURCE_EVENTS,
  ...ID_EVENTS,

  log_opened: {
    station: 'log',
    level: 'info',
    message: 'log open at {address}: {partitions} partitions, next offsets {next}',
  },
  partitions_unused: {
    station: 'log',
    level: 'warn',
    message:
      '{partitions} partitions were added to the topics after the log was made: they are not used, and what other programs write to them is not stored. See docs/kafka.md',
  },
  log_awaited: { station: 'log', level: 'warn', message: 'waiting for the log: {why}. {advice}' },
  log_append_failed: {
    station: 'log',
    level: 'error',
    message: 'the log cannot be written: {why}. {advice}; trying again in {waitMs} ms',
  },
  log_append_waiting: {
    station: 'log',
    level: 'warn',
    message: 'the log has not taken records of partition {partition} for {waitedMs} ms: still trying',
  },
  log_append_recovered: { station: 'log', level: 'info', message: 'the log can be written again after {outageMs} ms' },
  log_clock_set_back: {
    station: 'log',
    level: 'error',
    message:
      'the clock of the log fell by {backMs} ms before offset {offset} of partition {partition}: it was wrong before or is now. ' +
      'Records have the time it said; see docs/decisions/clock.md',
  },
  ticks_given_up: {
    station: 'log',
    level: 'error',
    message: 'stopping without a log that can be written: {ticks} received ticks are lost',
  },

  ingest_started: {
    station: 'ingest',
    level: 'info',
    message: 'partition {partition} resumes at offset {next}, {lag} records behind',
  },
  resume_failed: {
    station: 'ingest',
    level: 'error',
    message: 'partition {partition} cannot ask the tables where to go on: {why}; trying again in {waitMs} ms',
  },
  ingest_fenced: {
    station: 'ingest',
    level: 'warn',
    message: 'partition {partition} was taken over by another process at offset {next}',
  },
  ingest_failed: { station: 'ingest', level: 'error', message: 'partition {partition} stopped: {why}. {advice}' },
  position_unverified: {
    station: 'ingest',
    level: 'info',
    message: 'partition {partition}: the last stored record {last} cannot be compared with the log: {why}',
  },
  range_lost: {
    station: 'ingest',
    level: 'error',
    message: 'partition {partition}: records {first} to {last} left the log before they were stored',
  },
  ticks_refused: { station: 'ingest', level: 'warn', message: '{count} refused ({reason}): see the quarantine table' },
  requeued: {
    station: 'ingest',
    level: 'info',
    message: "{count} ticks left quarantine: they are good by today's rules",
  },

  store_opened: {
    station: 'store',
    level: 'info',
    message: 'store open at {address}: ClickHouse {version}, {trades} trades',
  },
  insert_failed: {
    station: 'store',
    level: 'error',
    message: 'partition {partition}: insert failed: {why}; trying again in {waitMs} ms',
  },
  insert_confirmed: {
    station: 'store',
    level: 'warn',
    message: 'partition {partition}: the failed insert of offsets {first} to {last} had been stored: going on',
  },
  insert_recovered: {
    station: 'store',
    level: 'info',
    message: 'partition {partition}: inserts work again after {outageMs} ms',
  },
  audit_passed: {
    station: 'store',
    level: 'debug',
    message: 'audit passed: {ticks} ticks dense and unique in {tookMs} ms',
  },
  audit_failed: {
    station: 'store',
    level: 'error',
    message: 'AUDIT FAILED on partition {partition}: {detail}. Run: tickhouse doctor',
  },
  upkeep_failed: { station: 'store', level: 'error', message: 'the audit could not run: {why}; trying again' },

  archive_opened: {
    station: 'archive',
    level: 'info',
    message: 'archive open at {address}: {objects} objects, {rows} rows verified',
  },
  archive_moved: {
    station: 'archive',
    level: 'info',
    message: 'archive {archive}, known at {before}, was found at {address}: what the ledger has of it counts there',
  },
  archive_taken_over: {
    station: 'archive',
    level: 'info',
    message:
      'the archive {address} has no marker, and its {manifests} manifests are those of this log: it is marked now',
  },
  uploads_aborted: {
    station: 'archive',
    level: 'info',
    message: '{uploads} objects that an earlier archiver sent to {address} in part only were aborted',
  },
  slice_archived: {
    station: 'archive',
    level: 'info',
    message: 'partition {partition}: records {first} to {last} archived and verified: {rows} rows in {tookMs} ms',
  },
  slice_archived_anew: {
    station: 'archive',
    level: 'info',
    message: 'partition {partition}: records {first} to {last} archived anew, since ticks left quarantine',
  },
  day_archived: {
    station: 'archive',
    level: 'info',
    message: '{kind} of {day} archived and verified: {rows} rows',
  },
  archive_failed: {
    station: 'archive',
    level: 'error',
    message: 'archiving failed: {why}. {advice}; trying again in {waitMs} ms',
  },
  archive_recovered: { station: 'archive', level: 'info', message: 'archiving to {address} works again' },
  log_retention: {
    station: 'archive',
    level: 'info',
    message: 'archived and verified records stay in the log {keeps} (TICKHOUSE_LOG_KEEP_HOURS)',
  },
  log_trimmed: {
    station: 'archive',
    level: 'info',
    message: 'partition {partition}: archived records left the log, which now begins at offset {first}',
  },
  log_trim_waits: {
    station: 'archive',
    level: 'warn',
    message:
      'partition {partition}: archived records below offset {below} are still in the log: does its recorder run?',
  },
  day_dropped: {
    station: 'archive',
    level: 'info',
    message: 'the log day {day} left the store: its {rows} rows are in the archive, read back just before',
  },
  day_held: { station: 'archive', level: 'error', message: 'the log day {day} stays in the store: {why}' },

  serving: { station: 'serve', level: 'info', message: 'the page is at {url}' },
  serving_figures: { station: 'serve', level: 'info', message: 'health and figures are at {url}' },
  page_failed: {
    station: 'serve',
    level: 'error',
    message: 'an open page could not be told the latest: {why}; trying again',
  },
  query_overran: {
    station: 'serve',
    level: 'warn',
    message: '{why} The engine ends it, or this process is started again',
  },
  query_overran_ended: {
    station: 'serve',
    level: 'info',
    message: 'the query that was given up has ended, {afterMs} ms later',
  },
  ...QUERY_EVENTS,

  watching: { station: 'watch', level: 'info', message: 'watching {house} every {everySeconds} s; told by: {routes}' },
  watch_untold: {
    station: 'watch',
    level: 'warn',
    message: 'nobody is told of alerts: set TICKHOUSE_ALERT_EMAIL, TICKHOUSE_ALERT_WEBHOOKS or TICKHOUSE_ALERT_COMMAND',
  },
  watch_forgot: {
    station: 'watch',
    level: 'warn',
    message: 'what the watcher kept cannot be read and was put aside as {file}: it begins anew',
  },
  watch_unkept: { station: 'watch', level: 'error', message: 'the watcher cannot keep what it knows: {why}' },
  watch_unseen: { station: 'watch', level: 'warn', message: 'the house does not take what the watcher knows: {why}' },
  silences_unread: {
    station: 'watch',
    level: 'warn',
    message: 'the file of silences cannot be read, so nothing is silenced: {why}',
  },
  watch_unpinged: { station: 'watch', level: 'warn', message: 'the ping was not taken: {why}' },
  alert_opened: { station: 'watch', level: 'error', message: 'ALERT {name}: {title}. {what} What to do: {next}' },
  alert_open: { station: 'watch', level: 'warn', message: 'still {name}, for {lasted}: {title}' },
  alert_closed: { station: 'watch', level: 'info', message: 'over after {lasted}: {name}: {title}' },
  alert_unsent: {
    station: 'watch',
    level: 'error',
    message: 'alert {alert} could not be sent by {route}: {why}; trying again in {waitMs} ms',
  },
  alert_refused: {
    station: 'watch',
    level: 'error',
    message: 'alert {alert} is not taken by {route} and was given up there: {why}',
  },
  alerts_left_out: {
    station: 'watch',
    level: 'error',
    message: '{count} alerts were left out: nobody took them for long',
  },
})

export type EventName = keyof typeof EVENTS
/** Tells an occurrence to whoever listens: see journal.ts. */
export type Emit = (name: EventName, fields: Fields) => void
export type Fields = Record<string, string | number | boolean>

/** The line a person reads, with the fields set in. */
export function describe(name: EventName, fields: Fields): string {
  return EVENTS[name].message.replace(/\{(\w+)\}/g, (whole, key: string) => String(fields[key] ?? whole))
}
