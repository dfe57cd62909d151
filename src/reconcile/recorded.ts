/** What the tables themselves record of a day: its ids, gaps, hours, and comparisons of quotes with a rebuilt book. */
import { literal } from '../store/sql.ts'
import { QUOTES, TRADES } from '../tick/kinds.ts'
import { queryRows, type RunQuery, type StoredTrades } from './stored.ts'

const CLOCK_ERROR = 'source_clock_error_seconds'

export interface IdsOfDay {
  trades: number
  /** Different ids. */
  ids: number
  first: number
  last: number
  /** Ids between the first and the last that are not stored; null where the venue's ids are not dense. */
  missing: number | null
  /** Trades that the venue supplied later. */
  repaired: number
  /** How often the venue began its ids again. */
  restarts: number
}

export interface RecordedDay {
  ids: IdsOfDay
  /** Gaps that overlap the day's ids, by state, and the ids that they still miss. */
  gaps: { state: string; gaps: number; missing: number }[]
  /** Counted hours of trades by condition: docs/coverage.md. */
  hours: Record<string, number>
  /** Tops of the rebuilt book that were compared with quotes. */
  quotes: { compared: number; equal: number }
  /** Minutes with a bound of the error of the recorder's clock, and the largest, s; null if there is none. */
  clock: { minutes: number; seconds: number | null }
  /** Recorders of the symbol in the hours logged that day, their trades, and those that no other one had: docs/cluster.md. */
  recorders: { name: string; trades: number; alone: number }[]
}

export async function readRecorded(run: RunQuery, stored: StoredTrades, isDense: boolean): Promise<RecordedDay> {
  const ids = await readIds(stored, isDense)
  const { venue, symbol, day } = stored.of
  const rows = <T>(query: string) => queryRows<T>(run, query)
  const named = `venue = ${literal(venue)} AND symbol = ${literal(symbol)}`
  const ofDay = `${named} AND toDate(hour) = ${literal(day)}`
  const gaps = await rows<Record<'state' | 'gaps' | 'missing', string>>(
    `SELECT toString(state) AS state, toString(count()) AS gaps, toString(sum(missing)) AS missing FROM gaps FINAL
     WHERE ${named} AND first_id <= ${ids.last} AND last_id >= ${ids.first} GROUP BY state ORDER BY state`,
  )
  const [clock] = await rows<{ minutes: string; bound: number | null }>(
    `SELECT toString(uniqExact(toStartOfMinute(at))) AS minutes, if(minutes = '0', NULL, max(value)) AS bound FROM metrics
     WHERE name = ${literal(CLOCK_ERROR)} AND toDate(at) = ${literal(day)}`,
  )
  const hours = await rows<{ condition: string; hours: string }>(
    `SELECT toString(condition) AS condition, toString(count()) AS hours FROM coverage FINAL
     WHERE kind = ${literal(TRADES.name)} AND ${ofDay} GROUP BY condition ORDER BY condition`,
  )
  const [quotes] = await rows<Record<'compared' | 'same', string>>(
    `SELECT toString(sum(compared)) AS compared, toString(sum(equal)) AS same FROM coverage FINAL WHERE kind = ${literal(QUOTES.name)} AND ${ofDay}`,
  )
  const recorders = await rows<Record<'recorder' | 'had' | 'alone', string>>(
    `SELECT recorder, toString(sum(trades)) AS had, toString(sum(only_it_had)) AS alone FROM recorders
     WHERE ${ofDay} GROUP BY recorder ORDER BY recorder`,
  )
  return {
    ids,
    gaps: gaps.map(gap => ({ state: gap.state, gaps: Number(gap.gaps), missing: Number(gap.missing) })),
    hours: Object.fromEntries(hours.map(({ condition, hours }) => [condition, Number(hours)])),
    quotes: { compared: Number(quotes?.compared ?? 0), equal: Number(quotes?.same ?? 0) },
    clock: { minutes: Number(clock?.minutes ?? 0), seconds: clock?.bound ?? null },
    recorders: recorders.map(one => ({ name: one.recorder, trades: Number(one.had), alone: Number(one.alone) })),
  }
}

/** Whether the ids and gaps of the day show no loss. Ids that are not dense show nothing. */
export function idsAreWhole({ ids, gaps }: RecordedDay): boolean {
  return ids.missing === 0 && gaps.every(({ missing, state }) => state === 'repaired' || missing === 0)
}

async function readIds(stored: StoredTrades, isDense: boolean): Promise<IdsOfDay> {
  const runs = await stored.rowsOfDay<Record<'count' | 'ids' | 'first' | 'last' | 'repaired', string>>(
    `toString(count()) AS count, toString(uniqExact(trade_id)) AS ids, toString(min(trade_id)) AS first,
     toString(max(trade_id)) AS last, toString(countIf(origin = 'repair')) AS repaired`,
    'GROUP BY id_run ORDER BY id_run',
  )
  const sum = (of: (run: (typeof runs)[number]) => number) => runs.reduce((total, run) => total + of(run), 0)
  return {
    trades: sum(({ count }) => Number(count)),
    ids: sum(({ ids }) => Number(ids)),
    first: Number(runs[0]?.first ?? 0),
    last: Number(runs.at(-1)?.last ?? 0),
    missing: isDense ? sum(({ first, last, ids }) => Number(last) - Number(first) + 1 - Number(ids)) : null,
    repaired: sum(({ repaired }) => Number(repaired)),
    restarts: Math.max(0, runs.length - 1),
  }
}
