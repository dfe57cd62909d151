/** The store is lost and brought back from the archive, whatever interrupts it, and recording goes on behind it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openTarget } from '../../src/archive/targets/open.ts'
import { openStore } from '../../src/store/open.ts'
import { archiverOf, openArchiveFixture, rowsOf } from '../support/data/archiving.ts'
import { skipWithoutData } from '../support/data/recorded-data.ts'
import { EventLog } from '../support/judges/event-log.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'
import {
  assertSessionTrades,
  SESSION_FILES,
  SESSION_SOURCES,
  sessionLastIds,
} from '../support/judges/recorded-truth.ts'
import type { RestoringTask } from '../support/processes/restoring-child.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { startPlayer } from '../support/servers/player.ts'
import { BUCKET, S3_PROXY, type S3Kind, VERSITY } from '../support/servers/s3.ts'

const CHILD = fileURLToPath(new URL('../support/processes/restoring-child.ts', import.meta.url))
/** Far more than this archive's restoring has. */
const STEPS_MAX = 40

test('killed at every step and run again, a restore ends with every row once', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-killed-restore-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  const instance = await openArchiveFixture(directory)
  const archive = `file:${directory}/archive`
  await archiverOf(instance, await openTarget(archive, 'unused')).archiver.round()
  const before = await rowsOf(instance.store, 'trades')
  await instance.close()
  fs.rmSync(`${directory}/store`, { recursive: true })

  let killed = 0
  for (let diesAt = 1; diesAt < STEPS_MAX; diesAt++) {
    const task: RestoringTask = { archive, store: `chdb:${directory}/store`, diesAt }
    const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit'] })
    const [code, signal] = await once(child, 'exit')
    if (code === 0) break
    assert.equal(signal, 'SIGKILL')
    killed++
  }
  assert.ok(killed >= 5 && killed < STEPS_MAX - 1, `killed ${killed} times`)
  const store = await openStore(`chdb:${directory}/store`)
  t.after(() => store.close())
  assert.deepEqual((await rowsOf(store, 'trades')).length, before.length)
  assert.deepEqual(await rowsOf(store, 'trades'), before)
})

for (const kind of [null, S3_PROXY, VERSITY])
  test(
    `a recorded afternoon, archived ${kind ? `at ${kind.name}` : 'in a directory'}, its store wiped, restored: it matches TRUTH.json, and recording continues after it`,
    {
      skip: skipWithoutData || ((await kind?.missing()) ?? false),
    },
    t => drill(t, kind),
  )

async function drill(t: TestContext, kind: S3Kind | null): Promise<void> {
  const player = await startPlayer({ files: SESSION_FILES, speed: Number.POSITIVE_INFINITY })
  t.after(() => player.close())
  const instance = new TestInstance(t, { SOURCES: SESSION_SOURCES, BINANCE_WS: player.wsUrl })
  const recorder = instance.run('record')
  const storing = instance.run('ingest')
  await recorder.waitFor('log_opened')
  const log = await instance.log('read')
  {
    await using watch = new LogWatch(await instance.log('read'))
    await watch.until(sessionLastIds(), recorder)
  }
  await storing.drained()
  for (const part of [recorder, storing]) assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null })

  const archive = await archiveOf(t, kind, instance)
  const full = await instance.store()
  const archiving = { log, store: full, events: new EventLog(), close: async () => {} }
  // All that was recorded is closed in two hours' time.
  const nowMs = Date.now() + 2 * 3_600_000
  await archiverOf(archiving, await openTarget(archive, `${instance.directory}/spool`), { nowMs }).archiver.round()
  await full.close()
  fs.rmSync(path.join(instance.directory, 'data/store'), { recursive: true })

  const restoring = instance.run('restore', { ARCHIVE: archive })
  assert.deepEqual(await restoring.exited, { code: 0, signal: null }, restoring.recentOutput())
  assert.match(restoring.output, /rows restored and verified, 0 already present/)
  const again = instance.run('ingest', { ARCHIVE: archive })
  await again.drained()
  assert.ok(
    again.logged('ingest_started').every(({ lag }) => lag === 0),
    'nothing was stored a second time',
  )
  assert.deepEqual(await again.end('SIGTERM'), { code: 0, signal: null })
  const store = await instance.store()
  t.after(() => store.close())
  await assertSessionTrades(store)
  assertPositions(await checkPositions(store, log))
  await log.close()
}

/** Where it is archived: in a directory, or in a bucket of such a server. */
async function archiveOf(t: TestContext, kind: S3Kind | null, instance: TestInstance): Promise<string> {
  if (!kind) return `file:${instance.directory}/data/archive`
  const server = await kind.start()
  t.after(() => server.stop())
  return `s3://${BUCKET}/market?region=us-east-1&endpoint=${server.endpoint}&pathStyle=true`
}
