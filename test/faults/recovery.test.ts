/** The rows of docs/recovery.md about store, log and archive, followed by a user to the letter, and in the wrong order. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type TestContext, test } from 'node:test'
import { rowsOf } from '../support/data/archiving.ts'
import { makeMixedLog } from '../support/data/mixed-log.ts'
import { House, type Part } from '../support/processes/tickhouse.ts'

/** The mixed log lies days back: all of it can be archived. */
const SLICES = 2

/** A house whose log is stored and archived. */
async function archivedHouse(t: TestContext): Promise<{ house: House; rows: string[] }> {
  const house = new House(t)
  await makeMixedLog(`${house.directory}/data/log`)
  await storeAndArchive(house)
  return { house, rows: await tradesOf(house) }
}

async function storeAndArchive(house: House, settings: Record<string, string> = {}): Promise<Part> {
  const ingest = house.run('ingest', settings)
  await ingest.drained()
  await ingest.tells('slice_archived', {}, SLICES)
  await ingest.end('SIGTERM')
  assert.deepEqual(ingest.told('archive_failed'), [], ingest.account())
  return ingest
}

async function tradesOf(house: House): Promise<string[]> {
  const store = await house.store()
  const rows = await rowsOf(store, 'trades')
  await store.close()
  return rows
}

function contents(house: House): Record<string, string> {
  const files = fs.globSync(`${house.directory}/data/archive/**/*`).filter(file => fs.statSync(file).isFile())
  return Object.fromEntries(files.sort().map(file => [file, fs.readFileSync(file, 'base64')]))
}

test('the store is lost: moved aside, restored, started, it has every trade, and archiving goes on', async t => {
  const { house, rows } = await archivedHouse(t)
  fs.renameSync(`${house.directory}/data/store`, `${house.directory}/data/store.damaged`)
  const restore = house.run('restore')
  assert.deepEqual(await restore.exited, { code: 0, signal: null }, restore.account())
  const ingest = house.run('ingest')
  await ingest.drained()
  await ingest.tells('archive_opened')
  assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(ingest.told('archive_failed'), [])
  assert.deepEqual(await tradesOf(house), rows)
})

test('the store is lost: started first, the log fills it and its archive takes it again; restored then, nothing is twice', async t => {
  const { house, rows } = await archivedHouse(t)
  fs.renameSync(`${house.directory}/data/store`, `${house.directory}/data/store.damaged`)
  await storeAndArchive(house)
  assert.deepEqual(await tradesOf(house), rows)
  const restore = house.run('restore')
  assert.deepEqual(await restore.exited, { code: 0, signal: null }, restore.account())
  assert.deepEqual(await tradesOf(house), rows)
})

test('the log is damaged: a new log and store beside the old archive are stored and leave it alone; a new archive makes it whole', async t => {
  const { house } = await archivedHouse(t)
  const before = contents(house)
  const settings = { LOG: 'sqlite:data/log.new', STORE: 'chdb:data/store.new' }
  await makeMixedLog(`${house.directory}/data/log.new`)
  const forgotten = house.run('ingest', settings)
  await forgotten.drained()
  const { why, advice } = await forgotten.tells('archive_failed')
  assert.match(String(why), /is not this log's/)
  assert.match(String(advice), /Give TICKHOUSE_ARCHIVE a new, empty place/)
  await forgotten.end('SIGTERM')
  assert.deepEqual(contents(house), before)
  await storeAndArchive(house, { ...settings, ARCHIVE: 'file:data/archive.new' })
  assert.deepEqual(contents(house), before)
})

test('an archive of another log is not restored into the store of this one, whose log is at hand', async t => {
  const { house } = await archivedHouse(t)
  await makeMixedLog(`${house.directory}/data/log.new`)
  const restore = house.run('restore', { LOG: 'sqlite:data/log.new', STORE: 'chdb:data/store.new' })
  assert.notEqual((await restore.exited).code, 0)
  assert.match(restore.words, /does not belong to this log: .*Nothing was restored/)
  assert.equal(restore.words.trim().split('\n').length, 1, restore.words)
})
