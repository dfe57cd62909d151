/** Counts what table `coverage` states of hours, from the other tables. Times are seconds since 1970 UTC, of whole hours. */

import { QUOTES_SUBJECT } from '../audit/quote-proofs.ts'
import type { Store } from '../store/store.ts'
import { type Kind, TRADES } from '../tick/kinds.ts'

export const HOUR = 3_600

export interface Span {
  /** Inclusive and exclusive. */
  from: number
  to: number
}

/** Key of a symbol's rows in maps. Names have no line breaks. */
export const symbolKey = (venue: string, symbol: string): string => `${venue}\n${symbol}`
export const hourKey = (venue: string, symbol: string, hour: number): string => `${venue}\n${symbol}\n${hour}`

/** What the tick table has of a symbol in an hour. */
export interface Counted {
  venue: string
  symbol: string
  hour: number
  ticks: number
  supplied: number
  first_run: number
  first_id: number
  last_run: number
  last_id: number
  absent: number
}

/** A parameter as a time that ticks may be compared with: docs/query.md, times. */
const seconds = (name: string) => `toDateTime64({${name}:Int64}, 9, 'UTC')`
const within = (time: string) => `${time} >= ${seconds('from')} AND ${time} < ${seconds('to')}`

/** What the table of a kind has of each symbol and hour of a span. Rows logged a day before the time they state are found too. */
export async function countTicks(store: Store, kind: Kind, span: Span): Promise<Counted[]> {
  const isTrades = kind === TRADES
  const ids = isTrades
    ? `id_run AS run, min(trade_id) AS first, max(trade_id) AS last, countIf(origin = 'repair') AS supplied`
    : '0 AS run, 0 AS first, 0 AS last, 0 AS supplied'
  const rows = await store.rows<Record<keyof Counted, string>>(
    `SELECT venue, symbol, toString(hour) AS hour, toString(sum(n)) AS ticks, toString(sum(supplied)) AS supplied,
       toString(min(run)) AS first_run, toString(argMin(first, run)) AS first_id, toString(max(run)) AS last_run,
       toString(argMax(last, run)) AS last_id, toString(${isTrades ? 'sum(greatest(last - first + 1, n) - n)' : '0'}) AS absent
     FROM
     (
       SELECT venue, symbol, toUnixTimestamp(toStartOfHour(${kind.time})) AS hour, count() AS n, ${ids}
       FROM ${kind.table}
       WHERE log_day >= toDate(fromUnixTimestamp({from:Int64})) - 1 AND ${within(kind.time)}
       GROUP BY venue, symbol, hour${isTrades ? ', run' : ''}
     )
     GROUP BY venue, symbol, hour SETTINGS max_threads = 1`,
    { ...span },
  )
  return rows.map(({ venue, symbol, ...numbers }) => {
    const values = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]))
    return { venue, symbol, ...values } as Counted
  })
}

/**
 * Of ids that seem absent, those that are: trades at the edge of an hour may have ids out of the order of their times. Corrects
 * `absent`. A query for each such hour; there are few.
 */
export async function confirmAbsent(store: Store, counted: readonly Counted[]): Promise<void> {
  for (const one of counted.filter(({ absent, first_run, last_run }) => absent > 0 && first_run === last_run)) {
    const [row] = await store.rows<{ held: string }>(
      `SELECT toString(count()) AS held FROM ${TRADES.table}
       WHERE venue = {venue:String} AND symbol = {symbol:String} AND id_run = {run:UInt16} AND ${within('timestamp')}
         AND trade_id BETWEEN {first:UInt64} AND {last:UInt64}`,
      {
        ...{ venue: one.venue, symbol: one.symbol, run: one.first_run, first: one.first_id, last: one.last_id },
        ...{ from: one.hour - HOUR, to: one.hour + 2 * HOUR },
      },
    )
    one.absent = Math.max(0, one.last_id - one.first_id + 1 - Number(row!.held))
  }
}

/** The first trade of each symbol in a span, by symbol: `symbolKey`. */
export async function firstTrades(store: Store, span: Span): Promise<Map<string, { run: number; id: number }>> {
  const rows = await store.rows<{ venue: string; symbol: string; run: number; id: string }>(
    `SELECT venue, symbol, toUInt16(min(id_run)) AS run, toString(argMin(trade_id, (id_run, trade_id))) AS id FROM ${TRADES.table}
     WHERE log_day >= toDate(fromUnixTimestamp({from:Int64})) - 1 AND ${within('timestamp')}
     GROUP BY venue, symbol SETTINGS max_threads = 1`,
    { ...span },
  )
  return new Map(rows.map(({ venue, symbol, run, id }) => [symbolKey(venue, symbol), { run, id: Number(id) }]))
}

export interface GapSpan extends Span {
  venue: string
  symbol: string
  state: 'open' | 'repaired' | 'unrepairable' | 'accepted'
  missing: number
  /** What caused it, in words; empty if not known. */
  detail: string
}

const GAP_FROM = 'toUnixTimestamp(toStartOfHour(if(toUnixTimestamp(after_at) = 0, found_at, after_at)))'
const GAP_TO = `greatest(${GAP_FROM}, toUnixTimestamp(toStartOfHour(if(toUnixTimestamp(before_at) = 0, found_at, before_at)))) + ${HOUR}`

/** The gaps that overlap a span, from the hour of the trade before to that of the trade after; where not known, when it was found. */
export async function gapsIn(store: Store, span: Span): Promise<GapSpan[]> {
  const rows = await store.rows<Omit<GapSpan, 'missing' | 'from' | 'to'> & Record<'missing' | 'from' | 'to', string>>(
    `SELECT venue, symbol, toString(state) AS state, toString(missing) AS missing, detail, toString(${GAP_FROM}) AS from,
       toString(${GAP_TO}) AS to
     FROM gaps_final WHERE ${GAP_FROM} < {to:Int64} AND ${GAP_TO} > {from:Int64}`,
    { ...span },
  )
  return rows.map(row => ({ ...row, missing: Number(row.missing), from: Number(row.from), to: Number(row.to) }))
}

/** The hours of the gaps changed at this time or later, µs, and the time of the last change. */
export async function changedGaps(store: Store, sinceMicros: number): Promise<{ spans: Span[]; lastMicros: number }> {
  const rows = await store.rows<{ from: string; to: string; last: string }>(
    `SELECT toString(${GAP_FROM}) AS from, toString(${GAP_TO}) AS to, toString(max(toUnixTimestamp64Micro(changed_at))) AS last
     FROM gaps WHERE changed_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC') GROUP BY from, to`,
    { since: sinceMicros },
  )
  return {
    spans: rows.map(({ from, to }) => ({ from: Number(from), to: Number(to) })),
    lastMicros: Math.max(sinceMicros, ...rows.map(({ last }) => Number(last) + 1)),
  }
}

/** The hours of the gaps whose cause was found at this time or later, µs, and the last such time. */
export async function causedGaps(store: Store, sinceMicros: number): Promise<{ spans: Span[]; lastMicros: number }> {
  const rows = await store.rows<{ from: string; to: string; last: string }>(
    `SELECT toString(${GAP_FROM}) AS from, toString(${GAP_TO}) AS to, toString(max(toUnixTimestamp64Micro(evaluated_at))) AS last
     FROM (SELECT * FROM gap_causes FINAL WHERE cause != '' AND evaluated_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')) AS causes
     INNER JOIN gaps_final AS gaps USING (venue, symbol, first_id, last_id, id_run) GROUP BY from, to`,
    { since: sinceMicros },
  )
  return {
    spans: rows.map(({ from, to }) => ({ from: Number(from), to: Number(to) })),
    lastMicros: Math.max(sinceMicros, ...rows.map(({ last }) => Number(last) + 1)),
  }
}

/** Seconds of each hour in which a recorder recorded, from table `uptime`; hours without a row are absent if any row is older. */
export async function recordedSeconds(store: Store, span: Span): Promise<(hour: number) => number> {
  const rows = await store.rows<{ hour: string; seconds: string }>(
    `SELECT toString(toUnixTimestamp(toStartOfHour(slot))) AS hour, toString(countIf(recorded) * 10) AS seconds
     FROM (SELECT toStartOfInterval(at, INTERVAL 10 SECOND) AS slot, max(recorded) AS recorded FROM uptime WHERE ${within('at')} GROUP BY slot)
     GROUP BY hour`,
    { ...span },
  )
  const [began] = await store.rows<{ first: string }>(
    'SELECT toString(toUnixTimestamp(toStartOfHour(min(at)))) AS first FROM uptime HAVING count() > 0',
  )
  const seconds = new Map(rows.map(row => [Number(row.hour), Math.min(HOUR, Number(row.seconds))]))
  const first = began ? Number(began.first) : Number.POSITIVE_INFINITY
  return hour => seconds.get(hour) ?? (hour >= first ? 0 : -1)
}

/** How often connections to each venue were lost in each hour: by `symbolKey(venue, hour)`. */
export async function connectionsLost(store: Store, span: Span): Promise<Map<string, number>> {
  const rows = await store.rows<{ venue: string; hour: string; lost: string }>(
    `SELECT fields['venue'] AS venue, toString(toUnixTimestamp(toStartOfHour(at))) AS hour, toString(count()) AS lost FROM events
     WHERE event IN ('connection_lost', 'connection_silent') AND ${within('at')} GROUP BY venue, hour`,
    { ...span },
  )
  return new Map(rows.map(({ venue, hour, lost }) => [symbolKey(venue, hour), Number(lost)]))
}

/** Comparisons of rebuilt books with quotes, by symbol and hour of the comparison. */
export async function comparedQuotes(
  store: Store,
  span: Span,
): Promise<Map<string, { compared: number; equal: number }>> {
  const rows = await store.rows<{ venue: string; symbol: string; hour: string; compared: string; equal: string }>(
    `SELECT extractGroups(detail, '^quotes of ([^ ]+) (.*): [0-9]+ of ')[1] AS venue,
       extractGroups(detail, '^quotes of ([^ ]+) (.*): [0-9]+ of ')[2] AS symbol,
       toString(toUnixTimestamp(toStartOfHour(at))) AS hour, toString(sum(expected)) AS compared, toString(sum(ticks)) AS equal
     FROM audits WHERE subject = '${QUOTES_SUBJECT}' AND ${within('at')} GROUP BY venue, symbol, hour`,
    { ...span },
  )
  return new Map(
    rows.map(({ venue, symbol, hour, compared, equal }) => [
      hourKey(venue, symbol, Number(hour)),
      { compared: Number(compared), equal: Number(equal) },
    ]),
  )
}

/** From when to when venues had stopped trading of instruments: by symbol. */
export async function restingTimes(store: Store, span: Span): Promise<Map<string, (Span & { status: string })[]>> {
  const rows = await store.rows<{ venue: string; symbol: string; at: string; status: string }>(
    `SELECT venue, symbol, toString(toUnixTimestamp64Nano(received_at) / 1e9) AS at, status FROM instruments
     WHERE (venue, symbol) IN (SELECT DISTINCT venue, symbol FROM instruments WHERE status NOT IN ('', 'trading'))
       AND received_at < ${seconds('to')} ORDER BY venue, symbol, received_at`,
    { to: span.to },
  )
  const times = new Map<string, (Span & { status: string })[]>()
  for (const [key, own] of Map.groupBy(rows, ({ venue, symbol }) => symbolKey(venue, symbol)))
    times.set(
      key,
      own.flatMap(({ at, status }, index) =>
        status === 'trading' || status === ''
          ? []
          : [
              {
                status,
                from: Number(at),
                to: index + 1 < own.length ? Number(own[index + 1]!.at) : Number.POSITIVE_INFINITY,
              },
            ],
      ),
    )
  return times
}
