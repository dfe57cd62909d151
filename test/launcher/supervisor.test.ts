import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { parseConfig, SIGNING_KEY } from '../../src/config.ts'
import { ChildMistake } from '../../src/launcher/endings.ts'
import { superviseProcesses } from '../../src/launcher/supervisor.ts'
import { newPrivateKey } from '../../src/proof/keys.ts'
import type { EventName, Fields } from '../../src/telemetry/events.ts'
import { KnownMarket } from '../support/data/market.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const SYMBOLS = { symbols: ['BTCUSDT'], seed: 1, ratePerSecond: 100 }

const configIn = (directory: string, { settings }: KnownMarket) => ({
  ...parseConfig(settings, {}),
  LOG: `sqlite:${directory}/log`,
  STORE: `chdb:${directory}/store`,
  ARCHIVE: 'off',
  LISTEN: '127.0.0.1:0',
  LOG_LEVEL: 'error' as const,
})

test('a process with a blocked main thread is killed and restarted', async t => {
  await using market = await KnownMarket.start(SYMBOLS)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-supervise-'))
  const config = configIn(directory, market)
  const told: [EventName, Fields][] = []
  const wanted = Promise.withResolvers<void>()
  let wantedStarts = Number.POSITIVE_INFINITY
  const ingests = () => told.filter(([name, { child }]) => name === 'child_started' && child === 'ingest')
  const instance = superviseProcesses(
    config,
    null,
    (name, fields) => {
      told.push([name, fields])
      if (ingests().length === wantedStarts) wanted.resolve()
    },
    10,
  )
  t.after(async () => {
    await instance.stop().catch(() => {})
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const storeIsOpen = () => fs.existsSync(path.join(directory, 'store', 'spool'))
  while (!storeIsOpen()) await new Promise(resolve => setTimeout(resolve, 100))
  await new Promise(resolve => setTimeout(resolve, 5_000))
  // On a machine that is busy enough, another one before it may have given no sign of life.
  wantedStarts = ingests().length + 1
  process.kill(Number(ingests().at(-1)![1].pid), 'SIGSTOP')
  await wanted.promise
  const ended = told.findLast(([name, { child }]) => name === 'child_ended' && child === 'ingest')
  assert.equal(ended?.[1].how, 'SIGKILL: no sign of life for 10 s')
})

test('a mistake that a slow machine finds late ends both processes: they are not restarted for ever', async t => {
  await using market = await KnownMarket.start(SYMBOLS)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-supervise-'))
  fs.mkdirSync(path.join(directory, 'store'))
  fs.writeFileSync(path.join(directory, 'store', 'metadata'), 'not a database')
  // Its threads run it too.
  const first = 'process.argv.includes("ingest") && process.getBuiltinModule("worker_threads").isMainThread'
  const slow = `${first} && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 11_000)`
  process.env.NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(slow)}`
  const told: [EventName, Fields][] = []
  const config = configIn(directory, market)
  const instance = superviseProcesses(config, null, (name, fields) => told.push([name, fields]))
  t.after(async () => {
    delete process.env.NODE_OPTIONS
    await instance.stop().catch(() => {})
    fs.rmSync(directory, { recursive: true, force: true })
  })
  await assert.rejects(instance.failed, ChildMistake)
  assert.deepEqual(
    told.filter(([name]) => name === 'child_ended'),
    [],
  )
})

test('a stop that had to kill a process is not clean', async t => {
  await using market = await KnownMarket.start(SYMBOLS)
  const instance = new TestInstance(t, market.settings)
  const whole = instance.run('start')
  await whole.waitFor('ingest_started', { partition: 0 })
  process.kill(Number(whole.logged('child_started', { child: 'ingest' })[0]!.pid), 'SIGSTOP')
  assert.deepEqual(await whole.end('SIGTERM'), { code: 1, signal: null })
  assert.equal(whole.logged('house_stopped').length, 0, whole.recentOutput())
  assert.equal(whole.logged('child_unclean', { child: 'ingest', how: 'SIGKILL' }).length, 1, whole.recentOutput())
})

test('the process that archives gets the key that signs the archive; the recorder does not, nor is it logged', {
  skip: process.platform !== 'linux' && 'needs /proc',
}, async t => {
  await using market = await KnownMarket.start(SYMBOLS)
  const key = newPrivateKey()
  const instance = new TestInstance(t, { ...market.settings, SEAL_PRIVATE_KEY: key, LOG_LEVEL: 'debug' })
  const whole = instance.run('start')
  await whole.waitFor('ingest_started', { partition: 0 })
  await whole.waitFor('archive_opened')
  const environmentOf = (child: string) =>
    fs.readFileSync(`/proc/${whole.logged('child_started', { child })[0]!.pid}/environ`, 'utf8').split('\0')
  const [name, file] = SIGNING_KEY
  assert.ok(environmentOf('ingest').includes(`${name}=${key}`))
  assert.ok(environmentOf('record').includes(`${name}=`) && environmentOf('record').includes(`${file}=`))
  assert.ok(!environmentOf('record').join().includes(key))
  assert.ok(!JSON.stringify(whole.events).includes(key) && !whole.output.includes(key))
})
