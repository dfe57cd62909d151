/** Events of the archive and of log retention: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const ARCHIVE_EVENTS = {
  archive_opened: {
    station: 'archive',
    level: 'info',
    message: 'archive open at {address}: {objects} objects, {rows} rows verified',
  },
  archive_moved: {
    station: 'archive',
    level: 'info',
    message: 'archive {archive} moved from {before} to {address}: its catalog entries apply there',
  },
  archive_taken_over: {
    station: 'archive',
    level: 'info',
    message:
      'the archive {address} had no marker; its {manifests} manifests are those of this log, so it is marked now',
  },
  uploads_aborted: {
    station: 'archive',
    level: 'info',
    message: '{uploads} incomplete uploads of an earlier archiver to {address} aborted',
  },
  slice_archived: {
    station: 'archive',
    level: 'info',
    message: 'partition {partition}: records {first} to {last} archived and verified: {rows} rows in {tookMs} ms',
  },
  slice_archived_anew: {
    station: 'archive',
    level: 'info',
    message: 'partition {partition}: records {first} to {last} archived again: quarantined ticks of theirs were stored',
  },
  day_archived: {
    station: 'archive',
    level: 'info',
    message: '{kind} of {day} archived and verified: {rows} rows',
  },
  archive_failed: {
    station: 'archive',
    level: 'error',
    message: 'archiving failed: {why}. {advice}; retrying in {waitMs} ms',
  },
  archive_recovered: { station: 'archive', level: 'info', message: 'archiving to {address} works again' },
  seal_opened: {
    station: 'archive',
    level: 'info',
    message: 'transparency log of {address} open: {entries} entries',
  },
  last_checkpoint_unknown: {
    station: 'archive',
    level: 'warn',
    message:
      'neither store nor key file has the last checkpoint that was signed: the transparency log of {address} goes on from the {entries} entries that are there. If that archive was restored from an older copy, compare it with what a witness or a certificate has',
  },
  sealed: {
    station: 'archive',
    level: 'info',
    message: '{entries} entries sealed: checkpoint {size} of the transparency log is signed',
  },
  seal_failed: {
    station: 'archive',
    level: 'error',
    message: 'sealing failed: {why}. {advice}; retrying in {waitMs} ms',
  },
  seal_recovered: { station: 'archive', level: 'info', message: 'sealing the archive {address} works again' },
  cosignature_stored: {
    station: 'archive',
    level: 'info',
    message: 'checkpoint {size} of the transparency log is cosigned by {witness}',
  },
  log_retention: {
    station: 'archive',
    level: 'info',
    message: 'archived and verified records stay in the log {keeps} (TICKHOUSE_LOG_KEEP_HOURS)',
  },
  log_trimmed: {
    station: 'archive',
    level: 'info',
    message: 'partition {partition}: archived records removed from the log, which now begins at offset {first}',
  },
  log_trim_waits: {
    station: 'archive',
    level: 'warn',
    message:
      'partition {partition}: archived records below offset {below} are still in the log: is its recorder running?',
  },
  day_dropped: {
    station: 'archive',
    level: 'info',
    message: 'log day {day} removed from the store ({tables}): its {rows} rows were read back from the archive first',
  },
  day_held: { station: 'archive', level: 'error', message: 'log day {day} stays in the store: {why}' },
} as const satisfies Record<string, EventDefinition>
