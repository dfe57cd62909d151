/** Quotes that leave the store before trades: what is left stays accounted for, and nothing comes back half. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openTarget } from '../../src/archive/targets/open.ts'
import type { ArchiveTarget } from '../../src/archive/targets/target.ts'
import { checkArchive } from '../../src/archive/verify/check.ts'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { filesOf } from '../../src/store/embedded/files.ts'
import { openStore } from '../../src/store/open.ts'
import { type ArchiveFixture, archiverOf } from '../support/data/archiving.ts'
import { quotesOf } from '../support/data/quotes.ts'
import { reprocessIn } from '../support/data/reprocessing.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'
import { EventLog } from '../support/judges/event-log.ts'

const DAYS = [22, 23, 24]
const NOW_MS = Date.UTC(2026, 10, 26)

interface Fixture extends ArchiveFixture {
  target: ArchiveTarget
  directory: string
}

/** On each of three days in November, in two hours: a trade, quotes, a refused trade of a venue not known then, a refused quote. */
async function openFixture(t: TestContext): Promise<Fixture> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-by-kind-'))
  let nowMs = 0
  const log = await openSqliteLog(`${directory}/log`, 'write', { nowMs: () => nowMs })
  let id = 0
  for (const day of DAYS)
    for (const hour of [10, 11])
      for (let minute = 0; minute < 5; minute++) {
        nowMs = Date.UTC(2026, 10, day, hour, minute)
        id++
        const trade = { symbol: 'AAA', tradeId: id, price: 1, volume: 1, side: 'buy' }
        const quote = { symbol: 'AAA', bid: [1, 1], ask: [2, 1], sequence: 2 * id } as const
        await log.append(0, [
          quotesOf('binance', [quote, { ...quote, sequence: 2 * id + 1 }]),
          tradesOf('binance', [trade, { ...trade, tradeId: 1000 + id, symbol: 'BBB' }]),
          tradesOf('acme', [trade]),
          quotesOf('binance', [{ ...quote, bid: [3, 1] }]),
          quotesOf('acme', [quote]),
        ])
      }
  const store = await openStore(`chdb:${directory}/store`)
  await storeAll(log, store)
  const target = await openTarget(`file:${directory}/archive`, 'unused')
  t.after(async () => {
    await store.close()
    await log.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  return { log, store, events: new EventLog(), target, directory, close: async () => {} }
}

/** A round of archiving on 26 November. */
async function round(fixture: Fixture, storeDays: number | undefined, quotes?: number) {
  const retention = { logHours: undefined, storeDays, daysOfKind: { quotes } }
  const { archiver, catalog } = archiverOf(fixture, fixture.target, { retention, nowMs: NOW_MS })
  await archiver.round()
  return catalog
}

const count = async ({ store }: Fixture, table: string) =>
  Number((await store.rows<{ n: string }>(`SELECT count() AS n FROM ${table}`))[0]!.n)
const look = ({ store, log }: Fixture) => diagnose(store, log, () => {})

test('quotes leave before trades and refused ticks; the rest is audited with the archived ones, and every view is whole', async t => {
  const fixture = await openFixture(t)
  await round(fixture, undefined, 2)
  assert.deepEqual(
    fixture.events.named('day_dropped').map(({ day, tables }) => [day, tables]),
    [
      ['2026-11-22', 'quotes'],
      ['2026-11-23', 'quotes'],
    ],
  )
  assert.deepEqual(
    await Promise.all(['quotes', 'all_quotes', 'trades', 'quarantine'].map(table => count(fixture, table))),
    [20, 60, 60, 90],
  )
  const before = await look(fixture)
  assert.ok(isSound(before), JSON.stringify(before.partitions))
  assert.equal(before.partitions[0]!.leftRecords, 0, 'no record is skipped')
  assert.equal(before.partitions[0]!.expected, 170)

  await round(fixture, undefined, 2)
  assert.equal(fixture.events.named('day_dropped').length, 2, 'nothing is left to drop')
  await storeAll(fixture.log, fixture.store, { emit: fixture.events.emit })
  assert.deepEqual(await Promise.all(['quotes', 'trades'].map(table => count(fixture, table))), [20, 60])
  assert.deepEqual(fixture.events.named('audit_failed'), [])
  assert.deepEqual(fixture.events.named('day_held'), [])
})

test('a tick that is missing or twice in what is left is found', async t => {
  const fixture = await openFixture(t)
  await round(fixture, undefined, 1)
  const day = "log_day = '2026-11-22'"
  const faults: [statement: string, found: RegExp][] = [
    [
      `DELETE FROM trades WHERE ${day} AND trade_id = 3`,
      /1[89] ticks stored and 10 archived and dropped|35 in the log/,
    ],
    [`INSERT INTO trades SELECT * FROM trades WHERE ${day} AND trade_id = 4`, /1 ticks twice/],
    [
      `DELETE FROM quarantine WHERE ${day} AND log_offset = (SELECT min(log_offset) FROM quarantine)`,
      /ticks stored and 10 archived and dropped, 35 in the log/,
    ],
  ]
  let detail = ''
  for (const [statement, found] of faults) {
    await fixture.store.command(statement)
    const after = await look(fixture)
    assert.ok(!isSound(after), statement)
    assert.notEqual(after.partitions[0]!.detail, detail)
    detail = after.partitions[0]!.detail
    assert.match(detail, found)
  }
})

test('trades and refused ticks leave later, and then nothing of the day is counted', async t => {
  const fixture = await openFixture(t)
  await round(fixture, undefined, 2)
  await round(fixture, 3, 2)
  const last = fixture.events.named('day_dropped').at(-1)
  assert.deepEqual([last?.day, last?.tables], ['2026-11-22', 'trades, quarantine'])
  assert.deepEqual(
    await Promise.all(['quotes', 'trades', 'all_trades', 'quarantine'].map(table => count(fixture, table))),
    [20, 40, 60, 60],
  )
  const after = await look(fixture)
  assert.ok(isSound(after), JSON.stringify(after.partitions))
  assert.equal(after.partitions[0]!.leftRecords, 50)
  await storeAll(fixture.log, fixture.store, { emit: fixture.events.emit })
  assert.deepEqual(fixture.events.named('audit_failed'), [])
})

test('trades that leave before quotes are accounted for too', async t => {
  const fixture = await openFixture(t)
  await round(fixture, 2, 100)
  assert.deepEqual(
    await Promise.all(['trades', 'all_trades', 'quotes', 'quarantine'].map(table => count(fixture, table))),
    [20, 60, 60, 90],
  )
  const after = await look(fixture)
  assert.ok(isSound(after), JSON.stringify(after.partitions))
  assert.equal(after.partitions[0]!.leftRecords, 0)
  await storeAll(fixture.log, fixture.store, { emit: fixture.events.emit })
  assert.equal(await count(fixture, 'trades'), 20)
})

test('refused trades of such a day can be stored, refused quotes cannot; the segment is archived again around the quotes', async t => {
  const fixture = await openFixture(t)
  await round(fixture, undefined, 1)
  const settings = { EXTRA_VENUES: 'acme' }
  const [report] = await reprocessIn(fixture.log, fixture.store, settings, [{ reason: 'unknown_venue' }])
  assert.equal(report!.moved, 30)
  assert.deepEqual(report!.still, [
    {
      reason: 'unknown_venue',
      today: 'unknown_venue',
      detail: 'valid now, but the quotes of its time have left the store',
      ticks: 30,
    },
  ])
  const catalog = await round(fixture, undefined, 1)
  assert.deepEqual(fixture.events.named('archive_failed'), [])
  assert.equal(fixture.events.named('slice_archived_anew').length, 6)
  const objects = await catalog.objects()
  const rows = (kind: string) => objects.filter(one => one.kind === kind).reduce((sum, one) => sum + one.rows, 0)
  assert.deepEqual([rows('trades'), rows('quotes'), rows('quarantine')], [90, 60, 60])
  const { store, target } = fixture
  const deep = { source: store, files: filesOf(store) }
  assert.deepEqual((await checkArchive({ target, objects, deep, progress: () => {} })).findings, [])
  const after = await look(fixture)
  assert.ok(isSound(after), JSON.stringify(after.partitions))
  assert.equal(await count(fixture, 'all_trades'), 90)
})

test('a drop of one kind that was interrupted is finished; until then its day is not counted', async t => {
  const fixture = await openFixture(t)
  const catalog = await round(fixture, undefined, undefined)
  const quotes = await catalog.objects("kind = 'quotes' AND toDate(slice_start) = '2026-11-22'")
  await catalog.setState(quotes, 'dropping')
  const begun = await look(fixture)
  assert.ok(isSound(begun), JSON.stringify(begun.partitions))
  assert.equal(begun.partitions[0]!.leftRecords, 50)
  await fixture.store.dropPartition('quotes', '2026-11-22')
  const gone = await look(fixture)
  assert.ok(isSound(gone), JSON.stringify(gone.partitions))
  await round(fixture, undefined, 3)
  const states = await catalog.objects("kind = 'quotes' AND toDate(slice_start) = '2026-11-22'")
  assert.deepEqual(new Set(states.map(({ state }) => state)), new Set(['dropped']))
  const after = await look(fixture)
  assert.ok(isSound(after), JSON.stringify(after.partitions))
  assert.equal(after.partitions[0]!.leftRecords, 0)
})
