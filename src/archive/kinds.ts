/** The archived tables, their order and time column. To archive another table, add it here. */

/** An archived table. */
export interface Kind {
  table: string
  /** Order of rows in an object, that of the table, so that readers can skip row groups. */
  orderBy: string
  /** Column with the time of the row's event. */
  time: string
}

/** Quarantined ticks of all kinds. */
export const QUARANTINE = 'quarantine'

/**
 * Archived by segment of the log: their rows have `log_partition`, `log_offset`, `log_index`, `logged_at` and
 * `log_day`.
 */
export const TICK_KINDS: readonly Kind[] = [
  { table: 'trades', orderBy: 'symbol, venue, timestamp, trade_id', time: 'timestamp' },
  { table: QUARANTINE, orderBy: 'log_partition, log_offset, log_index', time: 'received_at' },
]

/** Small tables about the instance itself, archived by UTC day of their time column. */
export const DAILY_KINDS: readonly Kind[] = [
  { table: 'gaps', orderBy: 'venue, symbol, first_id, last_id', time: 'changed_at' },
  { table: 'audits', orderBy: 'at, log_partition', time: 'at' },
  { table: 'metrics', orderBy: 'name, at, instance', time: 'at' },
  { table: 'events', orderBy: 'at, instance, id', time: 'at' },
  { table: 'uptime', orderBy: 'at, instance', time: 'at' },
]
