/** Reads and writes tables `coverage` and `coverage_progress`. */
import { microsText } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { writeDays } from './days.ts'
import { symbolKey } from './facts.ts'
import type { HourRow } from './hours.ts'

/** Rows of an insert: they are serialised in one turn of this process. */
const ROWS_PER_INSERT = 5_000
/** How far back the last row of a symbol is looked for. */
const LOOK_BACK = 'INTERVAL 7 DAY'

/** Columns in JSON that may exceed what a number of the engine's JSON is. */
const NUMBERS = [
  ...['ticks', 'supplied', 'first_run', 'first_id', 'last_run', 'last_id', 'absent', 'gaps_open', 'gaps_unrepairable'],
  ...['gaps_accepted', 'gaps_repaired', 'missing', 'recorded_seconds', 'connections_lost', 'compared', 'equal'],
] as const
const TEXTS = ['kind', 'venue', 'symbol', 'condition', 'cause', 'ids', 'adjoins', 'gap_cause'] as const

/** The columns of `HourRow`, as text. */
export const COLUMNS = `toString(toUnixTimestamp(hour)) AS hour_text, toUInt8(resting) AS is_resting,
  ${TEXTS.map(name => `toString(${name}) AS ${name}_text`).join(', ')}, ${NUMBERS.map(name => `toString(${name}) AS ${name}_text`).join(', ')}`

export function toHourRow(row: Record<string, string | number>): HourRow {
  return {
    ...Object.fromEntries(TEXTS.map(name => [name, row[`${name}_text`]])),
    ...Object.fromEntries(NUMBERS.map(name => [name, Number(row[`${name}_text`])])),
    hour: Number(row.hour_text),
    resting: Number(row.is_resting) === 1,
  } as unknown as HourRow
}

export interface Progress {
  /** When it was written, µs since 1970 UTC; 0 for none. */
  atMicros: number
  /** Seconds since 1970 UTC; 0 before the first hour. */
  closedBefore: number
  gapsBefore: number
  causesBefore: number
  offsets: ReadonlyMap<number, number>
}

export async function loadProgress(store: Store): Promise<Progress> {
  const [row] = await store.rows<{
    at: string
    closed: string
    gaps: string
    causes: string
    offsets: Record<string, string | number>
  }>(
    `SELECT toString(toUnixTimestamp64Micro(at)) AS at, toString(toUnixTimestamp(closed_before)) AS closed,
       toString(toUnixTimestamp64Micro(gaps_before)) AS gaps,
       toString(toUnixTimestamp64Micro(causes_before)) AS causes, offsets
     FROM coverage_progress ORDER BY coverage_progress.at DESC LIMIT 1`,
  )
  if (!row) return { atMicros: 0, closedBefore: 0, gapsBefore: 0, causesBefore: 0, offsets: new Map() }
  const offsets = new Map(Object.entries(row.offsets).map(([partition, below]) => [Number(partition), Number(below)]))
  const [closedBefore, gapsBefore, causesBefore] = [Number(row.closed), Number(row.gaps), Number(row.causes)]
  return { atMicros: Number(row.at), closedBefore, gapsBefore, causesBefore, offsets }
}

export async function saveProgress(
  store: Store,
  { closedBefore, gapsBefore, causesBefore, offsets, atMicros }: Progress,
): Promise<void> {
  await store.insertRows('coverage_progress', [
    {
      at: microsText(atMicros),
      closed_before: secondText(closedBefore),
      gaps_before: microsText(gapsBefore),
      causes_before: microsText(causesBefore),
      offsets: Object.fromEntries(offsets),
    },
  ])
}

const secondText = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')

/** Inserts hours, then the days that they are of. */
export async function writeHours(store: Store, rows: readonly HourRow[]): Promise<void> {
  // The table has a partition for each month, and an insert goes into one.
  for (const ofMonth of Map.groupBy(rows, ({ hour }) => secondText(hour).slice(0, 7)).values())
    for (let start = 0; start < ofMonth.length; start += ROWS_PER_INSERT) {
      const computed_at = microsText(Date.now() * 1000)
      const part = ofMonth.slice(start, start + ROWS_PER_INSERT)
      await store.insertRows(
        'coverage',
        part.map(row => ({ ...row, hour: secondText(row.hour), computed_at })),
      )
    }
  for (const [kind, own] of Map.groupBy(rows, row => row.kind))
    await writeDays(
      store,
      kind,
      own.map(({ hour }) => hour),
    )
}

/** The last row of each symbol before an hour, and whether it is of the hour before. */
export async function lastRows(
  store: Store,
  kind: string,
  from: number,
): Promise<Map<string, { venue: string; symbol: string; last_run: number; last_id: number; isRecent: boolean }>> {
  const rows = await store.rows<{ venue: string; symbol: string; run: number; id: string; last: string }>(
    `SELECT venue, symbol, argMax(last_run, hour) AS run, toString(argMax(last_id, hour)) AS id, toString(toUnixTimestamp(max(hour))) AS last
     FROM coverage FINAL
     WHERE kind = {kind:String} AND hour < fromUnixTimestamp({from:Int64}) AND hour >= fromUnixTimestamp({from:Int64}) - ${LOOK_BACK}
     GROUP BY venue, symbol`,
    { kind, from },
  )
  return new Map(
    rows.map(({ venue, symbol, run, id, last }) => [
      symbolKey(venue, symbol),
      { venue, symbol, last_run: run, last_id: Number(id), isRecent: Number(last) === from - 3_600 },
    ]),
  )
}

/** The hours of a kind before `until` whose end is not proved. */
export async function pendingRows(store: Store, kind: string, until: number): Promise<HourRow[]> {
  const rows = await store.rows<Record<string, string>>(
    `SELECT ${COLUMNS} FROM coverage FINAL
     WHERE kind = {kind:String} AND condition = 'pending' AND hour < fromUnixTimestamp({until:Int64})
       AND hour >= fromUnixTimestamp({until:Int64}) - INTERVAL 366 DAY`,
    { kind, until },
  )
  return rows.map(toHourRow)
}
