/**
 * Statements of the market panels. Each may take 200 ms of CPU over a day of 10 million trades:
 * docs/decisions/dashboards.md.
 */
import { TRADE_ORDER } from '../src/store/trade-order.ts'
import { chosen } from './clickhouse.ts'

/**
 * No trade is logged before it happens, so earlier log days, the partitions of the table, are not read. One day allows
 * for clock differences.
 */
export const LOGGED_SINCE = 'log_day >= toDate($__fromTime) - 1'
const IN_RANGE = `$__timeFilter_ms(timestamp) AND ${LOGGED_SINCE}`
export const OF_VENUE = `venue = ${chosen('venue')}`
const OF_SYMBOLS = `symbol IN (${chosen('symbol')}) AND ${OF_VENUE} AND ${IN_RANGE}`

/** The step of a trade. Grouping by integers is faster than by times, which matters for millions of ticks. */
const STEP = 'intDiv(toUnixTimestamp64Nano(timestamp), 1000000000 * $__interval_s)'
const TIME = 'toDateTime(step * $__interval_s)'

/** Mask of the lowest id bits that fit into 63 bits beside a time within the step: 26 bits for 2 minutes. */
const ID_BITS = 'bitShiftRight(9223372036854775807, toUInt8(ceil(log2(1000000000 * $__interval_s))))'
/**
 * The order of a trade within its step: TRADE_ORDER in half the width, which makes the statement an eighth cheaper. The
 * order differs only where ids of one nanosecond cross a multiple of 67 million.
 */
const ORDER_IN_STEP = `(toUnixTimestamp64Nano(timestamp) - step * 1000000000 * $__interval_s) * (${ID_BITS} + 1) + bitAnd(trade_id, ${ID_BITS})`

/**
 * `last` is for the legend. VWAP is computed from the start of the time range, rounded to 7 digits since it is printed
 * unformatted.
 */
const candlesWith = (more: string) => `SELECT ${TIME} AS time, open, high, low, close, close AS last,
  round(average, toInt16(7 - ceil(log10(average)))) AS VWAP${more}
FROM (
  SELECT *, sum(traded) OVER (ORDER BY step) / sum(taken) OVER (ORDER BY step) AS average
  FROM (
    SELECT ${STEP} AS step, argMin(price, ${ORDER_IN_STEP}) AS open, max(price) AS high, min(price) AS low,
      argMax(price, ${ORDER_IN_STEP}) AS close, sum(volume) AS taken, sum(price * volume) AS traded
    FROM trades
    WHERE ${OF_SYMBOLS}
    GROUP BY step
  )
)
ORDER BY time`

export const CANDLES: string = candlesWith('')
export const CANDLES_AND_VOLUME: string = candlesWith(', taken AS volume')

/**
 * The digits after the decimal point. The engine prints numbers below a millionth with an exponent; they stay as they
 * are.
 */
const fraction = (number: string) => `extract(toString(${number}), '[.]([0-9]+)$')`
/** Pads all numbers of a column to the digits of the longest. */
function aligned(number: string): string {
  const longest = `(max(length(${fraction(number)})) OVER ())`
  const point = `if(${fraction(number)} = '' AND ${longest} > 0, '.', '')`
  return `toString(${number}) || if(toString(${number}) LIKE '%e%', '', ${point} || repeat('0', ${longest} - length(${fraction(number)})))`
}

/**
 * In the order of the table, so that only the end of the symbol is read. Numbers are texts: the number of digits
 * differs by symbol, and Grafana would print ids with thousands separators.
 */
export const LAST_TICKS: string = `SELECT timestamp AS time, toString(side) AS side, ${aligned('price')} AS price, ${aligned('volume')} AS volume,
  toString(trade_id) AS "trade id"
FROM (
  SELECT timestamp, side, price, volume, trade_id
  FROM trades
  WHERE ${OF_SYMBOLS}
  ORDER BY trades.symbol DESC, trades.venue DESC, timestamp DESC, trade_id DESC
  LIMIT 100
)
ORDER BY timestamp DESC, trade_id DESC`

export const VOLUME_BY_SIDE: string = `SELECT ${TIME} AS time, toString(side) AS series, value
FROM (
  SELECT ${STEP} AS step, side, sum(volume) AS value
  FROM trades
  WHERE ${OF_SYMBOLS}
  GROUP BY step, side
)
ORDER BY time, series`

const SYMBOLS = `[${chosen('symbol')}]`
/**
 * More than can be chosen. Grouping by one number, of step and index of the symbol, takes half the time of grouping by
 * step and name.
 */
const SYMBOLS_MAX = 65_536

const divideBySymbol = (value: string) => `SELECT ${TIME} AS time, ${SYMBOLS}[position] AS series, value
FROM (
  SELECT intDiv(line, ${SYMBOLS_MAX}) AS step, line % ${SYMBOLS_MAX} AS position, value
  FROM (
    SELECT ${STEP} * ${SYMBOLS_MAX} + transform(symbol, ${SYMBOLS}, arrayEnumerate(${SYMBOLS}), 0) AS line, ${value} AS value
    FROM trades
    WHERE ${OF_SYMBOLS}
    GROUP BY line
  )
)
ORDER BY time, series`

export const TRADES_PER_SECOND: string = divideBySymbol('count() / $__interval_s')
export const LATENCY: string = divideBySymbol(
  'quantile(0.99)(toUnixTimestamp64Nano(received_at) - toUnixTimestamp64Nano(timestamp)) / 1e9',
)

const OF_ALL = `FROM trades WHERE ${OF_VENUE} AND ${LOGGED_SINCE}`
const RANGE = '$__timeFilter_ms(timestamp)'
/** The last hour of any time range: summing a whole day would read all of it for a sum that the graphs also show. */
const RECENT = 'timestamp > $__toTime_ms - INTERVAL 1 HOUR AND timestamp <= $__toTime_ms'
const BEGINNING = '$__timeFilter_ms(timestamp) AND timestamp < $__fromTime + toIntervalSecond(5 * $__interval_s)'
/** Symbols as an array, with which the engine skips the ticks of the others. */
const without = (found: string) =>
  `NOT has((SELECT groupArray(toString(name)) FROM (SELECT symbol AS name ${OF_ALL} AND ${found} GROUP BY symbol)), symbol)`

const TREND_POINTS = 24
/** About 24 minutes spread over the time range: the table is ordered by symbol and time, so only these are read. */
const TREND_MINUTES = `SELECT toStartOfMinute($__fromTime) + toIntervalMinute(number * greatest(1, intDiv(dateDiff('minute', $__fromTime, $__toTime), ${TREND_POINTS})))
    FROM numbers(${TREND_POINTS + 2})`

/**
 * A row for each symbol of the venue. First prices are searched in the first five steps, last ones in the last hour;
 * the whole range is searched only for symbols not found there, which have few trades. Grouped, since a join would run
 * its sides twice.
 */
export const ALL_SYMBOLS: string = `SELECT toString(symbol) AS symbol, argMaxIf(price, at, part = 'last') AS last,
  last / nullIf(anyIf(price, part = 'first'), 0) - 1 AS change, anyIf(points, part = 'trend') AS trend,
  sum(taken) AS "volume, 1 h", sum(traded) AS "turnover, 1 h", sum(minute) / 60 AS "trades/s",
  greatest(0, dateDiff('millisecond', maxIf(at, part = 'last'), $__toTime_ms) / 1000) AS "last trade"
FROM (
  ${[
    `SELECT symbol, 'first' AS part, argMin(price, ${TRADE_ORDER}) AS price, min(timestamp) AS at, 0. AS taken, 0. AS traded, 0 AS minute, emptyArrayFloat64() AS points
  ${OF_ALL} AND ${BEGINNING} GROUP BY symbol`,
    `SELECT symbol, 'first', argMin(price, ${TRADE_ORDER}), min(timestamp), 0., 0., 0, emptyArrayFloat64()
  ${OF_ALL} AND ${RANGE} AND ${without(BEGINNING)} GROUP BY symbol`,
    `SELECT symbol, 'last', argMax(price, ${TRADE_ORDER}), max(timestamp), sum(volume), sum(price * volume),
    countIf(timestamp > $__toTime_ms - INTERVAL 1 MINUTE), emptyArrayFloat64()
  ${OF_ALL} AND ${RECENT} GROUP BY symbol`,
    `SELECT symbol, 'last', argMax(price, ${TRADE_ORDER}), max(timestamp), 0., 0., 0, emptyArrayFloat64()
  ${OF_ALL} AND ${RANGE} AND ${without(RECENT)} GROUP BY symbol`,
    `SELECT symbol, 'trend', 0., toDateTime64(0, 9, 'UTC'), 0., 0., 0, arrayMap(point -> point.2, arraySort(groupArray((minute, price))))
  FROM (
    SELECT symbol, toStartOfMinute(timestamp) AS minute, any(price) AS price
    ${OF_ALL} AND ${RANGE} AND toStartOfMinute(timestamp) IN (${TREND_MINUTES})
    GROUP BY symbol, minute
  )
  GROUP BY symbol`,
  ].join('\n  UNION ALL\n  ')}
)
GROUP BY symbol
HAVING countIf(part = 'last') > 0
ORDER BY "turnover, 1 h" DESC, symbol
LIMIT 500`

/** The most rows of cells that stay distinguishable. */
const ACTIVITY_SYMBOLS_MAX = 20
/** More hours of all trades of a venue would take too long. */
const ACTIVITY_HOURS_MAX = 6

/**
 * Volume of each step divided by the symbol's average: amounts of different coins are not comparable. `Value` is not
 * shown as a name.
 */
export const ACTIVITY: string = `SELECT ${TIME} AS time, series, volume / usual AS Value
FROM (
  SELECT step, series, volume, usual, dense_rank() OVER (ORDER BY busy DESC, series) AS position
  FROM (
    SELECT step, series, volume, avg(volume) OVER (PARTITION BY series) AS usual, sum(trades) OVER (PARTITION BY series) AS busy
    FROM (
      SELECT ${STEP} AS step, toString(symbol) AS series, sum(t.volume) AS volume, count() AS trades
      FROM trades AS t
      WHERE ${OF_VENUE} AND ${IN_RANGE} AND timestamp > $__toTime_ms - INTERVAL ${ACTIVITY_HOURS_MAX} HOUR
      GROUP BY step, symbol
    )
  )
)
WHERE position <= ${ACTIVITY_SYMBOLS_MAX}
ORDER BY time, series`
