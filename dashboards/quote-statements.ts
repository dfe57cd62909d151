/** Statements of the quotes' panels, within the limits of market-statements.ts. Quotes have our clock: some venues state no time. */
import { chosen } from './clickhouse.ts'
import { LOGGED_SINCE, OF_VENUE } from './market-statements.ts'

const STEP = 'intDiv(toUnixTimestamp64Nano(received_at), 1000000000 * $__interval_s)'
const TIME = 'toDateTime(step * $__interval_s)'
const IN_RANGE = `$__timeFilter_ms(received_at) AND ${LOGGED_SINCE}`
const OF_SYMBOLS = `symbol IN (${chosen('symbol')}) AND ${OF_VENUE} AND ${IN_RANGE}`
const BASIS_POINTS = '(ask_price - bid_price) / (ask_price + bid_price) * 20000'

/** Candles of the middle price, and the last bid and ask of each step. */
export const MIDDLE: string = `SELECT ${TIME} AS time, open, high, low, close, best.1 AS bid, best.2 AS ask
FROM (
  SELECT ${STEP} AS step, argMin((bid_price + ask_price) / 2, received_at) AS open, max((bid_price + ask_price) / 2) AS high,
    min((bid_price + ask_price) / 2) AS low, argMax((bid_price + ask_price) / 2, received_at) AS close,
    argMax((bid_price, ask_price), received_at) AS best
  FROM quotes
  WHERE ${OF_SYMBOLS}
  GROUP BY step
)
ORDER BY time`

export const SPREAD: string = `SELECT ${TIME} AS time, series, value
FROM (
  SELECT ${STEP} AS step, toString(symbol) AS series, avg(${BASIS_POINTS}) AS value
  FROM quotes
  WHERE ${OF_SYMBOLS}
  GROUP BY step, symbol
)
ORDER BY time, series`

export const QUOTES_PER_SECOND: string = `SELECT ${TIME} AS time, series, value
FROM (
  SELECT ${STEP} AS step, toString(venue) AS series, count() / $__interval_s AS value
  FROM quotes
  WHERE ${IN_RANGE}
  GROUP BY step, venue
)
ORDER BY time, series`

/** Minutes of quotes that the table reads, whatever the time range. */
const RECENT_MINUTES = 10

export const LAST_QUOTES: string = `SELECT toString(symbol) AS symbol, best.1 AS bid, best.2 AS "bid size", best.3 AS ask, best.4 AS "ask size",
  (ask - bid) / (ask + bid) * 20000 AS "spread, bp", quotes AS "quotes/s", age AS "last quote"
FROM (
  SELECT symbol, argMax((bid_price, bid_size, ask_price, ask_size), (received_at, sequence)) AS best,
    countIf(received_at > $__toTime_ms - INTERVAL 1 MINUTE) / 60 AS quotes,
    greatest(0, dateDiff('millisecond', max(received_at), $__toTime_ms) / 1000) AS age
  FROM quotes
  WHERE ${OF_VENUE} AND ${LOGGED_SINCE} AND received_at > $__toTime_ms - INTERVAL ${RECENT_MINUTES} MINUTE AND received_at <= $__toTime_ms
  GROUP BY symbol
)
ORDER BY "quotes/s" DESC, symbol
LIMIT 500`
