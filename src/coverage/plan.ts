/** Which hours must be counted: in table `coverage`, by what the other tables have since. Times are seconds since 1970 UTC. */
import type { Store } from '../store/store.ts'
import { KINDS, type Kind, LIQUIDATIONS, MARKS, QUOTES, TRADES } from '../tick/kinds.ts'
import { causedGaps, changedGaps, HOUR, type Span } from './facts.ts'
import type { Progress } from './table.ts'

/** The kinds whose hours are counted. */
export const COVERED: readonly Kind[] = [TRADES, QUOTES, MARKS, LIQUIDATIONS]
/** An hour is counted so long after its end: what is on the way arrives first. */
const SETTLED_SECONDS = 120
const STEP_HOURS = 24
/** Hours without any tick between two with some are counted, up to this time. */
const SILENCE_SECONDS = 48 * HOUR

export interface Plan {
  spans: Span[]
  /** The progress once they are counted; null if nothing has changed. */
  reached: Progress | null
}

const floor = (seconds: number): number => Math.floor(seconds / HOUR) * HOUR

/** Consecutive hours joined, at most `STEP_HOURS` in one. */
export function spansOf(hours: Iterable<number>): Span[] {
  const spans: Span[] = []
  for (const hour of [...new Set(hours)].sort((a, b) => a - b)) {
    const last = spans.at(-1)
    if (last && last.to === hour && hour - last.from < STEP_HOURS * HOUR) last.to = hour + HOUR
    else spans.push({ from: hour, to: hour + HOUR })
  }
  return spans
}

/** Hours, with those of silence between two of them: ticks may be older than their log. */
function withSilence(hours: readonly number[]): number[] {
  const sorted = [...new Set(hours)].sort((a, b) => a - b)
  return sorted.flatMap((hour, index) => {
    const next = sorted[index + 1] ?? hour
    const silent = next - hour <= SILENCE_SECONDS ? (next - hour) / HOUR : 1
    return Array.from({ length: Math.max(1, silent) }, (_, at) => hour + at * HOUR)
  })
}

/** What must be counted: closed hours, hours of ticks stored since, hours of gaps changed since. */
export async function planOf(store: Store, before: Progress, nowSeconds: number): Promise<Plan> {
  const audited = await auditedBelow(store)
  const closedBefore = await lastClosed(store, audited, floor(nowSeconds - SETTLED_SECONDS))
  const restored = await restoredSince(store, before)
  const isFirst = before.closedBefore === 0 || restored
  const first = isFirst ? await firstHour(store) : before.closedBefore
  if (first === undefined) return { spans: [], reached: null }
  const hours = new Set<number>()
  for (let hour = first; hour < closedBefore; hour += HOUR) hours.add(hour)
  const gaps = await changedGaps(store, isFirst ? 0 : before.gapsBefore)
  const causes = await causedGaps(store, isFirst ? 0 : before.causesBefore)
  // An hour after a changed one adjoins it.
  const add = (span: Span) => {
    for (let hour = span.from; hour <= span.to && hour < closedBefore; hour += HOUR) hours.add(hour)
  }
  for (const span of [...gaps.spans, ...causes.spans]) add(span)
  const stored: number[] = []
  for (const [partition, below] of audited) {
    const from = isFirst ? 0 : (before.offsets.get(partition) ?? 0)
    if (below > from) stored.push(...(await hoursStored(store, partition, from, below)))
  }
  for (const hour of withSilence(stored)) add({ from: hour, to: hour + HOUR })
  // Hours of days that left the table keep their rows.
  const dropped = await droppedBefore(store)
  const spans = spansOf([...hours].filter(hour => hour > dropped && hour < closedBefore))
  const reached = {
    atMicros: nowSeconds * 1_000_000,
    closedBefore: Math.max(first, closedBefore),
    gapsBefore: gaps.lastMicros,
    causesBefore: causes.lastMicros,
    offsets: audited,
  }
  const isNew =
    restored ||
    reached.closedBefore !== before.closedBefore ||
    reached.gapsBefore !== before.gapsBefore ||
    reached.causesBefore !== before.causesBefore ||
    [...audited].some(([partition, below]) => below !== before.offsets.get(partition))
  return { spans, reached: isNew ? reached : null }
}

/** The end of the last hour whose stored records are all audited. */
async function lastClosed(store: Store, audited: ReadonlyMap<number, number>, until: number): Promise<number> {
  let end = until
  for (const [partition, below] of audited) {
    const first = KINDS.map(
      ({ table }) =>
        `SELECT min(logged_at) AS first FROM ${table} WHERE log_partition = {partition:UInt16} AND log_offset >= {below:UInt64} HAVING count() > 0`,
    )
    const [row] = await store.rows<{ first: string }>(
      `SELECT toString(toUnixTimestamp(min(first))) AS first FROM (${first.join(' UNION ALL ')}) HAVING count() > 0`,
      { partition, below },
    )
    if (row) end = Math.min(end, floor(Number(row.first)))
  }
  return end
}

/** The offset below which the records of each partition are audited. */
async function auditedBelow(store: Store): Promise<Map<number, number>> {
  const rows = await store.rows<{ partition: number; below: string }>(
    `SELECT log_partition AS partition, toString(max(below_offset)) AS below FROM audits
     WHERE subject = '' AND passed AND below_offset > 0 GROUP BY partition`,
  )
  return new Map(rows.map(({ partition, below }) => [partition, Number(below)]))
}

/** Whether rows were restored from the archive after this progress: then all hours in the tables are counted again. */
async function restoredSince(store: Store, { atMicros }: Progress): Promise<boolean> {
  const [row] = await store.rows<{ found: number }>(
    `SELECT toUInt32(count()) AS found FROM audits WHERE subject = '' AND below_offset = 0
       AND at > fromUnixTimestamp64Micro({at:Int64}, 'UTC')`,
    { at: atMicros },
  )
  return row!.found > 0
}

/** The hour in which the first tick was logged; undefined without any. Before it nothing was recorded, and nothing is missing. */
async function firstHour(store: Store): Promise<number | undefined> {
  const first = COVERED.map(
    ({ table }) =>
      `SELECT min(logged_at) AS at FROM ${table} WHERE log_day = (SELECT min(log_day) FROM ${table}) HAVING count() > 0`,
  )
  const [row] = await store.rows<{ first: string }>(
    `SELECT toString(toUnixTimestamp(min(at))) AS first FROM (${first.join(' UNION ALL ')}) HAVING count() > 0`,
  )
  return row && floor(Number(row.first))
}

/** The hours of the ticks in a range of log records. */
async function hoursStored(store: Store, partition: number, from: number, below: number): Promise<number[]> {
  const hours = COVERED.map(
    ({ table, time }) => `SELECT DISTINCT toUnixTimestamp(toStartOfHour(${time})) AS hour FROM ${table}
      WHERE log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND log_offset < {below:UInt64}`,
  )
  const rows = await store.rows<{ hour: string }>(
    `SELECT DISTINCT toString(hour) AS hour FROM (${hours.join(' UNION ALL ')}) SETTINGS max_threads = 1`,
    { partition, from, below },
  )
  return rows.map(({ hour }) => Number(hour))
}

/** The end of the last log day that has left the tables; 0 if none has. */
export async function droppedBefore(store: Store): Promise<number> {
  const [row] = await store.rows<{ last: string }>(
    `SELECT toString(toUnixTimestamp(toDateTime(max(toDate(slice_start)), 'UTC'))) AS last FROM archive_ledger FINAL
     WHERE state >= 'dropping' AND kind IN {kinds:Array(String)} HAVING count() > 0`,
    { kinds: COVERED.map(({ table }) => table) },
  )
  return row ? Number(row.last) + 24 * HOUR : Number.NEGATIVE_INFINITY
}
