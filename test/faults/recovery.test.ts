/**
 * The rows of docs/recovery.md about store, log and archive, followed by a user to the letter, and in the wrong order.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type TestContext, test } from 'node:test'
import { rowsOf } from '../support/data/archiving.ts'
import { makeMixedLog } from '../support/data/mixed-log.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'

/** The mixed log lies days back: all of it can be archived. */
const SLICES = 2

/** An instance whose log is stored and archived. */
async function archivedInstance(t: TestContext): Promise<{ instance: TestInstance; rows: string[] }> {
  const instance = new TestInstance(t)
  await makeMixedLog(`${instance.directory}/data/log`)
  await storeAndArchive(instance)
  return { instance, rows: await tradesOf(instance) }
}

async function storeAndArchive(instance: TestInstance, settings: Record<string, string> = {}): Promise<TestProcess> {
  const ingest = instance.run('ingest', settings)
  await ingest.drained()
  await ingest.waitFor('slice_archived', {}, SLICES)
  await ingest.end('SIGTERM')
  assert.deepEqual(ingest.logged('archive_failed'), [], ingest.recentOutput())
  return ingest
}

async function tradesOf(instance: TestInstance): Promise<string[]> {
  const store = await instance.store()
  const rows = await rowsOf(store, 'trades')
  await store.close()
  return rows
}

function contents(instance: TestInstance): Record<string, string> {
  const files = fs.globSync(`${instance.directory}/data/archive/**/*`).filter(file => fs.statSync(file).isFile())
  return Object.fromEntries(files.sort().map(file => [file, fs.readFileSync(file, 'base64')]))
}

test('the store is lost: moved aside, restored and started, it has every trade, and archiving continues', async t => {
  const { instance, rows } = await archivedInstance(t)
  fs.renameSync(`${instance.directory}/data/store`, `${instance.directory}/data/store.damaged`)
  const restore = instance.run('restore')
  assert.deepEqual(await restore.exited, { code: 0, signal: null }, restore.recentOutput())
  const ingest = instance.run('ingest')
  await ingest.drained()
  await ingest.waitFor('archive_opened')
  assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(ingest.logged('archive_failed'), [])
  assert.deepEqual(await tradesOf(instance), rows)
})

test('the store is lost: started first, it is filled from the log and archived again; restored afterwards, nothing is doubled', async t => {
  const { instance, rows } = await archivedInstance(t)
  fs.renameSync(`${instance.directory}/data/store`, `${instance.directory}/data/store.damaged`)
  await storeAndArchive(instance)
  assert.deepEqual(await tradesOf(instance), rows)
  const restore = instance.run('restore')
  assert.deepEqual(await restore.exited, { code: 0, signal: null }, restore.recentOutput())
  assert.deepEqual(await tradesOf(instance), rows)
})

test('the log is damaged: a new log and store do not touch the old archive; with a new archive everything works', async t => {
  const { instance } = await archivedInstance(t)
  const before = contents(instance)
  const settings = { LOG: 'sqlite:data/log.new', STORE: 'chdb:data/store.new' }
  await makeMixedLog(`${instance.directory}/data/log.new`)
  const forgotten = instance.run('ingest', settings)
  await forgotten.drained()
  const { why, advice } = await forgotten.waitFor('archive_failed')
  assert.match(String(why), /does not belong to this log/)
  assert.match(String(advice), /Set TICKHOUSE_ARCHIVE to a new, empty location/)
  await forgotten.end('SIGTERM')
  assert.deepEqual(contents(instance), before)
  await storeAndArchive(instance, { ...settings, ARCHIVE: 'file:data/archive.new' })
  assert.deepEqual(contents(instance), before)
})

test('an archive of another log is not restored into the store of this one', async t => {
  const { instance } = await archivedInstance(t)
  await makeMixedLog(`${instance.directory}/data/log.new`)
  const restore = instance.run('restore', { LOG: 'sqlite:data/log.new', STORE: 'chdb:data/store.new' })
  assert.notEqual((await restore.exited).code, 0)
  assert.match(restore.output, /does not belong to this log: .*Nothing was restored/)
  assert.equal(restore.output.trim().split('\n').length, 1, restore.output)
})
