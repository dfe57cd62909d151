/** Commands that only read: without a store, and beside a process without a page. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { openTestServer } from '../support/servers/clickhouse-server.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** Runs a command in the directory of an instance. */
function run(instance: TestInstance, settings: Record<string, string>, ...words: string[]) {
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...words, ...flags], {
    cwd: instance.directory,
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  })
  return { status, text: stdout + stderr }
}

const recording = (instance: TestInstance) =>
  instance.run('record', { SOURCES: 'simulator:BTCUSDT?rate=50', METRICS_LISTEN: '127.0.0.1:0' })

test('beside a recorder with a health server, the store is read directly', async t => {
  const store = (await openTestServer(t)).freshStore()
  const instance = new TestInstance(t, { STORE: store })
  const recorder = recording(instance)
  const listen = new URL(String((await recorder.waitFor('serving_figures')).url)).host
  await recorder.waitFor('connection_opened')
  // It would archive an hour that ends meanwhile.
  const storing = instance.run('ingest', { ARCHIVE: 'off' })
  await storing.until(({ store }) => (store.kinds.trades?.ticks ?? 0) > 0)

  const status = run(instance, { listen, store }, 'archive', 'status')
  assert.match(status.text, /^file:data\/archive: 0 objects, 0 rows, 0 bytes verified\n/)
  assert.equal(status.status, 0)
  const doctor = run(instance, { listen, store }, 'doctor')
  assert.match(doctor.text, /Log and store agree\.\n$/)
  assert.equal(doctor.status, 0)
  for (const words of [['query', 'SELECT 1'], ['quarantine']]) {
    const { status, text } = run(instance, { listen }, ...words)
    assert.match(text, /^tickhouse: the process at 127\.0\.0\.1:\d+ has neither page nor queries: .*\n$/)
    assert.equal(status, 2)
  }
})

test('without a store, none is created and none is reported healthy', async t => {
  const instance = new TestInstance(t)
  const recorder = recording(instance)
  const listen = new URL(String((await recorder.waitFor('serving_figures')).url)).host
  await recorder.waitFor('connection_opened')
  for (const words of [['doctor'], ['archive', 'status'], ['archive', 'verify']]) {
    const { status, text } = run(instance, { listen }, ...words)
    assert.match(text, /^tickhouse: there is no store in data\/store\. .*TICKHOUSE_STORE.*\n$/)
    assert.equal(status, 2)
  }
  assert.ok(!fs.existsSync(path.join(instance.directory, 'data/store')))
})
