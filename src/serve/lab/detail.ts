/** All that the page shows of one run of the lab. */
import type { Store } from '../../store/store.ts'
import { type Ask, readLimits } from './limits.ts'
import type { LabBreach, LabContract, LabCurve, LabFill, LabOrder, LabPosition, LabRunDetail } from './protocol.ts'
import { readLabRuns } from './runs.ts'

/** Points of a curve: more than a screen has for one. */
const POINTS_MAX = 600
const ROWS_MAX = 100

/** Undefined if there is no such run. Throws errors of the store. */
export async function readLabRun(store: Store, name: string): Promise<LabRunDetail | undefined> {
  const [run] = await readLabRuns(store, name)
  if (!run || name === '') return undefined
  const ask = <Row>(statement: string) => store.rows<Row>(statement, { name })
  const [curves, positions, limits, orders, fills, breaches] = await Promise.all([
    readCurves(ask),
    readPositions(ask),
    readLimits(ask),
    ask<LabOrder>(
      `SELECT strategy, toFloat64(o.id) AS id, venue, symbol, toString(o.side) AS side, toFloat64(o.quantity) AS quantity,
              toFloat64(o.filled) AS filled, toFloat64(limit_price) AS limitPrice, state, reason,
              toFloat64(toUnixTimestamp64Milli(sent_at)) AS sentAtMs
       FROM lab_orders AS o WHERE run = {name:String} ORDER BY ended_at DESC, o.id DESC LIMIT ${ROWS_MAX}`,
    ),
    ask<LabFill>(
      `SELECT strategy, toFloat64(f.id) AS id, venue, symbol, toString(f.side) AS side, toFloat64(f.price) AS price,
              toFloat64(f.quantity) AS quantity, toFloat64(f.notional) AS notional, toFloat64(f.fee) AS fee,
              maker AS isMaker, large AS isLarge, toFloat64(toUnixTimestamp64Milli(f.at)) AS atMs
       FROM lab_fills AS f WHERE run = {name:String} ORDER BY f.at DESC, f.id DESC LIMIT ${ROWS_MAX}`,
    ),
    ask<LabBreach>(
      `SELECT strategy, limit_name AS limit, value, bound, action, toFloat64(toUnixTimestamp64Milli(at)) AS atMs
       FROM lab_limits WHERE run = {name:String} ORDER BY at DESC LIMIT ${ROWS_MAX}`,
    ),
  ])
  return { run, curves, positions, limits, orders, fills, breaches }
}

async function readPositions(ask: Ask): Promise<LabPosition[]> {
  const held = await ask<Omit<LabPosition, 'contract'>>(
    `SELECT strategy, venue, symbol, toFloat64(p.quantity) AS quantity, toFloat64(p.paid) AS paid
     FROM lab_positions AS p WHERE run = {name:String} AND p.quantity != 0 ORDER BY strategy, venue, symbol`,
  )
  // A live run's first cut states what it was set up with.
  const [first] = await ask<{ changes: string }>(
    `SELECT changes FROM lab_cuts WHERE run = {name:String} AND number = 0 LIMIT 1`,
  )
  const { instruments = [] } = JSON.parse(first?.changes ?? '{}') as {
    instruments?: ({ name: string } & LabContract)[]
  }
  const contracts = new Map(instruments.map(({ name, size, isInverse }) => [name, { size, isInverse }]))
  return held.map(each => ({ ...each, contract: contracts.get(`${each.venue}:${each.symbol}`) ?? null }))
}

/** The last mark of each of equal parts of the run's time. */
async function readCurves(ask: Ask): Promise<LabCurve[]> {
  const rows = await ask<{ strategy: string; points: [number, number, number][]; drawdown: number }>(
    `WITH (SELECT (toUnixTimestamp64Micro(min(at)), greatest(1, intDiv(toUnixTimestamp64Micro(max(at)) - toUnixTimestamp64Micro(min(at)), ${POINTS_MAX - 1})))
           FROM lab_equity WHERE run = {name:String}) AS span
     SELECT strategy, arraySort(groupArray((atMs, result, held))) AS points, max(fall) AS drawdown FROM (
       SELECT strategy, intDiv(toUnixTimestamp64Micro(m.at) - span.1, span.2) AS part,
              toFloat64(toUnixTimestamp64Milli(max(m.at))) AS atMs, argMax(m.own / capital - 1, m.at) AS result,
              argMax(m.holding, m.at) AS held, max(1 - m.own / m.high) AS fall
       FROM (
         SELECT strategy, at, toFloat64(equity) AS own, holding,
                max(toFloat64(equity)) OVER (PARTITION BY strategy ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS high
         FROM lab_equity WHERE run = {name:String}
       ) AS m INNER JOIN (
         SELECT strategy, toFloat64(any(r.capital)) AS capital FROM lab_runs AS r WHERE run = {name:String} GROUP BY strategy
       ) AS c USING (strategy)
       GROUP BY strategy, part
     ) GROUP BY strategy ORDER BY strategy`,
  )
  return rows.map(({ strategy, points, drawdown }) => ({
    strategy,
    atMs: points.map(([atMs]) => atMs),
    result: points.map(([, result]) => result),
    holding: points.map(([, , held]) => (held > 0 ? held - 1 : null)),
    drawdown,
  }))
}
