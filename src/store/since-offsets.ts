/**
 * As a condition: rows of the given partitions from those offsets on, of records that were logged lately. So a question about what
 * is new stays cheap, however much a table holds. Written out, not as parameters, so that the index over log places can be used.
 */
export function sinceOffsets(places: ReadonlyMap<number, number>): string {
  const each = [...places].map(([partition, offset]) => `(log_partition = ${partition} AND log_offset >= ${offset})`)
  return `${LOGGED_LATELY} AND (${each.join(' OR ')})`
}

/** Of records that were logged yesterday or today. */
export const LOGGED_LATELY = 'log_day >= today() - 1'
