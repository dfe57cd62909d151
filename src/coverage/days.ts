/** Table `coverage_days`: the conditions of table `coverage`, a row for each day. */
import type { Store } from '../store/store.ts'
import { HOUR, type Span } from './facts.ts'

const HOURS_OF_DAY = 24
const DAY = HOURS_OF_DAY * HOUR

/** Inserts the days of these hours again, of all symbols of a kind. Times are seconds since 1970 UTC. */
export async function writeDays(store: Store, kind: string, hours: Iterable<number>): Promise<void> {
  const days = new Set<number>()
  for (const hour of hours) days.add(Math.floor(hour / DAY) * DAY)
  for (const from of days) await insertDays(store, { from, to: from + DAY }, `kind = {kind:String} AND`, { kind })
}

/** Fills the table where only the hours are there: of a store that was made before it. */
export async function fillDays(store: Store): Promise<void> {
  const [days] = await store.rows<{ n: number }>(
    'SELECT toUInt32(count()) AS n FROM (SELECT 1 FROM coverage_days LIMIT 1)',
  )
  if (days!.n > 0) return
  const months = await store.rows<{ first: string; next: string }>(
    `SELECT toString(toUnixTimestamp(toStartOfMonth(hour)::DateTime('UTC'))) AS first,
       toString(toUnixTimestamp((toStartOfMonth(hour) + INTERVAL 1 MONTH)::DateTime('UTC'))) AS next
     FROM coverage GROUP BY first, next ORDER BY first`,
  )
  for (const { first, next } of months) await insertDays(store, { from: Number(first), to: Number(next) })
}

/** `where` ends with AND, if it is not empty. */
async function insertDays(store: Store, span: Span, where = '', params: Record<string, unknown> = {}): Promise<void> {
  await store.command(
    `INSERT INTO coverage_days
     SELECT kind, venue, symbol, toDate(hour) AS day,
       arrayStringConcat(groupArrayInsertAt('0', ${HOURS_OF_DAY})(toString(toInt8(condition)), toUInt32(toHour(hour)))) AS hours,
       now64(6)
     FROM coverage FINAL
     WHERE ${where} hour >= toDateTime({from:Int64}, 'UTC') AND hour < toDateTime({to:Int64}, 'UTC')
     GROUP BY kind, venue, symbol, day`,
    { ...params, ...span },
  )
}
