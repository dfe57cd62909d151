/** Days that left the tables for the archive while the log still holds their records. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openTarget } from '../../src/archive/target.ts'
import { diagnose, isSound } from '../../src/observe/diagnosis.ts'
import { type ArchivingHouse, archiverOf, openArchivingHouse } from '../support/archiving.ts'
import { EventLog } from '../support/event-log.ts'
import { storeAll } from '../support/storing.ts'

/** On 26 November 2026, of ticks logged on the 22nd and 23rd: a house of which all but so many days have left the store; its log holds them all. */
async function withoutDays(t: TestContext, storeDays: number): Promise<ArchivingHouse> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-departed-'))
  const house = await openArchivingHouse(directory)
  const target = await openTarget(`file:${directory}/archive`, 'unused')
  t.after(async () => {
    await house.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const nowMs = Date.UTC(2026, 10, 26)
  await archiverOf(house, target, { keep: { logHours: undefined, storeDays }, nowMs }).archiver.round()
  assert.ok(house.events.named('day_dropped').length > 0)
  return house
}

const ask = async ({ store }: ArchivingHouse, query: string) =>
  Number((await store.rows<{ answer: string }>(`SELECT toString(${query}) AS answer`))[0]!.answer)
const look = ({ store, log }: ArchivingHouse) => diagnose(store, log, () => {})

test('all of them gone, log and store agree; a start stores nothing again, calls nothing lost, and its audit passes', async t => {
  const house = await withoutDays(t, 1)
  assert.equal(await ask(house, '(SELECT count() FROM trades) + (SELECT count() FROM quarantine)'), 0)
  const { partitions, ...diagnosis } = await look(house)
  assert.ok(isSound({ partitions, ...diagnosis }), JSON.stringify(partitions))
  assert.ok(partitions.some(({ leftRecords }) => leftRecords > 0))
  assert.ok(partitions.every(({ lagRecords }) => lagRecords === 0))

  const events = new EventLog()
  await storeAll(house.log, house.store, { emit: events.emit })
  assert.equal(await ask(house, '(SELECT count() FROM trades) + (SELECT count() FROM lost_ranges)'), 0)
  assert.deepEqual(events.named('audit_failed'), [])
  assert.deepEqual(events.named('position_unverified'), [], 'what names the last record of each partition is kept')
})

test('some of them gone, what is hot is audited as ever', async t => {
  const house = await withoutDays(t, 3)
  const rows = await ask(house, '(SELECT count() FROM trades)')
  assert.ok(rows > 0)
  const before = await look(house)
  assert.ok(isSound(before), JSON.stringify(before.partitions))
  await house.store.client.command({
    query: `DELETE FROM trades WHERE (log_partition, log_offset, log_index) IN
      (SELECT log_partition, log_offset, log_index FROM trades LIMIT 1)`,
  })
  const after = await look(house)
  assert.ok(!isSound(after))
  assert.match(after.partitions.map(({ detail }) => detail).join(), /ticks stored, \d+ in the log|records missing/)
})
