/** Log, store and archiver for a test, with a clock that the test sets. */
import assert from 'node:assert/strict'
import { Archiver, type ArchiverOptions } from '../../../src/archive/archiver.ts'
import { ArchiveCatalog } from '../../../src/archive/catalog/catalog.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import type { ArchiveTarget } from '../../../src/archive/targets/target.ts'
import { MS_PER_DAY, SYSTEM_CLOCK } from '../../../src/clock.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { EventLog } from '../judges/event-log.ts'
import { makeMixedLog } from './mixed-log.ts'
import { storeAll } from './storing.ts'

/** A day after the mixed log's last record, and after records a test appends now: all segments are closed. */
export const LATER_MS = Math.max(Date.UTC(2026, 10, 25), Date.now()) + MS_PER_DAY

export interface ArchiveFixture {
  log: OpenLog
  store: Store
  events: EventLog
  close(): Promise<void>
}

/** The mixed log in a directory, stored. */
export async function openArchiveFixture(directory: string): Promise<ArchiveFixture> {
  await makeMixedLog(`${directory}/log`)
  const log = await openSqliteLog(`${directory}/log`, 'write')
  const store = await openStore(`chdb:${directory}/store`)
  await storeAll(log, store)
  const close = async () => {
    await store.close()
    await log.close()
  }
  return { log, store, events: new EventLog(), close }
}

/** An archiver of a fixture; the test calls its rounds. */
export function archiverOf(
  { log, store, events }: ArchiveFixture,
  target: ArchiveTarget,
  options: Partial<ArchiverOptions> & { nowMs?: number } = {},
): { archiver: Archiver; catalog: ArchiveCatalog } {
  const { nowMs = LATER_MS, ...rest } = options
  const archiver = new Archiver({
    store,
    log,
    target,
    segmentLength: 'hour',
    retention: { logHours: undefined, storeDays: undefined },
    diskFreeBytesMin: 0,
    emit: events.emit,
    clock: { ...SYSTEM_CLOCK, nowMicros: () => nowMs * 1000 },
    ...rest,
  })
  return { archiver, catalog: new ArchiveCatalog(store, target.address) }
}

/** Moves every day of a fixture's ticks to an archive in its directory; the archiver has the views include it. */
export async function moveAllToArchive(fixture: ArchiveFixture, directory: string): Promise<ArchiveTarget> {
  const target = await openTarget(`file:${directory}/archive`, 'unused')
  await archiverOf(fixture, target, { retention: { logHours: undefined, storeDays: 1 } }).archiver.round()
  const [left] = await fixture.store.rows<{ rows: number }>('SELECT count() AS rows FROM trades')
  assert.equal(Number(left!.rows), 0, 'every day was moved to the archive')
  return target
}

/** The rows of a table, or of all archived objects of a kind in a directory, as text in one order. */
export async function rowsOf(store: Store, source: string): Promise<string[]> {
  const rows = await store.rows<{ line: string }>(
    `SELECT toString(tuple(venue, symbol, toUnixTimestamp64Nano(timestamp), toUnixTimestamp64Nano(received_at),
       reinterpretAsUInt64(price), reinterpretAsUInt64(volume), toString(side), trade_id, toString(origin),
       log_partition, log_offset, log_index, toUnixTimestamp(logged_at), log_day)) AS line FROM ${source} ORDER BY line`,
  )
  return rows.map(({ line }) => line)
}
