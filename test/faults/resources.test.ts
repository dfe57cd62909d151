/** A full disk and an engine without memory: processing pauses, is reported, loses nothing and resumes by itself. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import type { EventName } from '../../src/telemetry/events.ts'
import { freshDirectory } from '../contracts/log.ts'
import { Ballast } from '../support/data/ballast.ts'
import { KnownMarket } from '../support/data/market.ts'
import { openWithClient } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'
import { report, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  type ExpectedTrade,
} from '../support/judges/oracle.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { type Settings, TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'

const MIB = 2 ** 20

interface FullDisk {
  directory: 'data/store' | 'data/log'
  bytes: number
  failed: EventName
  recovered: EventName
  settings?: Settings
  why?: RegExp
  of: (parts: { recorder: TestProcess; storing: TestProcess }) => TestProcess
}

async function fillAndFree(
  t: TestContext,
  {
    directory,
    bytes,
    failed,
    recovered,
    settings = { DISK_FREE_MIB_MIN: '0' },
    why: expected = /no space/i,
    of,
  }: FullDisk,
): Promise<void> {
  const schedule = new Schedule(t)
  const instance = new TestInstance(t, settings)
  const disk = instance.mountSmall(directory, bytes)
  if (!disk) return t.skip('needs the right to mount a tmpfs')
  await using market = await KnownMarket.start({
    symbols: ['BTCUSDT', 'ETHUSDT'],
    seed: schedule.seed,
    ratePerSecond: 500,
  })
  const recorder = instance.run('record', market.settings)
  await recorder.waitFor('connection_opened')
  await using watch = new LogWatch(await instance.log())
  const storing = instance.run('ingest')
  const part = of({ recorder, storing })
  market.run()
  await storing.waitFor('ingest_started')
  const fills = 2
  for (let fill = 1; fill <= fills; fill++) {
    const before = part.logged(failed).length
    {
      using _ballast = new Ballast(disk)
      // An attempt under way when the disk fills up may fail in other words.
      await within(WAIT_MS_MAX, async () => {
        const failures = part.logged(failed).slice(before)
        if (failures.length > 1 && failures.some(({ why }) => expected.test(String(why)))) return undefined
        return `${failed} with ${expected}:\n${part.recentOutput()}`
      })
    }
    await part.waitFor(recovered, {}, fill)
  }
  market.pause()
  await watch.until(market.lastIds(), recorder)
  await storing.drained()
  for (const ended of [recorder, storing]) assert.deepEqual(await ended.end('SIGTERM'), { code: 0, signal: null })
  await watch.assertAllStillThere()
  const store = await instance.store()
  try {
    const positions = await checkPositions(store, await instance.log())
    const trades = await compareTrades(store, 'simulator', market.trades())
    report(t, `${directory} full ${fills} times`, positions, trades)
    assertPositions(positions)
    assertTrades(trades)
  } finally {
    await store.close()
  }
}

test('a full disk under the store: storing pauses with an event, recording continues, nothing is lost', async t => {
  await fillAndFree(t, {
    directory: 'data/store',
    bytes: 96 * MIB,
    failed: 'insert_failed',
    recovered: 'insert_recovered',
    of: ({ storing }) => storing,
  })
})

test('less free space than the store must leave: storing pauses before the disk is full, and resumes by itself', async t => {
  await fillAndFree(t, {
    directory: 'data/store',
    bytes: 96 * MIB,
    failed: 'insert_failed',
    recovered: 'insert_recovered',
    settings: { DISK_FREE_MIB_MIN: '8' },
    why: /only \d MiB are free on the disk .* nothing more is stored/,
    of: ({ storing }) => storing,
  })
})

test('a full disk under the log: received ticks wait in memory and are written once there is space', async t => {
  await fillAndFree(t, {
    directory: 'data/log',
    bytes: 48 * MIB,
    failed: 'log_append_failed',
    recovered: 'log_append_recovered',
    of: ({ recorder }) => recorder,
  })
})

test('an insert that runs out of memory is retried and stored once', async t => {
  const { store, client } = await openWithClient(freshDirectory(t))
  const log = await openSqliteLog(freshDirectory(t), 'write')
  t.after(async () => {
    await log.close()
    await store.close()
  })
  const trades: ExpectedTrade[] = Array.from({ length: 200_000 }, (_, index) => ({
    symbol: 'AAA',
    tradeId: index + 1,
    price: index + 1,
    volume: 1,
    side: 'buy',
  }))
  for (let start = 0; start < trades.length; start += 5_000)
    await log.append(0, [tradesOf('binance', trades.slice(start, start + 5_000))])
  const exec = client.exec.bind(client)
  let starved = 3
  client.exec = params =>
    exec(
      params.query.includes('INTO trades') && starved-- > 0
        ? { ...params, clickhouse_settings: { ...params.clickhouse_settings, max_memory_usage: '1000000' } }
        : params,
    )
  const emitted: [EventName, string][] = []
  await storeAll(log, store, { emit: (event, { why }) => emitted.push([event, String(why)]) })
  const failures = emitted.filter(([event]) => event === 'insert_failed')
  assert.equal(failures.length, 3)
  assert.match(failures.at(-1)![1], /memory limit/i)
  const positions = await checkPositions(store, log)
  const result = await compareTrades(store, 'binance', trades)
  report(t, `starved ${failures.length} times`, positions, result)
  assertPositions(positions)
  assertTrades(result)
})
