/** What is archived, and how each kind is ordered and cut. A new table is archived once it stands here. */

/** A table of which an object is made. */
export interface Kind {
  table: string
  /** Rows in an object are in this order, the table's own, so that a reader's filter skips row groups. */
  orderBy: string
  /** The column that says when a row happened. */
  time: string
}

/** Refused ticks, of all kinds. */
export const QUARANTINE = 'quarantine'

/** Kinds cut by the log: their rows carry `log_partition`, `log_offset`, `log_index`, `logged_at` and `log_day`. */
export const TICK_KINDS: readonly Kind[] = [
  { table: 'trades', orderBy: 'symbol, venue, timestamp, trade_id', time: 'timestamp' },
  { table: QUARANTINE, orderBy: 'log_partition, log_offset, log_index', time: 'received_at' },
]

/** Small tables about the house itself, cut by the UTC day of their time. */
export const DAILY_KINDS: readonly Kind[] = [
  { table: 'gaps', orderBy: 'venue, symbol, first_id, last_id', time: 'changed_at' },
  { table: 'audits', orderBy: 'at, log_partition', time: 'at' },
  { table: 'metrics', orderBy: 'name, at, instance', time: 'at' },
  { table: 'events', orderBy: 'at, instance, id', time: 'at' },
  { table: 'uptime', orderBy: 'at, instance', time: 'at' },
]
