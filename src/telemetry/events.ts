/**
 * All events, each defined once: name, stage, level and message. The log, the page and the table `events` are derived
 * from here; nothing logs in any other way.
 */
import type { EventDefinition, Level, Stage } from './definitions/event.ts'
import { ARCHIVE_EVENTS } from './definitions/events-of-archive.ts'
import { ID_EVENTS } from './definitions/events-of-ids.ts'
import { QUERY_EVENTS } from './definitions/events-of-queries.ts'
import { SOURCE_EVENTS } from './definitions/events-of-sources.ts'
import { UPGRADE_EVENTS } from './definitions/events-of-upgrades.ts'
import { WATCH_EVENTS } from './definitions/events-of-watch.ts'

export type { EventDefinition, Level, Stage }

const define = <const T extends Record<string, EventDefinition>>(events: T): T => events

/** Names are stored in the table `events` and used in queries: they stay. */
export const EVENTS = define({
  house_started: { station: 'house', level: 'info', message: 'tickhouse {version} started: {what}' },
  house_stopping: { station: 'house', level: 'info', message: 'stopping on {signal}: draining' },
  house_stopped: { station: 'house', level: 'info', message: 'stopped cleanly after {tookMs} ms' },
  process_failed: { station: 'house', level: 'error', message: 'cannot continue: {why}' },
  child_started: { station: 'house', level: 'debug', message: '{child} process started (pid {pid})' },
  child_ended: {
    station: 'house',
    level: 'error',
    message: '{child} process ended ({how}); restarting in {waitMs} ms',
  },
  restarted: {
    station: 'house',
    level: 'error',
    message: 'the {what} process ended ({how}) and was restarted',
  },
  child_unclean: {
    station: 'house',
    level: 'error',
    message:
      'unclean stop: the {child} process ended after {afterMs} ms ({how}); no acknowledged record is lost, and the next start resumes from the log',
  },
  engine_failed: { station: 'store', level: 'error', message: '{why}. {advice}' },
  lines_left_out: {
    station: 'house',
    level: 'warn',
    message: '{count} log lines dropped: the reader was too slow',
  },
  diagnostics_failed: {
    station: 'house',
    level: 'warn',
    message: 'cannot write metrics and events: {why}; buffering (ticks unaffected)',
  },
  simulated: { station: 'house', level: 'warn', message: 'SIMULATED DATA: {why}. To go live: {advice}' },

  ...UPGRADE_EVENTS,
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
      '{partitions} partitions were added to the topics after the log was created: they are not used, and records that other programs write there are not stored. See docs/kafka.md',
  },
  log_awaited: { station: 'log', level: 'warn', message: 'waiting for the log: {why}. {advice}' },
  log_append_failed: {
    station: 'log',
    level: 'error',
    message: 'cannot write to the log: {why}. {advice}; retrying in {waitMs} ms',
  },
  log_append_waiting: {
    station: 'log',
    level: 'warn',
    message: 'the log has not acknowledged records of partition {partition} for {waitedMs} ms: still waiting',
  },
  log_append_recovered: { station: 'log', level: 'info', message: 'the log is writable again after {outageMs} ms' },
  log_clock_set_back: {
    station: 'log',
    level: 'error',
    message:
      'the clock of the log went back by {backMs} ms before offset {offset} of partition {partition}: it was wrong before, or is wrong now. Records keep the time it gave; see docs/decisions/clock.md',
  },
  ticks_given_up: {
    station: 'log',
    level: 'error',
    message: 'log unwritable at shutdown: {ticks} received ticks lost',
  },

  ingest_started: {
    station: 'ingest',
    level: 'info',
    message: 'partition {partition} resumes at offset {next}, {lag} records behind',
  },
  resume_failed: {
    station: 'ingest',
    level: 'error',
    message: 'partition {partition} cannot read its checkpoint from the store: {why}; retrying in {waitMs} ms',
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
    message: 'partition {partition}: cannot compare the last stored record {last} with the log: {why}',
  },
  range_lost: {
    station: 'ingest',
    level: 'error',
    message: 'partition {partition}: the log dropped records {first} to {last} before they were stored',
  },
  ticks_refused: {
    station: 'ingest',
    level: 'warn',
    message: '{count} ticks refused ({reason}): see the quarantine table',
  },
  requeued: {
    station: 'ingest',
    level: 'info',
    message: '{count} quarantined ticks now pass validation and were stored',
  },

  store_opened: {
    station: 'store',
    level: 'info',
    message: 'store open at {address}: ClickHouse {version}, {ticks}',
  },
  insert_failed: {
    station: 'store',
    level: 'error',
    message: 'partition {partition}: insert failed: {why}; retrying in {waitMs} ms',
  },
  insert_confirmed: {
    station: 'store',
    level: 'warn',
    message:
      'partition {partition}: the insert of offsets {first} to {last} failed, but its rows are stored: continuing',
  },
  insert_recovered: {
    station: 'store',
    level: 'info',
    message: 'partition {partition}: inserts work again after {outageMs} ms',
  },
  audit_passed: {
    station: 'store',
    level: 'debug',
    message: 'audit passed: {ticks} ticks, each stored exactly once, in {tookMs} ms',
  },
  audit_failed: {
    station: 'store',
    level: 'error',
    message: 'AUDIT FAILED on partition {partition}: {detail}. Run: tickhouse doctor',
  },
  coverage_failed: {
    station: 'store',
    level: 'warn',
    message: 'the coverage of hours could not be counted: {why}; retrying',
  },
  upkeep_failed: { station: 'store', level: 'error', message: 'the audit could not run: {why}; retrying' },

  ...ARCHIVE_EVENTS,

  serving: { station: 'serve', level: 'info', message: 'the page is at {url}' },
  serving_figures: { station: 'serve', level: 'info', message: 'health and metrics are at {url}' },
  page_failed: {
    station: 'serve',
    level: 'error',
    message: 'could not update an open page: {why}; retrying',
  },
  query_overran: {
    station: 'serve',
    level: 'warn',
    message: '{why} The engine ends it, or this process is restarted',
  },
  query_overran_ended: {
    station: 'serve',
    level: 'info',
    message: 'the query that exceeded its time limit ended {afterMs} ms later',
  },
  ...QUERY_EVENTS,

  ...WATCH_EVENTS,
})

export type EventName = keyof typeof EVENTS

export type Fields = Record<string, string | number | boolean>

type Placeholders<Message extends string> = Message extends `${string}{${infer Field}}${infer Rest}`
  ? Field | Placeholders<Rest>
  : never

/** The fields of an event: each one that its message names, and any others. */
export type FieldsOf<Name extends EventName> = Fields &
  Readonly<Record<Placeholders<(typeof EVENTS)[Name]['message']>, Fields[string]>>

/** Emits an event: see journal.ts. */
export type Emit = <Name extends EventName>(name: Name, fields: FieldsOf<Name>) => void
/** The message of an event with its fields filled in. */
export function describe(name: EventName, fields: Fields): string {
  return EVENTS[name].message.replace(/\{(\w+)\}/g, (whole, key: string) => String(fields[key] ?? whole))
}
