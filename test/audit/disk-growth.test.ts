import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { diskGrowthBytesPerDay } from '../../src/audit/disk-growth.ts'
import { openTestStore, type TestStore } from '../support/data/storage.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.remove())

/** Measurements of a disk, one a minute: `bytes` free so many minutes ago. */
async function measured(minutes: number, bytes: string): Promise<void> {
  const command = (query: string) => opened.store.command(query)
  await command('TRUNCATE TABLE metrics')
  await command(`INSERT INTO metrics (at, name, value) SELECT now64(3) - toIntervalMinute(number) AS at, 'disk_free_bytes', ${bytes}
    FROM numbers(${minutes})`)
}

test('the disk fills as fast as its free space falls, whatever merges take and give back', async () => {
  await measured(600, '1e12 + number * 1e6 + (number % 7) * 1e7')
  const growth = await diskGrowthBytesPerDay(opened.store)
  assert.ok(Math.abs(growth! / (1440 * 1e6) - 1) < 0.05, String(growth))
})

test('a disk that gains room does not fill', async () => {
  await measured(60, '1e12 - number * 1e6')
  assert.ok((await diskGrowthBytesPerDay(opened.store))! < 0)
})

test('nothing is said after too short a time, or without measurements', async () => {
  await measured(5, '1e12 + number * 1e9')
  assert.equal(await diskGrowthBytesPerDay(opened.store), null)
  await measured(0, '0')
  assert.equal(await diskGrowthBytesPerDay(opened.store), null)
})
