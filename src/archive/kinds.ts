/** The archived tables, their order and time column. Kinds of ticks come from tick/kinds.ts; to archive another table, add it here. */
import { KINDS, QUARANTINE, TRADES } from '../tick/kinds.ts'

export { QUARANTINE }

/** An archived table. */
export interface Kind {
  table: string
  /** Order of rows in an object, that of the table, so that readers can skip row groups. */
  orderBy: string
  /** Column with the time of the row's event. */
  time: string
}

/**
 * Archived by segment of the log: their rows have `log_partition`, `log_offset`, `log_index`, `logged_at` and
 * `log_day`.
 */
export const TICK_KINDS: readonly Kind[] = [
  ...KINDS.toReversed(),
  { table: QUARANTINE, orderBy: 'log_partition, log_offset, log_index', time: 'received_at' },
]

/** The first of them: a segment has an object of it in an archive of any version, and is counted by it. */
export const SEGMENT_TABLE = TRADES.table

/** Small tables about the instance itself, archived by UTC day of their time column. */
export const DAILY_KINDS: readonly Kind[] = [
  { table: 'gaps', orderBy: 'venue, symbol, first_id, last_id', time: 'changed_at' },
  { table: 'audits', orderBy: 'at, log_partition', time: 'at' },
  { table: 'metrics', orderBy: 'name, at, instance', time: 'at' },
  { table: 'events', orderBy: 'at, instance, id', time: 'at' },
  { table: 'uptime', orderBy: 'at, instance', time: 'at' },
]
