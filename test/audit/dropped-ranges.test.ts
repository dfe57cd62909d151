/** Days that left the tables for the archive while the log still holds their records. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openTarget } from '../../src/archive/targets/open.ts'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'
import { type ArchiveFixture, archiverOf, openArchiveFixture } from '../support/data/archiving.ts'
import { reprocessIn } from '../support/data/reprocessing.ts'
import { storeAll } from '../support/data/storing.ts'
import { EventLog } from '../support/judges/event-log.ts'

/** On 26 November 2026, of ticks logged on the 22nd and 23rd: a house of which all but so many days have left the store; its log holds them all. */
async function withoutDays(t: TestContext, storeDays: number): Promise<ArchiveFixture> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-departed-'))
  const fixture = await openArchiveFixture(directory)
  const target = await openTarget(`file:${directory}/archive`, 'unused')
  t.after(async () => {
    await fixture.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const nowMs = Date.UTC(2026, 10, 26)
  await archiverOf(fixture, target, { retention: { logHours: undefined, storeDays }, nowMs }).archiver.round()
  assert.ok(fixture.events.named('day_dropped').length > 0)
  return fixture
}

const ask = async ({ store }: ArchiveFixture, query: string) =>
  Number((await store.rows<{ answer: string }>(`SELECT toString(${query}) AS answer`))[0]!.answer)
const look = ({ store, log }: ArchiveFixture) => diagnose(store, log, () => {})

test('all of them gone, log and store agree; a start stores nothing again, calls nothing lost, and its audit passes', async t => {
  const fixture = await withoutDays(t, 1)
  assert.equal(await ask(fixture, '(SELECT count() FROM trades) + (SELECT count() FROM quarantine)'), 0)
  const { partitions, ...diagnosis } = await look(fixture)
  assert.ok(isSound({ partitions, ...diagnosis }), JSON.stringify(partitions))
  assert.ok(partitions.some(({ leftRecords }) => leftRecords > 0))
  assert.ok(partitions.every(({ lagRecords }) => lagRecords === 0))

  const events = new EventLog()
  await storeAll(fixture.log, fixture.store, { emit: events.emit })
  assert.equal(await ask(fixture, '(SELECT count() FROM trades) + (SELECT count() FROM lost_ranges)'), 0)
  assert.deepEqual(events.named('audit_failed'), [])
  assert.deepEqual(events.named('position_unverified'), [], 'what names the last record of each partition is kept')
})

test('some of them gone, what is hot is audited as ever', async t => {
  const fixture = await withoutDays(t, 3)
  const rows = await ask(fixture, '(SELECT count() FROM trades)')
  assert.ok(rows > 0)
  const before = await look(fixture)
  assert.ok(isSound(before), JSON.stringify(before.partitions))
  await fixture.store.command(`DELETE FROM trades WHERE (log_partition, log_offset, log_index) IN
      (SELECT log_partition, log_offset, log_index FROM trades LIMIT 1)`)
  const after = await look(fixture)
  assert.ok(!isSound(after))
  assert.match(after.partitions.map(({ detail }) => detail).join(), /ticks stored, \d+ in the log|records missing/)
})

/** Ten trades of one symbol at noon of a day in November 2026. */
function tenTrades(symbol: string, day: number) {
  const columns = new TradeColumns(10)
  const noonMicros = Date.UTC(2026, 10, day, 12) * 1000
  for (let id = 1; id <= 10; id++) {
    const micros = noonMicros + id * 1000
    columns.add({
      venue: 'binance',
      symbol,
      timestampMicros: micros,
      timestampNanos: 0,
      receivedAtMicros: micros,
      price: 100,
      volume: 1,
      side: SIDE.buy,
      tradeId: id,
      origin: ORIGIN.live,
    })
  }
  return tradesRecord(columns)
}

test('a trade that comes again after a start is not stored twice though its rows have left; a newer one is stored', async t => {
  const fixture = await withoutDays(t, 1)
  const { log, store } = fixture
  const again = (await log.record(0, 0))!
  await log.append(0, [again])
  await storeAll(log, store)
  assert.equal(await ask(fixture, '(SELECT count() FROM trades)'), 0)
  const refused = "SELECT count() FROM quarantine WHERE reason = 'duplicate_id' AND detail LIKE '%in the archive%'"
  assert.equal(await ask(fixture, `(${refused})`), again.ticks)
  await log.append(0, [tenTrades('AAA', 26)])
  await storeAll(log, store)
  assert.equal(await ask(fixture, '(SELECT count() FROM trades)'), 10)
})

test('refused trades of a symbol that has none in the store are no repeats because other days have left', async t => {
  const { log, store } = await withoutDays(t, 1)
  await log.append(0, [tenTrades('NEW', 26)])
  await storeAll(log, store, { venues: new Map() })
  const [report] = await reprocessIn(log, store, {}, [{ reason: 'unknown_venue' }])
  assert.equal(report!.moved, 10, JSON.stringify(report))
})

test('a gap does not grow by what has left the store', async t => {
  const { log, store } = await withoutDays(t, 3)
  const row = { venue: 'binance', symbol: 'AAA', first_id: 5, last_id: 8, missing: 2, state: 'open' }
  await store.insertRows('gaps', [{ ...row, found_at: '2026-11-22 12:00:00', changed_at: '2026-11-22 12:00:00' }])
  await storeAll(log, store)
  const [gap] = await store.rows('SELECT toUInt32(missing) AS missing FROM gaps FINAL WHERE first_id = 5')
  assert.deepEqual(gap, { missing: 2 })
})
