/**
 * Retention: trims archived records from the log and drops archived days from the tables. Both require verified
 * segments; a day is dropped only after its objects were read back whole once more and have as many rows as the table.
 */
import { MS_PER_DAY, MS_PER_HOUR } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { LogRetention } from '../log/retention.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import { KINDS } from '../tick/kinds.ts'
import type { ArchivedObject } from './archive.ts'
import type { ArchiveCatalog } from './catalog/catalog.ts'
import { saveLastPositions } from './catalog/last-positions.ts'
import { quoted } from './columns.ts'
import { dateOf } from './keys.ts'
import { QUARANTINE, SEGMENT_TABLE, TICK_KINDS } from './kinds.ts'
import type { ArchiveTarget } from './targets/target.ts'
import { viewArchive } from './view.ts'

/** Minimum time that records and rows are kept; undefined: forever. */
export interface Retention {
  logHours: number | undefined
  storeDays: number | undefined
  /** Of kinds, by their name, with a time of their own; without one, `storeDays`. */
  daysOfKind?: Readonly<Record<string, number | undefined>>
}

/** What retention works with. */
export interface RetentionContext {
  store: Store
  log: Log & LogRetention
  target: ArchiveTarget
  catalog: ArchiveCatalog
  emit: Emit
}

/**
 * Trims the records of old segments from the log. The recorder may have to do it: `pending` has the requested offset by
 * partition.
 */
export async function trimLog(
  { log, catalog, emit }: RetentionContext,
  keepHours: number,
  nowMs: number,
  pending: Map<number, number>,
): Promise<void> {
  const segments = await catalog.objects(`kind = ${quoted(SEGMENT_TABLE)}`)
  for (let partition = 0; partition < log.partitions; partition++) {
    const { first } = await log.refresh(partition)
    const requested = pending.get(partition)
    pending.delete(partition)
    if (requested !== undefined && first >= requested) emit('log_trimmed', { partition, first })
    else if (requested !== undefined) emit('log_trim_waits', { partition, below: requested })
    const floor = archivedBelow(segments, partition, nowMs - keepHours * MS_PER_HOUR)
    if (floor <= first) continue
    const records = await log.trim(partition, { storedBelow: floor, archivedBelow: floor })
    if (records > 0) emit('log_trimmed', { partition, first: floor })
    else pending.set(partition, floor)
  }
}

/**
 * The offset below which all records are archived and old: consecutive segments, none stale, the last one ended before
 * `beforeMs`. Records before an old one count as old, whatever time the log gave them.
 */
export function archivedBelow(segments: readonly ArchivedObject[], partition: number, beforeMs: number): number {
  let below = 0
  let archived = 0
  for (const { segment, state } of segments) {
    if (segment.partition !== partition) continue
    if (segment.firstOffset !== archived || state === 'stale') break
    archived = segment.lastOffset + 1
    if (segment.endMs <= beforeMs) below = archived
  }
  return below
}

/**
 * Drops old days from the tables, each after its objects were verified again. Tables may keep their rows for different
 * times. Throws errors of store and target.
 */
export async function dropDays(context: RetentionContext, retention: Retention, nowMs: number): Promise<void> {
  const keptFrom = firstDaysKept(retention, nowMs)
  for (const day of await dueDays(context, keptFrom)) {
    const tables = [...keptFrom].filter(([, kept]) => day < kept).map(([table]) => table)
    const why = await dropDay(context, day, tables)
    if (why !== null) context.emit('day_held', { day, why })
  }
}

/** The first day that each table keeps; without those that keep all days. */
function firstDaysKept({ storeDays, daysOfKind = {} }: Retention, nowMs: number): Map<string, string> {
  const kept = KINDS.map(({ name, table }) => ({ table, days: daysOfKind[name] ?? storeDays }))
  // Refused ticks of all kinds: as long as the kind that stays longest, so that they can be reprocessed.
  const longest = kept.some(({ days }) => days === undefined) ? undefined : Math.max(...kept.map(({ days }) => days!))
  return new Map(
    [...kept, { table: QUARANTINE, days: longest }].flatMap(({ table, days }) =>
      days === undefined ? [] : [[table, dateOf(nowMs - days * MS_PER_DAY)]],
    ),
  )
}

/** The days of which a table has rows that it does not keep, or whose drop was interrupted. */
async function dueDays({ store, catalog }: RetentionContext, keptFrom: ReadonlyMap<string, string>): Promise<string[]> {
  if (keptFrom.size === 0) return []
  const stored = await store.rows<{ table: string; day: string }>(
    `SELECT DISTINCT table, partition AS day FROM system.parts
     WHERE active AND rows > 0 AND database = currentDatabase() AND table IN {tables:Array(String)}`,
    { tables: [...keptFrom.keys()] },
  )
  const begun = (await catalog.objects("state = 'dropping'")).map(({ kind, segment }) => ({
    table: kind,
    day: dateOf(segment.startMs),
  }))
  const due = [...stored, ...begun].filter(({ table, day }) => day < (keptFrom.get(table) ?? ''))
  return [...new Set(due.map(({ day }) => day))].sort()
}

/** Drops a day's rows of these tables, except those dropped before; returns the reason if they cannot be dropped. */
async function dropDay(
  { store, target, catalog, emit }: RetentionContext,
  day: string,
  due: readonly string[],
): Promise<string | null> {
  // Not archived yet: dropped later, so not worth an event.
  if (await isPending(store, catalog, day)) return null
  const objects = await catalog.objects(`toDate(slice_start) = ${quoted(day)}`)
  const stale = objects.find(({ kind, state }) => state === 'stale' && TICK_KINDS.some(({ table }) => table === kind))
  if (stale) return `the segment of ${stale.key} is to be archived again`
  if (await isReprocessing(store, day)) return 'ticks are being reprocessed'
  const gone = await goneTables(store, day, due, objects)
  const tables = due.filter(table => !gone.includes(table))
  const tick = objects.filter(({ kind }) => tables.includes(kind))
  for (const object of tick) {
    const damage = await damageOf(target, object)
    if (damage) return damage
  }
  const filled: string[] = []
  for (const table of tables) {
    const archived = tick.filter(({ kind }) => kind === table)
    const rows = await countDay(store, table, day)
    const begun = archived.length > 0 && archived.every(({ state }) => state === 'dropping')
    for (const [partition, count] of rows) {
      const expected = archived
        .filter(({ segment }) => segment.partition === partition)
        .reduce((sum, one) => sum + one.rows, 0)
      if (count !== expected) return `${table} has ${count} rows of partition ${partition}, the archive ${expected}`
    }
    const sum = archived.reduce((total, one) => total + one.rows, 0)
    const found = [...rows.values()].reduce((total, count) => total + count, 0)
    if (found !== sum && !(begun && found === 0)) return `${table} has ${found} rows, the archive ${sum}`
    if (found > 0) filled.push(table)
  }
  await saveLastPositions(store, day)
  await viewArchive(store, target)
  const dropping = await catalog.setState(tick, 'dropping')
  for (const table of filled) await dropPartition(store, table, day)
  await catalog.setState(dropping, 'dropped')
  const left = filled.length > 0 ? filled : tables
  emit('day_dropped', { day, tables: left.join(', '), rows: tick.reduce((sum, { rows }) => sum + rows, 0) })
  return null
}

/** Those of the tables whose objects of a day all state that its rows are gone, and that have none. */
async function goneTables(
  store: Store,
  day: string,
  tables: readonly string[],
  objects: readonly ArchivedObject[],
): Promise<string[]> {
  const gone: string[] = []
  for (const table of tables) {
    const own = objects.filter(({ kind }) => kind === table)
    if (own.length === 0 || own.some(({ state }) => state !== 'dropped')) continue
    if ((await countDay(store, table, day)).size === 0) gone.push(table)
  }
  return gone
}

/** How an archived object is damaged; null if its bytes are as verified. */
async function damageOf(target: ArchiveTarget, { key, bytes, sha256 }: ArchivedObject): Promise<string | null> {
  if (key === '') return null
  const fetched = await target.fetch(key)
  await fetched?.release()
  if (!fetched) return `${key} is no longer in the archive`
  return fetched.bytes === bytes && fetched.sha256 === sha256 ? null : `${key} is not what was archived`
}

/** Whether ticks of a day are being moved out of quarantine. */
async function isReprocessing(store: Store, day: string): Promise<boolean> {
  const [row] = await store.rows<{ begun: number }>(
    'SELECT count() AS begun FROM requeues FINAL WHERE step = 0 AND log_day = {day:Date}',
    { day },
  )
  return row!.begun > 0
}

/** Whether records of a day are not archived yet. */
async function isPending(store: Store, catalog: ArchiveCatalog, day: string): Promise<boolean> {
  const nextOffsets = await catalog.nextOffsets()
  const positions = TICK_KINDS.map(
    ({ table }) => `SELECT log_partition, log_offset FROM ${table} WHERE log_day = {day:Date}`,
  ).join(' UNION ALL ')
  const rows = await store.rows<{ partition: number; last: string }>(
    `SELECT log_partition AS partition, toString(max(log_offset)) AS last FROM (${positions}) GROUP BY partition`,
    { day },
  )
  return rows.some(({ partition, last }) => Number(last) >= (nextOffsets.get(partition) ?? 0))
}

async function countDay(store: Store, table: string, day: string): Promise<Map<number, number>> {
  const rows = await store.rows<{ partition: number; count: number }>(
    `SELECT log_partition AS partition, count() AS count FROM ${table} WHERE log_day = {day:Date} GROUP BY partition`,
    { day },
  )
  return new Map(rows.map(({ partition, count }) => [partition, count]))
}

async function dropPartition(store: Store, table: string, day: string): Promise<void> {
  try {
    await store.dropPartition(table, day)
  } catch (error) {
    throw new TickhouseError(
      'store_unavailable',
      `cannot drop day ${day} of ${table}: ${(error as Error).message.split('\n')[0]}`,
      'It is retried; the day is in the archive.',
      { cause: error, retryable: true },
    )
  }
}
