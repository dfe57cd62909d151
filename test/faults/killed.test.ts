/** kill -9 at any moment: whatever ends, what the log took is stored once, and what it never got is known by id. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownMarket } from '../support/data/market.ts'
import { report, rounds, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  gapsOf,
  holesOf,
} from '../support/judges/oracle.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
/** Within this a storing process has opened the store, read on and inserted a few times. */
const LIFE_MS_MAX = 800

test('kill -9 the ingest process at random times: every trade is stored once, none is changed', {
  timeout: 1_800_000,
}, async t => {
  const schedule = new Schedule(t)
  const tries = rounds(6, 250)
  await using market = await KnownMarket.start({
    symbols: SYMBOLS,
    seed: schedule.seed,
    ratePerSecond: rounds(1_600, 250),
  })
  const instance = new TestInstance(t, { ...market.settings, LOG: 'sqlite:data/log?partitions=2' })
  const recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  await using watch = new LogWatch(await instance.log())
  market.run()
  for (let round = 0; round < tries; round++) {
    const storing = instance.run('ingest')
    // Every third is killed wherever its start has come to; the others once they insert.
    if (round % 3 > 0) await storing.waitFor('ingest_started')
    await schedule.moment(LIFE_MS_MAX)
    assert.deepEqual(await storing.end('SIGKILL'), { code: null, signal: 'SIGKILL' })
  }
  market.pause()
  await watch.until(market.lastIds(), recorder)
  const storing = instance.run('ingest')
  await storing.drained()
  for (const part of [recorder, storing]) assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(storing.logged('audit_failed'), [])

  const store = await instance.store()
  try {
    const positions = await checkPositions(store, await instance.log())
    const trades = await compareTrades(store, 'simulator', market.trades())
    report(t, `killed ${tries} times`, positions, trades)
    assertPositions(positions)
    assertTrades(trades)
    assert.deepEqual(await gapsOf(store, 'simulator', 'open'), [])
  } finally {
    await store.close()
  }
})

test('kill -9 the recorder at random times: its log keeps every acknowledged record, and each hole is one gap row', {
  timeout: 1_800_000,
}, async t => {
  const schedule = new Schedule(t)
  const tries = rounds(5, 200)
  await using market = await KnownMarket.start({
    symbols: SYMBOLS,
    seed: schedule.seed,
    ratePerSecond: rounds(1_000, 250),
  })
  const instance = new TestInstance(t, market.settings)
  let recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  await using watch = new LogWatch(await instance.log())
  const storing = instance.run('ingest')
  market.run()
  // What is missed before a symbol's first recorded trade is no hole: nobody can know of it.
  await watch.until(new Map(SYMBOLS.map(symbol => [symbol, 1])), recorder)
  for (let round = 0; round < tries; round++) {
    await schedule.moment(LIFE_MS_MAX)
    await recorder.end('SIGKILL')
    const before = watch.lastIds()
    recorder = instance.run('record')
    await recorder.waitFor('connection_opened')
    // Each symbol has traded again, so missing ids are a gap, not the end.
    await watch.until(
      new Map([...market.lastIds()].map(([symbol, id]) => [symbol, Math.max(id, before.get(symbol) ?? 0) + 1])),
      recorder,
    )
  }
  market.pause()
  await watch.until(market.lastIds(), recorder)
  await storing.drained()
  for (const part of [recorder, storing]) assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null })

  const kept = await watch.assertAllStillThere()
  const store = await instance.store()
  try {
    const positions = await checkPositions(store, await instance.log())
    const { missing, ...trades } = await compareTrades(store, 'simulator', market.trades())
    const holes = await holesOf(store, 'simulator')
    report(
      t,
      `killed ${tries} times, ${kept} durable records kept, ${missing.length} trades in ${holes.length} known gaps`,
      positions,
    )
    assertPositions(positions)
    assertTrades({ ...trades, missing: [] })
    assert.ok(holes.length >= 1, 'a recorder that is down misses something')
    assert.equal(
      missing.length,
      holes.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    )
    assert.deepEqual(await gapsOf(store, 'simulator', 'open'), holes)
    assert.equal(storing.logged('gap_found').length, holes.length, 'each is reported once')
  } finally {
    await store.close()
  }
})
