/** Ticks of a run that left the tables for an archive which the views do not include here: without them a replay means nothing. */
import { TickhouseError } from '../../errors.ts'
import type { RunQuery } from '../../replay/range.ts'
import { STORED_QUOTES, STORED_TRADES } from '../../replay/stored-ticks.ts'
import { literal } from '../../store/sql.ts'
import { timeText } from '../results/rows.ts'
import { rowsOf } from './rows-of.ts'
import type { StoredRun } from './runs.ts'

/**
 * Throws `archive_unavailable` if ticks of the run's time cannot be read, and errors of the store. `clock`: of the portfolio; by the venue's
 * time only trades are played. A segment of the archive counts as readable if the views have its first tick.
 */
export async function requireTicks(
  runQuery: RunQuery,
  run: Pick<StoredRun, 'run' | 'mode' | 'fromMicros' | 'untilMicros'>,
  clock: 'received' | 'venue',
): Promise<void> {
  const isByVenueTime = run.mode === 'run' && clock === 'venue'
  for (const { name, table } of isByVenueTime ? [STORED_TRADES] : [STORED_QUOTES, STORED_TRADES]) {
    const left = `SELECT log_partition, lowest_offset, lowest_index, toDate(slice_start) AS day FROM archive_ledger FINAL
      WHERE kind = ${literal(name)} AND state IN ('dropping', 'dropped') AND rows > 0 AND ${segmentsOf(run)}`
    const position = 'log_partition, log_offset, log_index'
    const [row] = await rowsOf<Record<'segments' | 'first' | 'last', string>>(
      runQuery,
      `SELECT toString(count()) AS segments, toString(min(day)) AS first, toString(max(day)) AS last FROM (${left}) AS s
       WHERE (s.log_partition, s.lowest_offset, s.lowest_index) NOT IN (SELECT ${position} FROM ${table}
         WHERE log_day IN (SELECT day FROM (${left})) AND (${position}) IN (SELECT log_partition, lowest_offset, lowest_index FROM (${left})))`,
    )
    if (Number(row!.segments) === 0) continue
    const days = row!.first === row!.last ? row!.first : `${row!.first} to ${row!.last}`
    throw new TickhouseError(
      'archive_unavailable',
      `${name} of run ${run.run} cannot be read: they are in the archive alone, logged on ${days}`,
      'Set TICKHOUSE_ARCHIVE to that archive, also for the tickhouse that answers at TICKHOUSE_LISTEN, or bring them back: tickhouse restore',
    )
  }
}

/** A condition over `archive_ledger`: by the cuts of a live run, or by the time of another. */
function segmentsOf({ run, mode, fromMicros, untilMicros }: Parameters<typeof requireTicks>[1]): string {
  if (mode === 'run')
    return `last_time >= toDateTime64('${timeText(fromMicros)}', 6, 'UTC') AND first_time <= toDateTime64('${timeText(untilMicros)}', 6, 'UTC')`
  return `(log_partition, kind, slice_start, first_offset) IN (
    SELECT l.log_partition, l.kind, l.slice_start, l.first_offset FROM archive_ledger AS l INNER JOIN (
      SELECT partition, min(from_offset) AS since, max(until_offset) AS until FROM lab_cuts
      WHERE run = ${literal(run)} AND until_offset > from_offset GROUP BY partition) AS c ON l.log_partition = c.partition
    WHERE l.last_offset >= c.since AND l.first_offset < c.until)`
}
