/** The heat map of a year of a thousand symbols: 8.76 million hours. */
import { CONDITIONS } from '../../src/coverage/condition.ts'
import { fillDays, NUMBERS } from '../../src/coverage/days.ts'
import { countHours, coverageGrid, coverageStatement, type GridRow } from '../../src/coverage/read.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type Bench, type Sample, spread } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'

const SYMBOLS = 1_000
const DAYS = 365
const DAY = 86_400
const FROM = Date.UTC(2025, 10, 22) / 1000
const RUNS = 7
const QUERY = { sources: '', kind: 'trades', from: FROM, to: FROM + DAYS * DAY }

/** Mostly proved; one hour of a hundred is something else. */
async function fillYear(store: Store): Promise<void> {
  for (let day = 0; day < DAYS; day += 30)
    await store.command(
      `INSERT INTO coverage (kind, venue, symbol, hour, condition, cause, ids, ticks, first_id, last_id, adjoins, recorded_seconds, computed_at)
       SELECT 'trades', 'binance', concat('S', toString(intDiv(number, {hours:UInt32}))), toDateTime({from:Int64} + 3600 * (number % {hours:UInt32}), 'UTC'),
         if(cityHash64(number, {from:Int64}) % 100 = 0, 1 + cityHash64(number) % 7, 2), 'ids_dense', 'dense', 1000, number, number + 999, 'yes', 3600, now64(6)
       FROM numbers({rows:UInt64})`,
      { hours: Math.min(30, DAYS - day) * 24, from: FROM + day * DAY, rows: SYMBOLS * Math.min(30, DAYS - day) * 24 },
    )
  await fillDays(store)
}

/** Reads what must have `SYMBOLS` rows of `DAYS` days; returns how many days it has. */
type Read = (store: Store) => Promise<number>

async function timed(read: Read): Promise<Sample> {
  return withDirectory(async directory => {
    const store = await openStore(`chdb:${directory}/store`)
    await fillYear(store)
    const cpuBefore = process.cpuUsage()
    const startedMs = performance.now()
    const timings: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const atMs = performance.now()
      const days = await read(store)
      timings.push(performance.now() - atMs)
      if (days !== SYMBOLS * DAYS) throw new Error(`${days} days, not the whole year`)
    }
    const seconds = (performance.now() - startedMs) / 1000
    const { user, system } = process.cpuUsage(cpuBefore)
    await store.close()
    const { median, max } = spread(timings)
    return { count: RUNS, seconds, cpuSeconds: (user + system) / 1e6, metrics: { 'p50, ms': median, 'max, ms': max } }
  })
}

const daysOf = (rows: readonly GridRow[]) => rows.reduce((sum, { days }) => sum + days.length, 0)

/** What `tickhouse coverage --by day` waits for: the totals and an answer as CSV. */
async function byDayFromDays(store: Store): Promise<number> {
  const statement = coverageStatement(QUERY, 'day')
  const [, bytes] = await Promise.all([countHours(store, QUERY), store.untrusted(statement, 'CSVWithNames')])
  return linesOf(bytes) - 1
}

/** As it was: the statement alone, without the limit of 30 s, which it exceeds on a busy machine, and without writing its rows. */
async function byDayFromHours(store: Store): Promise<number> {
  const [row] = await store.rows<{ days: string }>(
    `SELECT toString(count()) AS days FROM (${BY_DAY_FROM_HOURS}) WHERE NOT ignore(*) SETTINGS max_threads = 1`,
  )
  return Number(row!.days)
}

function linesOf(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++
  return lines
}

/** As without table `coverage_days`. */
async function fromHours(store: Store): Promise<number> {
  const rows = await store.rows<GridRow>(
    `SELECT kind, venue, symbol, arrayStringConcat(groupArrayInsertAt('0', ${DAYS})(toString(worst), toUInt32(day))) AS days
     FROM (
       SELECT kind, venue, symbol, intDiv(toUnixTimestamp(hour) - ${FROM}, ${DAY}) AS day, max(toInt8(condition)) AS worst
       FROM coverage FINAL GROUP BY kind, venue, symbol, day
     )
     GROUP BY kind, venue, symbol ORDER BY symbol SETTINGS do_not_merge_across_partitions_select_final = 1`,
  )
  return daysOf(rows)
}

/** As it was without the causes in table `coverage_days`. */
const NUMBERS_TEXT = NUMBERS.join(', ')
const BY_DAY_FROM_HOURS = `SELECT kind, venue, symbol, start, toString(worst.1) AS condition,
    ${['cause', ...NUMBERS].map((name, at) => `worst.${at + 2} AS ${name}`).join(', ')}, ticks, ${CONDITIONS.map(name => `hours_${name}`).join(', ')}
  FROM (
    SELECT kind, venue, symbol, toString(toDate(hour)) AS start,
      argMax((condition, cause, ${NUMBERS_TEXT}), (condition, missing + absent)) AS worst, sum(c.ticks) AS ticks,
      ${CONDITIONS.map(name => `toUInt32(countIf(condition = '${name}')) AS hours_${name}`).join(', ')}
    FROM (SELECT * FROM coverage FINAL WHERE kind = 'trades') AS c GROUP BY kind, venue, symbol, start
  )
  ORDER BY kind, venue, symbol, start`

export const coverage: Bench = {
  name: 'coverage',
  summary: 'the heat map, and the causes by day, of 1,000 symbols and a year',
  unit: 'statements',
  rounds: 1,
  contestants: [
    { name: 'from hours', run: () => timed(fromHours) },
    {
      name: 'from days',
      against: 'from hours',
      run: () => timed(async store => daysOf((await coverageGrid(store, QUERY)).rows)),
    },
    { name: 'by day, from hours', run: () => timed(byDayFromHours) },
    {
      name: 'by day, from days',
      against: 'by day, from hours',
      run: () => timed(byDayFromDays),
    },
  ],
  notes: ['8,760,000 hours of one kind; a statement reads all of them. Target: below a second.'],
}
