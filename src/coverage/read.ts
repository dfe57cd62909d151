/** Queries of table `coverage`: by hour, by day, by symbol, and as the grid that the page draws. */
import { TickhouseError } from '../errors.ts'
import { literal } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { CONDITIONS } from './condition.ts'

export const RESOLUTIONS = ['symbol', 'day', 'hour'] as const
export type Resolution = (typeof RESOLUTIONS)[number]

const DAY = 86_400
const DAYS_MAX = 4_000

export interface CoverageQuery {
  /** Like `binance:BTCUSDT,ETH*`, several separated by spaces; empty for all. */
  sources: string
  /** Empty for all kinds. */
  kind: string
  /** Seconds since 1970 UTC; `to` is exclusive. */
  from: number
  to: number
}

/** A kind of a symbol in the grid, with a digit for each day: 0 for none, else the place of the condition from 1. */
export interface GridRow {
  kind: string
  venue: string
  symbol: string
  days: string
}

export interface CoverageGrid {
  /** The first day, and how many: seconds since 1970 UTC. */
  from: number
  days: number
  /** Hours from here on are not counted yet. */
  countedBefore: number
  rows: GridRow[]
}

/** `binance:BTCUSDT,ETH*` and others as a condition. Throws `usage`. */
function selects(sources: string): string[] {
  const parts = sources.split(/\s+/).filter(Boolean)
  if (parts.length === 0) return []
  const conditions = parts.map(part => {
    const [, venue, symbols] = /^([^:]+)(?::(.+))?$/.exec(part) ?? []
    if (!venue)
      throw new TickhouseError('usage', `not a venue and its symbols: ${part}`, 'Write it like binance:BTCUSDT,ETH*.')
    const names = (symbols ?? '').split(',').filter(Boolean)
    const some = names.map(name => `symbol ILIKE ${literal(name.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%'))}`)
    return `(venue = ${literal(venue)}${some.length > 0 ? ` AND (${some.join(' OR ')})` : ''})`
  })
  return [`(${conditions.join(' OR ')})`]
}

function where({ from, to, ...named }: CoverageQuery): string {
  const times = [`hour >= toDateTime(${Math.trunc(from)}, 'UTC')`, `hour < toDateTime(${Math.trunc(to)}, 'UTC')`]
  return [...times, ...namedBy(named)].join(' AND ')
}

/** Of table `coverage_days`. */
function daysWhere({ to, ...named }: CoverageQuery, from: number): string {
  const days = [`day >= toDate(${from / DAY})`, `day < toDate(${Math.ceil(to / DAY)})`]
  return [...days, ...namedBy(named)].join(' AND ')
}

function namedBy({ sources, kind }: Pick<CoverageQuery, 'sources' | 'kind'>): string[] {
  return [...(kind ? [`kind = ${literal(kind)}`] : []), ...selects(sources)]
}

const NAMED = 'kind, venue, symbol'
const HOURS = CONDITIONS.map(name => `toUInt32(countIf(condition = '${name}')) AS hours_${name}`).join(', ')
const NUMBERS = `gaps_open, gaps_unrepairable, gaps_accepted, gaps_repaired, missing, absent, gap_cause, recorded_seconds, connections_lost, compared, equal`
// The numbers of the hour with the worst condition: with its cause they are one sentence.
const WORST = `argMax((condition, cause, supplied, ${NUMBERS}), (condition, missing + absent)) AS worst`
const WORST_COLUMNS = ['condition', 'cause', 'supplied', ...NUMBERS.split(', ')]

/** The statement of a resolution, for `Store.untrusted`: without settings, which it refuses. Throws `usage`. */
export function coverageStatement(query: CoverageQuery, by: Resolution): string {
  const from = `FROM coverage FINAL WHERE ${where(query)}`
  if (by === 'hour')
    return `SELECT ${NAMED}, formatDateTime(hour, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS start, toString(condition) AS condition, cause, ticks, supplied, ${NUMBERS},
        first_id, last_id
      ${from} ORDER BY ${NAMED}, hour`
  const start = by === 'day' ? `toString(toDate(hour)) AS start, ` : ''
  const grouped = by === 'day' ? `${NAMED}, start` : NAMED
  const columns = WORST_COLUMNS.map((name, index) =>
    name === 'condition' ? 'toString(worst.1) AS condition' : `worst.${index + 1} AS ${name}`,
  )
  return `SELECT ${grouped}, ${columns.join(', ')}, ticks, ${CONDITIONS.map(name => `hours_${name}`).join(', ')}
    FROM (SELECT ${NAMED}, ${start}${WORST}, sum(c.ticks) AS ticks, ${HOURS} FROM (SELECT * ${from}) AS c GROUP BY ${grouped})
    ORDER BY ${grouped}`
}

/** Hours of a range that are degraded or missing, and all of it. */
export async function countHours(store: Store, query: CoverageQuery): Promise<{ hours: number; incomplete: number }> {
  const [row] = await store.rows<{ hours: string; incomplete: string }>(
    `SELECT toString(count()) AS hours, toString(countIf(condition IN ('degraded', 'missing'))) AS incomplete FROM coverage FINAL
     WHERE ${where(query)} SETTINGS do_not_merge_across_partitions_select_final = 1`,
  )
  return { hours: Number(row!.hours), incomplete: Number(row!.incomplete) }
}

/** Where counting has come to: hours from here on have no rows yet. */
export async function countedBefore(store: Store): Promise<number> {
  const [row] = await store.rows<{ before: string }>(
    'SELECT toString(toUnixTimestamp(max(closed_before))) AS before FROM coverage_progress',
  )
  return Number(row!.before)
}

/** The worst condition of each day of each symbol. Throws `usage`. */
export async function coverageGrid(store: Store, query: CoverageQuery): Promise<CoverageGrid> {
  const from = Math.floor(query.from / DAY) * DAY
  const days = Math.ceil((query.to - from) / DAY)
  const firstDay = `toDate(${from / DAY})`
  if (!(days > 0 && days <= DAYS_MAX))
    throw new TickhouseError('usage', `1 to ${DAYS_MAX} days can be shown, not ${days}`, '')
  const worst = CONDITIONS.map((_, at) => `position(hours, '${at + 1}') > 0, '${at + 1}'`).toReversed()
  const rows = await store.rows<GridRow>(
    `SELECT ${NAMED}, arrayStringConcat(groupArrayInsertAt('0', ${days})(multiIf(${worst.join(', ')}, '0'), toUInt32(day - ${firstDay}))) AS days
     FROM coverage_days FINAL WHERE ${daysWhere(query, from)}
     GROUP BY ${NAMED} ORDER BY ${NAMED}`,
  )
  return { from, days, countedBefore: await countedBefore(store), rows }
}
