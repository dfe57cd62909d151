/** Queries of table `coverage`: by hour, by day, by symbol, and as the grid that the page draws. */
import { TickhouseError } from '../errors.ts'
import { literal } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { CONDITIONS } from './condition.ts'
import { DAY_COLUMNS, daysOfHours, NUMBERS } from './days.ts'

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

/** Of table `coverage_days`: whole days, from the start of one up to, not including, that of another. */
function daysWhere({ from, to, ...named }: CoverageQuery): string {
  const days = [`day >= toDate(${from / DAY})`, `day < toDate(${to / DAY})`]
  return [...days, ...namedBy(named)].join(' AND ')
}

function namedBy({ sources, kind }: Pick<CoverageQuery, 'sources' | 'kind'>): string[] {
  return [...(kind ? [`kind = ${literal(kind)}`] : []), ...selects(sources)]
}

const NAMED = 'kind, venue, symbol'
/** Of the digits in `hours`. */
const HOURS = CONDITIONS.map((name, at) => `toUInt32(countSubstrings(hours, '${at + 1}')) AS hours_${name}`).join(', ')
const worstOf = (values: readonly string[], none: string) =>
  `multiIf(${CONDITIONS.map((_, at) => `position(hours, '${at + 1}') > 0, ${values[at]}`)
    .toReversed()
    .join(', ')}, ${none})`
const WORST_DIGIT = worstOf(
  CONDITIONS.map((_, at) => `'${at + 1}'`),
  "'0'",
)
const WORST_NAME = worstOf(
  CONDITIONS.map(name => `'${name}'`),
  "''",
)

/** Days of a range, as a source of `kind, venue, symbol, day` and `DAY_COLUMNS`; days that are only partly in it are counted from their hours. */
function daysIn(query: CoverageQuery): string {
  const { from, to } = query
  const [first, end] = [Math.ceil(from / DAY) * DAY, Math.floor(to / DAY) * DAY]
  if (first >= end) return daysOfHours(where(query))
  const parts = [
    { from, to: first },
    { from: end, to },
  ].filter(part => part.from < part.to)
  const whole = `SELECT ${NAMED}, day, ${DAY_COLUMNS.join(', ')} FROM coverage_days FINAL WHERE ${daysWhere({ ...query, from: first, to: end })}`
  return [whole, ...parts.map(part => daysOfHours(where({ ...query, ...part })))].join(' UNION ALL ')
}

/** The statement of a resolution, for `Store.untrusted`: without settings, which it refuses. Throws `usage`. */
export function coverageStatement(query: CoverageQuery, by: Resolution): string {
  if (by === 'hour')
    return `SELECT ${NAMED}, formatDateTime(hour, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS start, toString(condition) AS condition, cause, ticks, ${NUMBERS.join(', ')},
        first_id, last_id
      FROM coverage FINAL WHERE ${where(query)} ORDER BY ${NAMED}, hour`
  const numbers = `${WORST_NAME} AS condition, cause, ${NUMBERS.join(', ')}, ticks, ${HOURS}`
  if (by === 'day')
    return `SELECT ${NAMED}, toString(day) AS start, ${numbers} FROM (${daysIn(query)}) ORDER BY ${NAMED}, day`
  return `SELECT ${NAMED}, ${numbers} FROM (${symbolsOf(query)}) ORDER BY ${NAMED}`
}

/** The worst day of each symbol, all its ticks, and the digits of all its hours. */
function symbolsOf(query: CoverageQuery): string {
  const worst = ['cause', ...NUMBERS].map((name, at) => `worst.${at + 1} AS ${name}`).join(', ')
  return `SELECT ${NAMED}, all_hours AS hours, ${worst}, all_ticks AS ticks
    FROM (
      SELECT ${NAMED}, arrayStringConcat(groupArray(hours)) AS all_hours, sum(ticks) AS all_ticks,
        argMax((cause, ${NUMBERS.join(', ')}), (${WORST_DIGIT}, missing + absent, -toInt32(day))) AS worst
      FROM (${daysIn(query)}) GROUP BY ${NAMED}
    )`
}

/** Hours of a range that are degraded or missing, and all of it. */
export async function countHours(store: Store, query: CoverageQuery): Promise<{ hours: number; incomplete: number }> {
  const digits = (from: number) =>
    CONDITIONS.map((_, at) => `countSubstrings(hours, '${at + 1}')`)
      .slice(from)
      .join(' + ')
  const [row] = await store.rows<{ total: string; incomplete: string }>(
    `SELECT toString(sum(${digits(0)})) AS total, toString(sum(${digits(CONDITIONS.indexOf('degraded'))})) AS incomplete
     FROM (${daysIn(query)}) SETTINGS do_not_merge_across_partitions_select_final = 1`,
  )
  return { hours: Number(row!.total), incomplete: Number(row!.incomplete) }
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
  const rows = await store.rows<GridRow>(
    `SELECT ${NAMED}, arrayStringConcat(groupArrayInsertAt('0', ${days})(${WORST_DIGIT}, toUInt32(day - ${firstDay}))) AS days
     FROM coverage_days FINAL WHERE ${daysWhere({ ...query, from, to: from + days * DAY })}
     GROUP BY ${NAMED} ORDER BY ${NAMED}`,
  )
  return { from, days, countedBefore: await countedBefore(store), rows }
}
