/** The archiver beside a store on a ClickHouse server: `tickhouse archive`, a process of its own. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ArchiveCatalog } from '../../src/archive/catalog/catalog.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import { checkArchive } from '../../src/archive/verify/check.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { filesOf } from '../../src/store/embedded/files.ts'
import { openStore } from '../../src/store/open.ts'
import { rowsOf } from '../support/data/archiving.ts'
import { makeMixedLog } from '../support/data/mixed-log.ts'
import { storeAll } from '../support/data/storing.ts'
import { rounds, Schedule } from '../support/faults.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { openTestServer } from '../support/servers/clickhouse-server.ts'

const CLI_WITHOUT_ENGINE = fileURLToPath(new URL('../support/processes/cli-without-engine.ts', import.meta.url))
const server = await openTestServer({ after })

test('rows of a server are archived and verified by a separate process, which may be killed at any time', {
  timeout: 600_000,
}, async t => {
  const schedule = new Schedule(t)
  const instance = new TestInstance(t, { STORE: server.freshStore(), METRICS_LISTEN: '127.0.0.1:0' })
  const logDirectory = `${instance.directory}/data/log`
  await makeMixedLog(logDirectory)
  const store = await instance.store()
  const log = await openSqliteLog(logDirectory, 'write')
  await storeAll(log, store)
  const rows = await rowsOf(store, 'trades')
  const kills = rounds(3, 30)
  for (let kill = 0; kill < kills; kill++) {
    const killed = instance.run('archive')
    await killed.waitFor('serving_figures')
    await schedule.moment(400)
    await killed.end('SIGKILL')
  }
  const archiver = instance.run('archive')
  const { url } = await archiver.waitFor('serving_figures')
  const catalog = new ArchiveCatalog(store, 'file:data/archive')
  const archived = async () => (await catalog.objects("kind = 'trades'")).reduce((sum, object) => sum + object.rows, 0)
  while ((await archived()) < rows.length) {
    assert.deepEqual(archiver.logged('archive_failed'), [])
    await (await fetch(`${url}/health`)).json()
  }
  assert.deepEqual(await archiver.end('SIGTERM'), { code: 0, signal: null })
  assert.equal(await archived(), rows.length, `after ${kills} kills`)

  const target = await openTarget(`file:${instance.directory}/data/archive`, 'unused')
  const files = filesOf(store)
  const deep = { source: store, files }
  const { findings } = await checkArchive({ target, objects: await catalog.objects(), deep, progress: () => {} })
  assert.deepEqual(findings, [])
  await files.close()
  // The engine of a store in a directory reads what the server's rows became.
  const judge = await openStore(`chdb:${instance.directory}/judge`)
  const read = await rowsOf(judge, `file('${instance.directory}/data/archive/trades/**/*.parquet', 'Parquet')`)
  assert.deepEqual(read, rows)
  await judge.close()
  await store.close()
  await log.close()
})

test('an archiver without the engine refuses to start, not when the first hour is complete', async t => {
  const store = server.freshStore()
  await (await openStore(store)).close()
  const instance = new TestInstance(t, { STORE: store, LOG_FORMAT: 'text' }, CLI_WITHOUT_ENGINE)
  await makeMixedLog(`${instance.directory}/data/log`)
  const archiver = instance.run('archive')
  assert.deepEqual(await archiver.exited, { code: 2, signal: null })
  assert.match(archiver.output, /the embedded ClickHouse engine \(package chdb\) is not installed\. .*full image/)
})
