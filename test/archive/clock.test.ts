/** A log whose clock was wrong for a while: archiving goes on, and all of it comes back. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { restore } from '../../src/archive/restore/restore.ts'
import { archivedBelow } from '../../src/archive/retention.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import type { ArchiveTarget } from '../../src/archive/targets/target.ts'
import { checkArchive } from '../../src/archive/verify/check.ts'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import type { OpenLog } from '../../src/log/log.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { filesOf } from '../../src/store/embedded/files.ts'
import { archiverOf, rowsOf } from '../support/data/archiving.ts'
import { openTestStore, type TestStore } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { NOON_MICROS, tradesOf } from '../support/data/trades.ts'
import { EventLog } from '../support/judges/event-log.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'

const NOON_MS = NOON_MICROS / 1000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS
const RUN_RECORDS = 20

/** What the clock is ahead by, run after run of records; between two runs everything is stopped and started. */
const HISTORIES: Record<string, number[]> = {
  'a year ahead, then right': [YEAR_MS, 0],
  'right, two hours ahead, then right': [0, 2 * HOUR_MS, 0],
  'set back by a day': [0, -DAY_MS],
  'ahead by other days each time it starts': [0, 9 * DAY_MS, 7 * DAY_MS, 5 * DAY_MS, 3 * DAY_MS, 0],
  'years behind at the start': [-20 * YEAR_MS, 0, HOUR_MS],
}

const TABLES = ['trades', 'quarantine', 'gaps', 'audits', 'archive_ledger', 'epochs', 'log_identity', 'lost_ranges']
/** One for all: a process opens one store. */
let storage: TestStore
before(async () => {
  storage = await openTestStore()
})
after(() => storage.remove())

for (const [name, aheads] of Object.entries(HISTORIES))
  describe(`a log whose clock was ${name}`, () => {
    const events = new EventLog()
    const directoryOf = (part: string) => `${storage.directory}/${part} ${Object.keys(HISTORIES).indexOf(name)}`
    let log: OpenLog
    let target: ArchiveTarget
    let nowMs = NOON_MS
    let ids = 1
    const expectedMs: number[] = []
    const fixture = () => ({ log, store: storage.store, events, close: async () => {} })
    const archiver = (laterMs = 0) => archiverOf(fixture(), target, { nowMs: nowMs + laterMs })

    async function append(aheadMs: number): Promise<void> {
      log = await openSqliteLog(directoryOf('log'), 'write', { nowMs: () => nowMs + aheadMs })
      for (let record = 0; record < RUN_RECORDS; record++) {
        nowMs += 1_000
        const trade = { symbol: 'AAA', price: 1, volume: 1, side: 'buy' }
        const refused = { ...trade, tradeId: ids + 1, price: -1 }
        await log.append(0, [tradesOf('binance', [{ ...trade, tradeId: ids }, ...(record % 5 === 0 ? [refused] : [])])])
        ids += 1
        expectedMs.push(nowMs + aheadMs)
      }
      await storeAll(log, storage.store, { emit: events.emit })
    }

    before(async () => {
      for (const table of TABLES) await storage.store.command(`TRUNCATE TABLE ${table}`)
      target = await openTarget(`file:${directoryOf('archive')}`, 'unused')
      for (const [index, aheadMs] of aheads.entries()) {
        if (index > 0) await log.close()
        await append(aheadMs)
      }
    })
    after(() => log.close())

    test('every record is stored once, with the time of the clock, and the jump back is reported', async () => {
      assertPositions(await checkPositions(storage.store, log))
      assert.ok(isSound(await diagnose(storage.store, log, () => {})))
      const rows = await storage.store.rows<{ seconds: number; day: number }>(
        'SELECT DISTINCT log_offset, toUnixTimestamp(logged_at) AS seconds, toUInt16(log_day) AS day FROM trades ORDER BY log_offset',
      )
      assert.deepEqual(
        rows.map(({ seconds, day }) => [Number(seconds), Number(day)]),
        expectedMs.map(ms => [Math.floor(ms / 1000), Math.floor(ms / DAY_MS)]),
      )
      const falls = aheads.filter((aheadMs, run) => run > 0 && aheadMs < aheads[run - 1]!).length
      assert.equal(events.named('log_clock_set_back').length, falls)
    })

    test('it is archived without waiting for its time, and the archive verifies', async () => {
      await archiver().archiver.round()
      await archiver(2 * HOUR_MS).archiver.round()
      const { catalog } = archiver()
      assert.equal((await catalog.nextOffsets()).get(0), log.bounds(0).next)
      const objects = await catalog.objects()
      const deep = { source: storage.store, files: filesOf(storage.store) }
      const { findings } = await checkArchive({ target, objects, deep, progress: () => {} })
      assert.deepEqual(findings, [])
      const segments = objects.filter(({ kind }) => kind === 'trades')
      assert.equal(archivedBelow(segments, 0, nowMs + 2 * HOUR_MS), log.bounds(0).next, 'and may leave the log')
    })

    test('it is restored from the archive alone, and ingest resumes after the last record', async () => {
      const { store } = storage
      const archived = await rowsOf(store, 'trades')
      for (const table of ['trades', 'quarantine', 'archive_ledger']) await store.command(`TRUNCATE TABLE ${table}`)
      await restore({ store, target, catalog: archiver().catalog }, {})
      assert.deepEqual(await rowsOf(store, 'trades'), archived)
      await log.close()
      await append(0)
      assertPositions(await checkPositions(store, log))
    })
  })
