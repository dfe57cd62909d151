/** The heat map of a year of a thousand symbols: 8.76 million hours. */
import { fillDays } from '../../src/coverage/days.ts'
import { coverageGrid, type GridRow } from '../../src/coverage/read.ts'
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

async function timed(read: (store: Store) => Promise<GridRow[]>): Promise<Sample> {
  return withDirectory(async directory => {
    const store = await openStore(`chdb:${directory}/store`)
    await fillYear(store)
    const cpuBefore = process.cpuUsage()
    const startedMs = performance.now()
    const timings: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const atMs = performance.now()
      const rows = await read(store)
      timings.push(performance.now() - atMs)
      if (rows.length !== SYMBOLS || rows.some(({ days }) => days.length !== DAYS))
        throw new Error('not the whole year')
    }
    const seconds = (performance.now() - startedMs) / 1000
    const { user, system } = process.cpuUsage(cpuBefore)
    await store.close()
    const { median, max } = spread(timings)
    return { count: RUNS, seconds, cpuSeconds: (user + system) / 1e6, metrics: { 'p50, ms': median, 'max, ms': max } }
  })
}

/** As without table `coverage_days`. */
async function fromHours(store: Store): Promise<GridRow[]> {
  return await store.rows<GridRow>(
    `SELECT kind, venue, symbol, arrayStringConcat(groupArrayInsertAt('0', ${DAYS})(toString(worst), toUInt32(day))) AS days
     FROM (
       SELECT kind, venue, symbol, intDiv(toUnixTimestamp(hour) - ${FROM}, ${DAY}) AS day, max(toInt8(condition)) AS worst
       FROM coverage FINAL GROUP BY kind, venue, symbol, day
     )
     GROUP BY kind, venue, symbol ORDER BY symbol SETTINGS do_not_merge_across_partitions_select_final = 1`,
  )
}

export const coverage: Bench = {
  name: 'coverage',
  summary: 'the heat map of 1,000 symbols and a year',
  unit: 'statements',
  rounds: 1,
  contestants: [
    { name: 'from hours', run: () => timed(fromHours) },
    {
      name: 'from days',
      against: 'from hours',
      run: () => timed(async store => (await coverageGrid(store, QUERY)).rows),
    },
  ],
  notes: ['8,760,000 hours of one kind; a statement reads all of them. Target: below a second.'],
}
