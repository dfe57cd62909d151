/** The market as it was recorded: candles and volume of the chosen symbols, what moved, and the last ticks. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, row } from './board.ts'
import { choice, choices, chosen, eventMarks } from './clickhouse.ts'
import { bars, candles, divided, table } from './panels.ts'

/**
 * Trades of the time range. Nothing is logged before it happens, so that earlier log days need not be read: they are the table's
 * partitions. A day is left for clocks that differ.
 */
const IN_RANGE = '$__timeFilter_ms(timestamp) AND log_day >= toDate($__fromTime) - 1'
const OF_VENUE = `venue = ${chosen('venue')}`
const OF_SYMBOLS = `symbol IN (${chosen('symbol')}) AND ${OF_VENUE} AND ${IN_RANGE}`

const CANDLES = `SELECT $__timeInterval(timestamp) AS time,
  argMin(price, (timestamp, trade_id)) AS open, max(price) AS high, min(price) AS low,
  argMax(price, (timestamp, trade_id)) AS close, sum(volume) AS volume
FROM trades
WHERE ${OF_SYMBOLS}
GROUP BY time
ORDER BY time`

const VOLUME_BY_SIDE = `SELECT $__timeInterval(timestamp) AS time, toString(side) AS series, sum(volume) AS volume
FROM trades
WHERE ${OF_SYMBOLS}
GROUP BY time, series
ORDER BY time, series`

const TRADES = `SELECT $__timeInterval(timestamp) AS time, toString(symbol) AS series, count() / $__interval_s AS trades
FROM trades
WHERE ${OF_SYMBOLS}
GROUP BY time, series
ORDER BY time, series`

const LATENCY = `SELECT $__timeInterval(timestamp) AS time, toString(symbol) AS series,
  quantileTDigest(0.99)(toUnixTimestamp64Micro(received_at) - toUnixTimestamp64Micro(timestamp)) / 1e6 AS latency
FROM trades
WHERE ${OF_SYMBOLS}
GROUP BY time, series
ORDER BY time, series`

const TOP_MOVERS = `SELECT toString(symbol) AS symbol, argMin(price, timestamp) AS first, argMax(price, timestamp) AS last,
  last / first - 1 AS change, sum(price * volume) AS turnover, count() AS trades
FROM trades
WHERE ${OF_VENUE} AND ${IN_RANGE}
GROUP BY symbol
ORDER BY abs(change) DESC
LIMIT 25`

const LAST_TICKS = `SELECT timestamp, toString(symbol) AS symbol, toString(side) AS side, price, volume, trade_id, toString(origin) AS origin
FROM trades
WHERE ${OF_SYMBOLS}
ORDER BY timestamp DESC, trade_id DESC
LIMIT 100`

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
        sql: `SELECT venue FROM trades WHERE ${IN_RANGE} GROUP BY venue ORDER BY count() DESC`,
      }),
      choices({
        name: 'symbol',
        label: 'Symbol',
        sql: `SELECT symbol FROM trades WHERE ${OF_VENUE} AND ${IN_RANGE} GROUP BY symbol ORDER BY count() DESC LIMIT 1000`,
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
          bars(
            {
              title: '$symbol: volume by side',
              description: 'Volume in each step by who took: a buy lifted an offer, a sell hit a bid.',
              width: 8,
              height: 14,
            },
            'short',
            VOLUME_BY_SIDE,
          ).interval('1s'),
        ],
        'symbol',
      ),
      row('All chosen symbols', [
        divided({ title: 'Trades', description: 'Trades a second.', width: 12 }, 'cps', TRADES).interval('1s'),
        divided(
          {
            title: 'Latency, p99',
            description:
              "From the venue's time of a trade to our receiving it; negative where the venue's clock is ahead.",
            width: 12,
          },
          's',
          LATENCY,
        ).interval('1s'),
        table(
          { title: 'Top movers', description: 'Symbols of the venue that moved most in the time range.', width: 12 },
          TOP_MOVERS,
          { change: 'percentunit', turnover: 'short', trades: 'short' },
        ),
        table(
          { title: 'Last ticks', description: 'The newest hundred trades of the chosen symbols.', width: 12 },
          LAST_TICKS,
        ),
      ]),
    ],
  })
}
