/** An unreachable bucket affects only the archive: neither a start, nor storing, nor other queries. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openTarget } from '../../src/archive/targets/open.ts'
import { viewArchive } from '../../src/archive/view.ts'
import { openStore } from '../../src/store/open.ts'
import { archiverOf, openArchiveFixture, rowsOf } from '../support/data/archiving.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { BUCKET, VERSITY } from '../support/servers/s3.ts'

const skip = (await VERSITY.missing()) ?? false

function addressOf(endpoint: string): string {
  return `s3://${BUCKET}/market?region=us-east-1&endpoint=${endpoint}&pathStyle=true`
}

test('an instance that archives in a bucket restarts, whether the bucket is reachable or not', {
  skip,
}, async t => {
  const server = await VERSITY.start()
  t.after(() => server.stop())
  const instance = new TestInstance(t, { SOURCES: 'simulator:BTCUSDT?rate=200', ARCHIVE: addressOf(server.endpoint) })
  instance.run('record')
  for (const away of [false, false, true, true]) {
    if (away) await server.stop()
    const ingest = instance.run('ingest')
    await ingest.waitFor('ingest_started')
    if (away) await ingest.waitFor('archive_failed')
    await ingest.until(({ ingest }) => ingest.stored > 0)
    const answer = await fetch(`${await ingest.url()}/api/query?format=TSV`, {
      method: 'POST',
      body: 'SELECT count() FROM all_trades',
    })
    assert.equal(answer.status, 200)
    assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null })
  }
})

test('a query for rows that are only in an unreachable bucket fails with that reason', { skip }, async t => {
  const server = await VERSITY.start()
  t.after(() => server.stop())
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-archive-away-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  const instance = await openArchiveFixture(directory)
  const address = addressOf(server.endpoint)
  const target = await openTarget(address, `${directory}/spool`)
  const whole = await rowsOf(instance.store, 'trades')
  await archiverOf(instance, target, { retention: { logHours: undefined, storeDays: 1 } }).archiver.round()
  assert.ok((await rowsOf(instance.store, 'trades')).length < whole.length, 'days have left the table')
  await instance.close()
  await target.close()

  const store = await openStore(`chdb:${directory}/store`)
  t.after(() => store.close())
  const again = await openTarget(address, `${directory}/spool`)
  t.after(() => again.close())
  await viewArchive(store, again)
  assert.deepEqual(await rowsOf(store, 'all_trades'), whole)
  await server.stop()
  await assert.rejects(store.untrusted('SELECT sum(price) FROM all_trades', 'TSV'))
  await store.untrusted('SELECT count() FROM trades', 'TSV')
})
