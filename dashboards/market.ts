/** The market as it was recorded: candles and volume of the chosen symbols, what moved, and the last ticks. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { TRADE_ORDER } from '../src/store/trade-order.ts'
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

/** As many of an id's lowest bits, all set, as stand beside a time within the step in 63 bits: 26 at two minutes. */
const ID_BITS = 'bitShiftRight(9223372036854775807, toUInt8(ceil(log2(1000000000 * $__interval_s))))'
/**
 * Where a trade is within its step: TRADE_ORDER in half the width, an eighth of the whole statement cheaper. It is another order only
 * where ids of one nanosecond cross a multiple of 67 million.
 */
const PLACE = `(toUnixTimestamp64Nano(timestamp) - step * 1000000000 * $__interval_s) * (${ID_BITS} + 1) + bitAnd(trade_id, ${ID_BITS})`

/** Without volume, which is a fifth of the work and stands below by side. */
const CANDLES = `SELECT ${TIME} AS time, open, high, low, close
FROM (
  SELECT ${STEP} AS step, argMin(price, ${PLACE}) AS open, max(price) AS high, min(price) AS low,
    argMax(price, ${PLACE}) AS close
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

const VOLUME_BY_SIDE = `SELECT ${TIME} AS time, toString(side) AS series, value
FROM (
  SELECT ${STEP} AS step, side, sum(volume) AS value
  FROM trades
  WHERE ${OF_SYMBOLS}
  GROUP BY step, side
)
ORDER BY time, series`

const SYMBOLS = `[${chosen('symbol')}]`
/** More than can be chosen. Step and place among the chosen as one number take half the time to group by of step and name. */
const SYMBOLS_MAX = 65_536

const divideBySymbol = (value: string) => `SELECT ${TIME} AS time, ${SYMBOLS}[place] AS series, value
FROM (
  SELECT intDiv(line, ${SYMBOLS_MAX}) AS step, line % ${SYMBOLS_MAX} AS place, value
  FROM (
    SELECT ${STEP} * ${SYMBOLS_MAX} + transform(symbol, ${SYMBOLS}, arrayEnumerate(${SYMBOLS}), 0) AS line, ${value} AS value
    FROM trades
    WHERE ${OF_SYMBOLS}
    GROUP BY line
  )
)
ORDER BY time, series`

const LATENCY = 'quantile(0.99)(toUnixTimestamp64Nano(received_at) - toUnixTimestamp64Nano(timestamp)) / 1e9'

/**
 * The first or the last price of each symbol: looked for in the five steps at that end of the range, and in all of it only for
 * those not found there, which have few trades. They are an array, by which the engine passes over the others' ticks unread.
 */
function edgePrices(edge: 'first' | 'last'): string {
  const [pick, near] =
    edge === 'first'
      ? ['argMin', 'timestamp < $__fromTime + toIntervalSecond(5 * $__interval_s)']
      : ['argMax', 'timestamp > $__toTime - toIntervalSecond(5 * $__interval_s)']
  const ofVenue = `FROM trades WHERE ${OF_VENUE} AND ${IN_RANGE}`
  const prices = `SELECT symbol, '${edge}' AS edge, ${pick}(price, ${TRADE_ORDER}) AS price ${ofVenue}`
  const found = `SELECT groupUniqArray(toString(symbol)) ${ofVenue} AND ${near}`
  return `${prices} AND ${near} GROUP BY symbol
  UNION ALL
  ${prices} AND NOT has((${found}), symbol) GROUP BY symbol`
}

/** Grouped, not joined: a join asks both sides twice. */
const TOP_MOVERS = `SELECT toString(symbol) AS symbol, anyIf(price, edge = 'first') AS first, anyIf(price, edge = 'last') AS last,
  last / first - 1 AS change
FROM (
  ${edgePrices('first')}
  UNION ALL
  ${edgePrices('last')}
)
GROUP BY symbol
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
            { title: '$symbol', description: 'Candles, from the trades themselves.', width: 24, height: 12 },
            CANDLES,
          ),
          bars(
            {
              title: '$symbol: volume by side',
              description: 'Volume in each step by who took: a buy lifted an offer, a sell hit a bid.',
              width: 24,
              height: 6,
            },
            'short',
            VOLUME_BY_SIDE,
          ).interval('1s'),
          table({ title: '$symbol: last ticks', description: 'The newest hundred trades.', width: 24 }, LAST_TICKS),
        ],
        'symbol',
      ),
      row('All chosen symbols', [
        divided(
          { title: 'Trades', description: 'Trades a second.', width: 12 },
          'cps',
          divideBySymbol('count() / $__interval_s'),
        ).interval('1s'),
        divided(
          {
            title: 'Latency, p99',
            description:
              "From the venue's time of a trade to our receiving it; negative where the venue's clock is ahead.",
            width: 12,
          },
          's',
          divideBySymbol(LATENCY),
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
