/**
 * What trading at the recorded quotes costs: half spread and size at the top, and the markouts of takers' trades. By hour of the day
 * (UTC), in sums that days add up to.
 */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { partsOf } from '../market/instrument.ts'
import { rowsOf } from '../stored/rows-of.ts'

/** Seconds after a trade at which the middle is looked at. */
export const HORIZONS = [1, 5, 30, 300] as const
/** A quote counts for so long at most: after that it is not known whether it still stands. */
const QUOTE_SECONDS_MAX = 60
const DAY_NANOS = 86_400_000_000_000n
const BPS = 10_000

/** NaN where there is nothing to compute it from. */
export interface Calibration {
  /** `venue:symbol` */
  name: string
  /** Of the day, UTC; -1 for all hours together. */
  hour: number
  quotes: number
  /** Half of the spread, basis points of the middle; mean over time. */
  halfSpread: number
  /** Money at the best bid and ask, mean of both and over time. */
  topMoney: number
  tradeCount: number
  /**
   * By horizon: how far the middle then was beyond the trade's price in the direction of its taker, basis points; mean
   * by money. Below zero the taker paid more than he won.
   */
  markouts: readonly number[]
}

/** Sums of one hour of the day. */
interface Sums {
  quotes: number
  seconds: number
  spread: number
  money: number
  tradeCount: number
  /** By horizon. */
  weights: number[]
  moved: number[]
}

interface SpreadRow {
  hour: number
  quotes: string
  seconds: number
  spread: number
  money: number
}

interface MarkoutRow {
  hour: number
  trades: string
  weight: number
  moved: number
}

/** A row for each hour of the day with quotes, and one for all. Times are of receipt, ns; the end exclusive. */
export async function calibrate(
  runQuery: RunQuery,
  name: string,
  fromNanos: bigint,
  untilNanos: bigint,
): Promise<Calibration[]> {
  const sums = new Map<number, Sums>()
  const known = await lastQuote(runQuery, name, fromNanos, untilNanos)
  for (let from = fromNanos; from < untilNanos; from = (from / DAY_NANOS + 1n) * DAY_NANOS) {
    const next = (from / DAY_NANOS + 1n) * DAY_NANOS
    const until = next < untilNanos ? next : untilNanos
    for (const row of await rowsOf<SpreadRow>(runQuery, spreads(name, from, until))) {
      const own = sumsOf(sums, row.hour)
      own.quotes += Number(row.quotes)
      own.seconds += row.seconds
      own.spread += row.spread
      own.money += row.money
    }
    for (const [at, seconds] of HORIZONS.entries())
      for (const row of await rowsOf<MarkoutRow>(runQuery, markouts(name, from, until, known, seconds))) {
        const own = sumsOf(sums, row.hour)
        if (at === 0) own.tradeCount += Number(row.trades)
        own.weights[at]! += row.weight
        own.moved[at]! += row.moved
      }
  }
  const all = emptySums()
  for (const each of sums.values()) add(all, each)
  const hours = [...sums].sort(([a], [b]) => a - b)
  return [[-1, all] as const, ...hours].map(([hour, each]) => calibrationOf(name, hour, each))
}

/** A middle that both sides have. */
const QUOTED = 'bid_price > 0 AND ask_price >= bid_price'
const MIDDLE = '(bid_price + ask_price) / 2'
const nanos = (time: bigint) => `fromUnixTimestamp64Nano(toInt64(${time}), 'UTC')`

function named(name: string): string {
  const { venue, symbol } = partsOf(name)
  return `venue = ${literal(venue)} AND symbol = ${literal(symbol)}`
}

/** The last quote of a time range counts for no time: when it ended is not known. */
function spreads(name: string, from: bigint, until: bigint): string {
  return `SELECT toHour(received_at, 'UTC') AS hour, toString(count()) AS quotes, sum(weight) AS seconds,
      sum(weight * ${BPS} * (ask_price - bid_price) / (ask_price + bid_price)) AS spread,
      sum(weight * (bid_price * bid_size + ask_price * ask_size) / 2) AS money
    FROM (SELECT received_at, bid_price, ask_price, bid_size, ask_size,
        least(${QUOTE_SECONDS_MAX}, (toUnixTimestamp64Nano(leadInFrame(received_at, 1, received_at) OVER
          (ORDER BY received_at, log_partition, log_offset, log_index ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING))
          - toUnixTimestamp64Nano(received_at)) / 1e9) AS weight
      FROM all_quotes WHERE ${named(name)} AND ${QUOTED} AND received_at >= ${nanos(from)} AND received_at < ${nanos(until)})
    GROUP BY hour ORDER BY hour`
}

/** When the last quote of a time range was received, ns; 0 if there is none. */
async function lastQuote(runQuery: RunQuery, name: string, from: bigint, until: bigint): Promise<bigint> {
  const [row] = await rowsOf<{ last: string }>(
    runQuery,
    `SELECT toString(toUnixTimestamp64Nano(max(received_at))) AS last FROM all_quotes
     WHERE ${named(name)} AND ${QUOTED} AND received_at >= ${nanos(from)} AND received_at < ${nanos(until)}`,
  )
  return BigInt(row?.last ?? 0)
}

/** Trades whose horizon lies beyond the last quote, `known`, are left out: the middle then is not known. */
function markouts(name: string, from: bigint, until: bigint, known: bigint, seconds: number): string {
  const earliest = from - BigInt(QUOTE_SECONDS_MAX) * 1_000_000_000n
  const latest = until + BigInt(seconds) * 1_000_000_000n
  return `SELECT toHour(t.received_at, 'UTC') AS hour, toString(count()) AS trades, sum(t.money) AS weight,
      sum(t.money * t.sign * (q.middle / t.price - 1) * ${BPS}) AS moved
    FROM (SELECT toUInt8(1) AS one, received_at, received_at + toIntervalSecond(${seconds}) AS later, price, price * volume AS money,
        if(side = 'buy', 1, -1) AS sign
      FROM all_trades WHERE ${named(name)} AND side != 'unknown' AND origin != 'repair' AND price > 0
        AND received_at >= ${nanos(from)} AND received_at < ${nanos(until)} AND later <= ${nanos(known)}) AS t
    ASOF JOIN (SELECT toUInt8(1) AS one, received_at, ${MIDDLE} AS middle FROM all_quotes
        WHERE ${named(name)} AND ${QUOTED} AND received_at >= ${nanos(earliest)} AND received_at <= ${nanos(latest)}) AS q
      ON t.one = q.one AND t.later >= q.received_at
    WHERE q.received_at >= t.later - toIntervalSecond(${QUOTE_SECONDS_MAX})
    GROUP BY hour ORDER BY hour`
}

const emptySums = (): Sums => ({
  ...{ quotes: 0, seconds: 0, spread: 0, money: 0, tradeCount: 0 },
  weights: HORIZONS.map(() => 0),
  moved: HORIZONS.map(() => 0),
})

function sumsOf(sums: Map<number, Sums>, hour: number): Sums {
  const known = sums.get(hour) ?? emptySums()
  sums.set(hour, known)
  return known
}

function add(all: Sums, each: Sums): void {
  for (const key of ['quotes', 'seconds', 'spread', 'money', 'tradeCount'] as const) all[key] += each[key]
  for (const at of HORIZONS.keys()) {
    all.weights[at]! += each.weights[at]!
    all.moved[at]! += each.moved[at]!
  }
}

function calibrationOf(name: string, hour: number, sums: Sums): Calibration {
  const { quotes, seconds, spread, money, tradeCount, weights, moved } = sums
  return {
    ...{ name, hour, quotes, tradeCount },
    halfSpread: spread / seconds,
    topMoney: money / seconds,
    markouts: moved.map((sum, at) => sum / weights[at]!),
  }
}
