/**
 * What may leave because it is archived, where the configuration says so: records of the log, days of the tables. Both only for
 * slices the ledger calls verified, and a day only if its objects are read back whole once more and its rows are as many as theirs.
 */
import { MS_PER_DAY } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { LogRetention } from '../log/retention.ts'
import type { Store } from '../store/store.ts'
import type { Emit } from '../telemetry/events.ts'
import type { ArchivedObject } from './archive.ts'
import type { ArchiveCatalog } from './catalog/catalog.ts'
import { notePositions } from './catalog/segment-positions.ts'
import { quoted } from './columns.ts'
import { dateOf } from './keys.ts'
import { TICK_KINDS } from './kinds.ts'
import type { ArchiveTarget } from './targets/target.ts'
import { viewArchive } from './view.ts'

const MS_PER_HOUR = 3_600_000

/** How long things are kept, at least; undefined keeps them for ever. */
export interface Keeping {
  logHours: number | undefined
  storeDays: number | undefined
}

/** Whose data leaves, and who is told. */
export interface RetentionContext {
  store: Store
  log: Log & LogRetention
  target: ArchiveTarget
  catalog: ArchiveCatalog
  emit: Emit
}

/** Lets the log drop the records of old slices. Another process may have to do it: `asked` keeps what was asked of it, by partition. */
export async function trimLog(
  { log, catalog, emit }: RetentionContext,
  keepHours: number,
  nowMs: number,
  asked: Map<number, number>,
): Promise<void> {
  const slices = await catalog.objects(`kind = ${quoted(TICK_KINDS[0]!.table)}`)
  for (let partition = 0; partition < log.partitions; partition++) {
    const { first } = await log.refresh(partition)
    const waits = asked.get(partition)
    asked.delete(partition)
    if (waits !== undefined && first >= waits) emit('log_trimmed', { partition, first })
    else if (waits !== undefined) emit('log_trim_waits', { partition, below: waits })
    const floor = archivedBelow(slices, partition, nowMs - keepHours * MS_PER_HOUR)
    if (floor <= first) continue
    const records = await log.trim(partition, { storedBelow: floor, archivedBelow: floor })
    if (records > 0) emit('log_trimmed', { partition, first: floor })
    else asked.set(partition, floor)
  }
}

/**
 * The offset below which every record is archived and old: no hole, none that is stale, and the last slice ended before a moment. What
 * comes before an old record is as old, whatever the log's clock said of it.
 */
export function archivedBelow(slices: readonly ArchivedObject[], partition: number, beforeMs: number): number {
  let below = 0
  let archived = 0
  for (const { slice, state } of slices) {
    if (slice.partition !== partition) continue
    if (slice.firstOffset !== archived || state === 'stale') break
    archived = slice.lastOffset + 1
    if (slice.endMs <= beforeMs) below = archived
  }
  return below
}

/** Drops old days from the tables, each only after it was proved again to be archived. Throws what store and target throw. */
export async function dropDays(house: RetentionContext, keepDays: number, nowMs: number): Promise<void> {
  const before = dateOf(nowMs - keepDays * MS_PER_DAY)
  for (const day of await storedDays(house.store, before)) {
    const why = await dropDay(house, day)
    if (why !== null) house.emit('day_held', { day, why })
  }
}

/** Drops a day, or says why not. */
async function dropDay({ store, target, catalog, emit }: RetentionContext, day: string): Promise<string | null> {
  // Not archived yet: no reason to tell anyone of, it leaves when it is.
  if (await waits(store, catalog, day)) return null
  const objects = await catalog.objects(`toDate(slice_start) = ${quoted(day)}`)
  const tick = objects.filter(({ kind }) => TICK_KINDS.some(({ table }) => table === kind))
  const stale = tick.find(({ state }) => state === 'stale')
  if (stale) return `the slice of ${stale.key} is about to be archived anew`
  if (await moving(store, day)) return 'ticks are on their way out of quarantine'
  for (const object of tick) {
    const damage = await damageOf(target, object)
    if (damage) return damage
  }
  const held: string[] = []
  for (const { table } of TICK_KINDS) {
    const archived = tick.filter(({ kind }) => kind === table)
    const rows = await countDay(store, table, day)
    const begun = archived.length > 0 && archived.every(({ state }) => state === 'dropping')
    for (const [partition, count] of rows) {
      const expected = archived
        .filter(({ slice }) => slice.partition === partition)
        .reduce((sum, one) => sum + one.rows, 0)
      if (count !== expected) return `${table} holds ${count} rows of partition ${partition}, the archive ${expected}`
    }
    const sum = archived.reduce((total, one) => total + one.rows, 0)
    const found = [...rows.values()].reduce((total, count) => total + count, 0)
    if (found !== sum && !(begun && found === 0)) return `${table} holds ${found} rows, the archive ${sum}`
    if (found > 0) held.push(table)
  }
  await notePositions(store, day)
  await viewArchive(store, target)
  const dropping = await catalog.setState(tick, 'dropping')
  for (const table of held) await dropPartition(store, table, day)
  await catalog.setState(dropping, 'dropped')
  emit('day_dropped', { day, rows: tick.reduce((sum, { rows }) => sum + rows, 0) })
  return null
}

/** What is wrong with an archived object by its bytes; null if nothing is. */
async function damageOf(target: ArchiveTarget, { key, bytes, sha256 }: ArchivedObject): Promise<string | null> {
  if (key === '') return null
  const fetched = await target.fetch(key)
  await fetched?.release()
  if (!fetched) return `${key} is no longer in the archive`
  return fetched.bytes === bytes && fetched.sha256 === sha256 ? null : `${key} is not what was archived`
}

async function storedDays(store: Store, before: string): Promise<string[]> {
  const rows = await store.rows<{ day: string }>(
    `SELECT DISTINCT partition AS day FROM system.parts WHERE active AND rows > 0 AND database = currentDatabase()
       AND table IN {tables:Array(String)} AND partition < {before:String} ORDER BY day`,
    { tables: TICK_KINDS.map(({ table }) => table), before },
  )
  return rows.map(row => row.day)
}

async function moving(store: Store, day: string): Promise<boolean> {
  const [row] = await store.rows<{ begun: number }>(
    'SELECT count() AS begun FROM requeues FINAL WHERE step = 0 AND log_day = {day:Date}',
    { day },
  )
  return row!.begun > 0
}

/** Does the store hold records of a day after the last that is archived of their partition? */
async function waits(store: Store, catalog: ArchiveCatalog, day: string): Promise<boolean> {
  const reached = await catalog.reached()
  const held = TICK_KINDS.map(
    ({ table }) => `SELECT log_partition, log_offset FROM ${table} WHERE log_day = {day:Date}`,
  ).join(' UNION ALL ')
  const rows = await store.rows<{ partition: number; last: string }>(
    `SELECT log_partition AS partition, toString(max(log_offset)) AS last FROM (${held}) GROUP BY partition`,
    { day },
  )
  return rows.some(({ partition, last }) => Number(last) >= (reached.get(partition)?.next ?? 0))
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
    await store.client.command({ query: `ALTER TABLE ${table} DROP PARTITION ${quoted(day)}` })
  } catch (error) {
    throw new TickhouseError(
      'store_unavailable',
      `the day ${day} of ${table} cannot be dropped: ${(error as Error).message.split('\n')[0]}`,
      'It is tried again; the archive holds the day.',
      { cause: error, retryable: true },
    )
  }
}
