/** The market as it was recorded: candles and volume of the chosen symbols, what moved, and the last ticks. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, row } from './board.ts'
import { choice, choices, chosen, eventMarks } from './clickhouse.ts'
import { bars, candles, divided, table } from './panels.ts'

/** Nothing is logged before it happens: earlier log days, the table's partitions, need not be read. A day is left for clocks that differ. */
const LOGGED_SINCE = 'log_day >= toDate($__fromTime) - 1'
const IN_RANGE = `$__timeFilter_ms(timestamp) AND ${LOGGED_SINCE}`
const OF_VENUE = `venue = ${chosen('venue')}`
const OF_SYMBOLS = `symbol IN (${chosen('symbol')}) AND ${OF_VENUE} AND ${IN_RANGE}`

/** The step a trade falls into. Whole numbers are grouped by faster than times, which is felt at millions of ticks. */
const STEP = 'intDiv(toUnixTimestamp64Nano(timestamp), 1000000000 * $__interval_s)'
const TIME = 'toDateTime(step * $__interval_s)'
/**
 * Where a trade is within its step, of up to 19 hours, as one number, which is compared four times as fast as a tuple: by time, and
 * at the same nanosecond by the lowest 17 bits of its id.
 */
const PLACE =
  '(toUnixTimestamp64Nano(timestamp) - step * 1000000000 * $__interval_s) * 131072 + bitAnd(trade_id, 131071)'

const CANDLES = `SELECT ${TIME} AS time, open, high, low, close, volume
FROM (
  SELECT ${STEP} AS step, argMin(price, ${PLACE}) AS open, max(price) AS high, min(price) AS low,
    argMax(price, ${PLACE}) AS close, sum(trades.volume) AS volume
  FROM trades
  WHERE ${OF_SYMBOLS}
  GROUP BY step
)
ORDER BY time`

/** In the order of the table, so that only the end of the one symbol is read. */
const LAST_TICKS = `SELECT timestamp, toString(side) AS side, price, volume, trade_id
FROM trades
WHERE ${OF_SYMBOLS}
ORDER BY trades.symbol DESC, trades.venue DESC, timestamp DESC, trade_id DESC
LIMIT 100`

const divideBy = (series: string, value: string) => `SELECT ${TIME} AS time, toString(divider) AS series, value
FROM (
  SELECT ${STEP} AS step, ${series} AS divider, ${value} AS value
  FROM trades
  WHERE ${OF_SYMBOLS}
  GROUP BY step, divider
)
ORDER BY time, series`

const LATENCY = 'quantile(0.99)(toUnixTimestamp64Nano(received_at) - toUnixTimestamp64Nano(timestamp)) / 1e9'

/** The order of trades as one number, over any range: by microsecond, and in the same one by the lowest 12 bits of the id. */
const ORDER = 'toUInt64(toUnixTimestamp64Micro(timestamp)) * 4096 + bitAnd(trade_id, 4095)'

/**
 * The first or the last price of each symbol: looked for in the thirty steps at that end of the range, and in
 * all of it only for those not found there.
 */
function edgePrices(which: 'first' | 'last'): string {
  const [pick, near] =
    which === 'first'
      ? ['argMin', 'timestamp < $__fromTime + toIntervalSecond(30 * $__interval_s)']
      : ['argMax', 'timestamp > $__toTime - toIntervalSecond(30 * $__interval_s)']
  const prices = `SELECT symbol, ${pick}(price, ${ORDER}) AS ${which} FROM trades WHERE ${OF_VENUE} AND ${IN_RANGE}`
  const found = `SELECT symbol FROM trades WHERE ${OF_VENUE} AND ${IN_RANGE} AND ${near}`
  return `${prices} AND ${near} GROUP BY symbol
  UNION ALL
  ${prices} AND symbol NOT IN (${found}) GROUP BY symbol`
}

const TOP_MOVERS = `SELECT toString(symbol) AS symbol, first, last, last / first - 1 AS change
FROM (
  ${edgePrices('first')}
) AS firsts
INNER JOIN (
  ${edgePrices('last')}
) AS lasts USING symbol
ORDER BY abs(change) DESC
LIMIT 25`

export function market(): Dashboard {
  return board({
    uid: 'tickhouse-market',
    title: 'Tickhouse: market',
    description: 'The market as it was recorded.',
    range: 'now-1h',
    variables: [
      choice({
        name: 'venue',
        label: 'Venue',
        sql: `SELECT venue FROM trades WHERE ${LOGGED_SINCE} GROUP BY venue ORDER BY count() DESC`,
      }),
      choices({
        name: 'symbol',
        label: 'Symbol',
        sql: `SELECT symbol FROM trades WHERE ${OF_VENUE} AND ${LOGGED_SINCE} GROUP BY symbol ORDER BY count() DESC LIMIT 1000`,
      }),
    ],
    marks: [eventMarks('Errors', ['error'], 'red')],
    rows: [
      row(
        '$symbol',
        [
          candles(
            { title: '$symbol', description: 'Candles and volume, from the trades themselves.', width: 16 },
            CANDLES,
          ),
          table(
            { title: '$symbol: last ticks', description: 'The newest hundred trades.', width: 8, height: 14 },
            LAST_TICKS,
          ),
          bars(
            {
              title: '$symbol: volume by side',
              description: 'Volume in each step by who took: a buy lifted an offer, a sell hit a bid.',
              width: 24,
              height: 6,
            },
            'short',
            divideBy('side', 'sum(volume)'),
          ).interval('1s'),
        ],
        'symbol',
      ),
      row('All chosen symbols', [
        divided(
          { title: 'Trades', description: 'Trades a second.', width: 12 },
          'cps',
          divideBy('symbol', 'count() / $__interval_s'),
        ).interval('1s'),
        divided(
          {
            title: 'Latency, p99',
            description:
              "From the venue's time of a trade to our receiving it; negative where the venue's clock is ahead.",
            width: 12,
          },
          's',
          divideBy('symbol', LATENCY),
        ).interval('1s'),
        table(
          { title: 'Top movers', description: 'Symbols of the venue that moved most in the time range.', width: 24 },
          TOP_MOVERS,
          { change: 'percentunit' },
        ),
      ]),
    ],
  })
}
