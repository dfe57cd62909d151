/** Statements of the lab's panels, of the chosen run and strategies. */
import { chosen, isChosen } from './clickhouse.ts'

const RUN = `run = ${chosen('run')}`
const OF = (strategy: string) => `${RUN} AND ${isChosen(strategy, 'strategy')}`

export const PORTFOLIOS = 'SELECT portfolio FROM lab_runs GROUP BY portfolio ORDER BY max(began_at) DESC'

/** A live run that has not ended first. */
export const RUNS = `SELECT run FROM lab_runs WHERE portfolio = ${chosen('portfolio')} GROUP BY run
ORDER BY any(mode) = 'live' AND argMax(state, written_at) IN ('running', 'ending') DESC, max(began_at) DESC LIMIT 200`

export const STRATEGIES_OF_RUN = `SELECT DISTINCT toString(strategy) AS strategy FROM lab_runs WHERE ${RUN} ORDER BY strategy`

/** The last mark of each step. */
const marks = (column: string, value: string) => `SELECT $__timeInterval(e.at) AS time, toString(e.strategy) AS series,
  argMax(${value}, e.at) AS ${column}
FROM lab_equity AS e
WHERE ${OF('e.strategy')} AND $__timeFilter_ms(e.at)
GROUP BY time, series
ORDER BY time, series`

export const RESULT: string = `SELECT $__timeInterval(e.at) AS time, toString(e.strategy) AS series,
  argMax(toFloat64(e.equity) / c.capital - 1, e.at) AS result
FROM lab_equity AS e
INNER JOIN (
  SELECT strategy, toFloat64(any(r.capital)) AS capital FROM lab_runs AS r WHERE ${RUN} GROUP BY strategy
) AS c ON c.strategy = e.strategy
WHERE e.${OF('e.strategy')} AND $__timeFilter_ms(e.at)
GROUP BY time, series
ORDER BY time, series`

export const EQUITY: string = marks('equity', 'toFloat64(e.equity)')
export const GROSS: string = marks('gross', 'toFloat64(e.gross)')
export const FEES: string = marks('fees', 'toFloat64(e.fees)')

export const STRATEGIES: string = `SELECT toString(r.strategy) AS strategy, toString(r.kind) AS kind,
  if(l.reached != '', 'off: ' || l.reached, toString(r.state)) AS state, toFloat64(r.capital) AS capital,
  toFloat64(r.equity) AS equity, toFloat64(r.equity) / toFloat64(r.capital) - 1 AS result, d.fall AS "max drawdown",
  toFloat64(r.fees) AS fees, toFloat64(r.fills) AS fills
FROM (SELECT * FROM lab_runs FINAL WHERE ${OF('strategy')}) AS r
LEFT JOIN (
  SELECT strategy, toString(argMax(limit_name, at)) AS reached FROM lab_limits
  WHERE ${RUN} AND (action = 'flattened, off' OR action = 'flattened, off for the day' AND at >= toStartOfDay(now('UTC')))
  GROUP BY strategy
) AS l ON l.strategy = r.strategy
LEFT JOIN (
  SELECT strategy, max(1 - own / high) AS fall FROM (
    SELECT strategy, toFloat64(equity) AS own,
      max(toFloat64(equity)) OVER (PARTITION BY strategy ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS high
    FROM lab_equity WHERE ${RUN}
  ) GROUP BY strategy
) AS d ON d.strategy = r.strategy
ORDER BY strategy`

export const VERIFICATIONS: string = `SELECT at, if(difference = '', 'equal', 'differs') AS replay, until AS "rows until",
  toFloat64(equal) AS "rows equal", difference
FROM lab_verifications
WHERE ${RUN}
ORDER BY at DESC
LIMIT 100`

export const POSITIONS: string = `SELECT toString(p.strategy) AS strategy, toString(p.venue) AS venue, toString(p.symbol) AS symbol,
  toString(p.quantity) AS quantity, toFloat64(p.paid) AS paid
FROM lab_positions AS p
WHERE ${OF('p.strategy')} AND p.quantity != 0
ORDER BY strategy, venue, symbol`

export const LIMITS_REACHED: string = `SELECT at, toString(strategy) AS strategy, toString(limit_name) AS limit, value, bound,
  toString(action) AS action
FROM lab_limits
WHERE ${OF('lab_limits.strategy')}
ORDER BY at DESC
LIMIT 100`

export const FILLS_BY_STRATEGY: string = `SELECT $__timeInterval(f.at) AS time, toString(f.strategy) AS series, count() AS fills
FROM lab_fills AS f
WHERE ${OF('f.strategy')} AND $__timeFilter_ms(f.at)
GROUP BY time, series
ORDER BY time, series`

export const ORDERS_BY_STATE: string = `SELECT $__timeInterval(o.ended_at) AS time, toString(o.state) AS series, count() AS orders
FROM lab_orders AS o
WHERE ${OF('o.strategy')} AND $__timeFilter_ms(o.ended_at)
GROUP BY time, series
ORDER BY time, series`

export const LAST_FILLS: string = `SELECT f.at AS at, toString(f.strategy) AS strategy, toString(f.side) AS side, toString(f.symbol) AS symbol,
  toString(f.quantity) AS quantity, toString(f.price) AS price, toFloat64(f.fee) AS fee, if(f.maker, 'maker', 'taker') AS role
FROM lab_fills AS f
WHERE ${OF('f.strategy')}
ORDER BY f.at DESC, f.id DESC
LIMIT 100`

export const LAST_ORDERS: string = `SELECT o.sent_at AS at, toString(o.strategy) AS strategy, toString(o.side) AS side, toString(o.symbol) AS symbol,
  toString(o.quantity) AS quantity, if(o.limit_price = 0, 'market', toString(o.limit_price)) AS limit, toString(o.state) AS state, o.reason AS reason
FROM lab_orders AS o
WHERE ${OF('o.strategy')}
ORDER BY o.ended_at DESC, o.id DESC
LIMIT 100`
