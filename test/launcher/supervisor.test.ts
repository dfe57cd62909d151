import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { superviseProcesses } from '../../src/launcher/supervisor.ts'
import type { EventName, Fields } from '../../src/telemetry/events.ts'
import { KnownMarket } from '../support/data/market.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const SYMBOLS = { symbols: ['BTCUSDT'], seed: 1, ratePerSecond: 100 }

test('a process with a blocked main thread is killed and restarted', async t => {
  await using market = await KnownMarket.start(SYMBOLS)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-supervise-'))
  const config = {
    ...parseConfig(market.settings, {}),
    LOG: `sqlite:${directory}/log`,
    STORE: `chdb:${directory}/store`,
    ARCHIVE: 'off',
    LISTEN: '127.0.0.1:0',
    LOG_LEVEL: 'error' as const,
  }
  const told: [EventName, Fields][] = []
  const wanted = Promise.withResolvers<void>()
  const ingests = () => told.filter(([name, { child }]) => name === 'child_started' && child === 'ingest')
  const instance = superviseProcesses(
    config,
    null,
    (name, fields) => {
      told.push([name, fields])
      if (ingests().length === 2) wanted.resolve()
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
  process.kill(Number(ingests()[0]![1].pid), 'SIGSTOP')
  await wanted.promise
  const ended = told.find(([name, { child }]) => name === 'child_ended' && child === 'ingest')
  assert.equal(ended?.[1].how, 'SIGKILL: no sign of life for 10 s')
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
