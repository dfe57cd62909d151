/**
 * A condition: rows of the given partitions from these offsets on, of records logged yesterday or today. A query for
 * new rows costs the same for a table of any size. Literals, not parameters, so that the index over log positions is
 * used.
 */
export function sinceOffsets(offsets: ReadonlyMap<number, number>): string {
  const each = [...offsets].map(([partition, offset]) => `(log_partition = ${partition} AND log_offset >= ${offset})`)
  return `${LOGGED_LATELY} AND (${each.join(' OR ')})`
}

/** A condition: records logged yesterday or today. */
export const LOGGED_LATELY = 'log_day >= today() - 1'
