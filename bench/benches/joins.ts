/** Each trade of an hour with the quote before it, out of a day of 25 million trades and 100 million quotes. */
import { literal } from '../../src/store/sql.ts'
import type { Store } from '../../src/store/store.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { type Bench, type Sample, spread } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { withParts } from '../samples/storing.ts'

const TRADES = 25_000_000
const QUOTES = 4 * TRADES
const DAY_SECONDS = 86_400
const DAY = '2026-01-05'
const HOUR = { since: `${DAY} 12:00:00`, until: `${DAY} 13:00:00` }
const RUNS = 5
const SYMBOLS = simulator.defaultSymbols
/** The busiest symbol has just over a third of all ticks, as in the simulated exchange. */
const SYMBOL = `[${SYMBOLS.map(literal).join(', ')}][1 + if(cityHash64(number) % 3 = 0, 0, cityHash64(number, 1) % ${SYMBOLS.length})]`

const receivedAt = (rows: number) =>
  `toDateTime64('${DAY} 00:00:00', 9, 'UTC') + toIntervalNanosecond(number * ${Math.floor((DAY_SECONDS * 1e9) / rows)})`

async function fillDay(store: Store): Promise<void> {
  await store.command(
    `INSERT INTO quotes (venue, symbol, timestamp, received_at, bid_price, bid_size, ask_price, ask_size, sequence, flags, origin, log_partition, log_offset, log_index, logged_at, log_day, batch_first_offset, batch_good, epoch)
     SELECT 'simulator', ${SYMBOL}, 0, ${receivedAt(QUOTES)} AS at, 100 + number % 7, 1 + number % 11, 101 + number % 7, 1 + number % 13, number, 0, 'live', 0, number, 0, at, '${DAY}', 0, 1, 1 FROM numbers(${QUOTES})`,
  )
  await store.command(
    `INSERT INTO trades (venue, symbol, timestamp, received_at, price, volume, side, trade_id, first_id, last_id, origin, log_partition, log_offset, log_index, logged_at, log_day)
     SELECT 'simulator', ${SYMBOL}, ${receivedAt(TRADES)} AS at, at, 100 + number % 7, 1, 'buy', number, 0, 0, 'live', 0, number, 1, at, '${DAY}' FROM numbers(${TRADES})`,
  )
  // Merges use both cores; they are no part of a query's time.
  for (const table of ['quotes', 'trades']) await store.command(`OPTIMIZE TABLE ${table} PARTITION '${DAY}' FINAL`)
}

async function hour(): Promise<Sample> {
  return withDirectory(directory =>
    withParts(directory, async ({ store }) => {
      await fillDay(store)
      const range = `venue = 'simulator', symbol = ${literal(SYMBOLS[0]!)}, guard_ms = 20`
      const result = `count() AS trades, countIf(price > ask_price) AS above, max(received_at - quoted_at) AS oldest`
      const views = {
        trades_quotes: `SELECT ${result} FROM trades_quotes(${range}) WHERE received_at >= '${HOUR.since}' AND received_at < '${HOUR.until}'`,
        trades_quotes_between: `SELECT ${result} FROM trades_quotes_between(${range}, since = '${HOUR.since}', until = '${HOUR.until}')`,
      }
      const metrics: Record<string, number> = {}
      const startedMs = performance.now()
      const before = process.cpuUsage()
      for (const [view, statement] of Object.entries(views)) {
        const timings: number[] = []
        for (let run = 0; run < RUNS; run++) {
          const fromMs = performance.now()
          const [row] = await store.rows<{ trades: string }>(statement)
          timings.push(performance.now() - fromMs)
          metrics[`${view}: trades`] = Number(row!.trades)
        }
        const { min, median, max } = spread(timings)
        Object.assign(metrics, { [`${view}: min, ms`]: min, [`${view}: p50, ms`]: median, [`${view}: max, ms`]: max })
      }
      const { user, system } = process.cpuUsage(before)
      const seconds = (performance.now() - startedMs) / 1000
      return { count: 2 * RUNS, seconds, cpuSeconds: (user + system) / 1e6, metrics }
    }),
  )
}

export const joins: Bench = {
  name: 'joins',
  summary: 'each trade of an hour with the quote before it, on a day of 25 M trades and 100 M quotes; target: 5 s',
  unit: 'statements',
  rounds: 1,
  contestants: [{ name: 'an hour of the busiest symbol', run: hour }],
  notes: [`${RUNS} runs of each view after the tables were merged; ticks of ${SYMBOLS.length} symbols`],
}
