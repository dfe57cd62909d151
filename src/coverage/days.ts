/** Table `coverage_days`: the conditions of table `coverage`, a row for each day. */
import type { Store } from '../store/store.ts'
import { HOUR, type Span } from './facts.ts'

const HOURS_OF_DAY = 24
const DAY = HOURS_OF_DAY * HOUR

/** With the cause of an hour they are one sentence: numbers, and a text. */
export const NUMBERS = [
  ...['supplied', 'gaps_open', 'gaps_unrepairable', 'gaps_accepted', 'gaps_repaired', 'missing', 'absent'],
  'gap_cause',
  ...['recorded_seconds', 'connections_lost', 'compared', 'equal'],
] as const
/** The columns of a day but its key, in the order of `daysOfHours`. */
export const DAY_COLUMNS = ['hours', 'cause', ...NUMBERS, 'ticks'] as const

/** Days from those of table `coverage` that satisfy a condition: the same columns as `coverage_days`, of the hours that are among them. */
export function daysOfHours(where: string): string {
  const worst = ['cause', ...NUMBERS].map((name, at) => `worst.${at + 1} AS ${name}`)
  return `SELECT kind, venue, symbol, day, hours, ${worst.join(', ')}, day_ticks AS ticks
    FROM (
      SELECT kind, venue, symbol, toDate(hour) AS day,
        arrayStringConcat(groupArrayInsertAt('0', ${HOURS_OF_DAY})(toString(toInt8(condition)), toUInt32(toHour(hour)))) AS hours,
        argMax((cause, ${NUMBERS.join(', ')}), (condition, missing + absent, -toInt64(toUnixTimestamp(hour)))) AS worst,
        sum(ticks) AS day_ticks
      FROM coverage FINAL WHERE ${where}
      GROUP BY kind, venue, symbol, day
    )`
}

/** Inserts the days of these hours again, of all symbols of a kind. Times are seconds since 1970 UTC. */
export async function writeDays(store: Store, kind: string, hours: Iterable<number>): Promise<void> {
  const days = new Set<number>()
  for (const hour of hours) days.add(Math.floor(hour / DAY) * DAY)
  for (const from of days) await insertDays(store, { from, to: from + DAY }, `kind = {kind:String} AND`, { kind })
}

/** Fills the table where only the hours are there, or days without their cause: of a store that was made before. */
export async function fillDays(store: Store): Promise<void> {
  const [days] = await store.rows<{ whole: number }>(
    `SELECT toUInt8((SELECT count() FROM (SELECT 1 FROM coverage_days LIMIT 1)) = 1
       AND (SELECT count() FROM (SELECT 1 FROM coverage_days FINAL WHERE cause = '' LIMIT 1)) = 0) AS whole`,
  )
  if (days!.whole === 1) return
  const months = await store.rows<{ first: string; next: string }>(
    `SELECT toString(toUnixTimestamp(toStartOfMonth(hour)::DateTime('UTC'))) AS first,
       toString(toUnixTimestamp((toStartOfMonth(hour) + INTERVAL 1 MONTH)::DateTime('UTC'))) AS next
     FROM coverage GROUP BY first, next ORDER BY first`,
  )
  for (const { first, next } of months) await insertDays(store, { from: Number(first), to: Number(next) })
}

/** `where` ends with AND, if it is not empty. */
async function insertDays(store: Store, span: Span, where = '', params: Record<string, unknown> = {}): Promise<void> {
  const hours = `${where} hour >= toDateTime({from:Int64}, 'UTC') AND hour < toDateTime({to:Int64}, 'UTC')`
  await store.command(
    `INSERT INTO coverage_days (kind, venue, symbol, day, ${DAY_COLUMNS.join(', ')}, computed_at)
     SELECT *, now64(6) FROM (${daysOfHours(hours)})`,
    { ...params, ...span },
  )
}
