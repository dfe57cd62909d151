/** `tickhouse start`: stopped, killed in part and as a whole, and started twice. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
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
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
/** Usually 2 s; many times that on a busy machine. */
const STOP_MS_MAX = 60_000

async function started(t: TestContext, seed: number, ratePerSecond = 700) {
  const market = await KnownMarket.start({ symbols: SYMBOLS, seed, ratePerSecond })
  t.after(() => market.exchange.close())
  // The page listens at the same address after a restart.
  const LISTEN = `127.0.0.1:${await freePort()}`
  const instance = new TestInstance(t, { ...market.settings, LISTEN, LOG: 'sqlite:data/log?partitions=4' })
  const whole = instance.run('start')
  await whole.waitFor('connection_opened')
  return { market, instance, whole }
}

/** The last logged process ids of recorder and ingest. */
function children(whole: TestProcess): { record: number; ingest: number } {
  const pidOf = (child: string) => Number(whole.logged('child_started', { child }).at(-1)!.pid)
  return { record: pidOf('record'), ingest: pidOf('ingest') }
}

/** Checks log and store after all processes have ended; `complete` if no trade of the market may be missing. */
async function judge(
  t: TestContext,
  tried: string,
  instance: TestInstance,
  market: KnownMarket,
  complete: boolean,
): Promise<void> {
  const store = await instance.store()
  const log = await instance.log()
  try {
    const positions = await checkPositions(store, log)
    const trades = await compareTrades(store, 'simulator', market.trades())
    const holes = await holesOf(store, 'simulator')
    report(t, tried, positions, trades)
    assertPositions(positions)
    assertTrades(complete ? trades : { ...trades, missing: [] })
    assert.deepEqual(await gapsOf(store, 'simulator', 'open'), holes)
    const inHoles = holes.reduce((sum, { first, last }) => sum + last - first + 1, 0)
    assert.equal(trades.missing.length, inHoles, 'what is missing is known by id')
  } finally {
    await store.close()
    await log.close()
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} drains: every received tick is stored, and it ends within seconds with exit code 0`, async t => {
    const { market, instance, whole } = await started(t, new Schedule(t).seed)
    await using watch = new LogWatch(await instance.log())
    market.run()
    await whole.waitFor('ingest_started', { partition: 3 })
    await watch.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 500])), whole)
    // A stop stores for some seconds only, so what it has to store is little, also where starting took long.
    market.pause()
    await watch.until(market.lastIds(), whole)
    await whole.drained()
    market.run()
    await watch.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 50])), whole)
    market.pause()
    await watch.until(market.lastIds(), whole)
    const beganMs = performance.now()
    assert.deepEqual(await whole.end(signal), { code: 0, signal: null })
    const tookMs = performance.now() - beganMs
    assert.ok(tookMs < STOP_MS_MAX, `took ${Math.round(tookMs)} ms`)
    assert.ok(whole.logged('house_stopped').length === 1, whole.recentOutput())
    await judge(t, `${signal}, ended after ${Math.round(tookMs)} ms`, instance, market, true)
  })

test('a killed ingest process is restarted while the recorder continues: no gap', async t => {
  const schedule = new Schedule(t)
  const { market, instance, whole } = await started(t, schedule.seed)
  await using watch = new LogWatch(await instance.log())
  market.run()
  // The same partition as after each kill: they start in any order.
  await whole.waitFor('ingest_started', { partition: 0 })
  const before = children(whole)
  const kills = rounds(2, 20)
  for (let kill = 1; kill <= kills; kill++) {
    await schedule.moment(500)
    process.kill(children(whole).ingest, 'SIGKILL')
    await whole.waitFor('child_ended', { child: 'ingest', how: 'SIGKILL' }, kill)
    await whole.waitFor('child_started', { child: 'ingest' }, kill + 1)
    await whole.waitFor('ingest_started', { partition: 0 }, kill + 1)
  }
  market.pause()
  await watch.until(market.lastIds(), whole)
  await whole.drained()
  assert.equal(children(whole).record, before.record, 'the recorder is the same process')
  assert.notEqual(children(whole).ingest, before.ingest)
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
  await judge(t, `storing process killed ${kills} times under the supervisor`, instance, market, true)
})

test('kill -9 of all processes at random times: no acknowledged record is lost or doubled', {
  timeout: 1_800_000,
}, async t => {
  const schedule = new Schedule(t)
  const { market, instance, ...first } = await started(t, schedule.seed)
  let { whole } = first
  await using watch = new LogWatch(await instance.log())
  market.run()
  const tries = rounds(2, 100)
  for (let round = 0; round < tries; round++) {
    await whole.waitFor('ingest_started', { partition: 3 })
    await schedule.moment(600)
    const { record, ingest } = children(whole)
    // In any order, so that sometimes one still runs when the other is gone.
    const pids = [whole.pid, record, ingest]
    while (pids.length > 0) process.kill(pids.splice(schedule.below(pids.length), 1)[0]!, 'SIGKILL')
    await whole.exited
    whole = instance.run('start')
    await whole.waitFor('connection_opened')
    await watch.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 1])), whole)
  }
  market.pause()
  await watch.until(market.lastIds(), whole)
  await whole.drained()
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
  const kept = await watch.assertAllStillThere()
  await judge(t, `all killed ${tries} times, ${kept} durable records kept`, instance, market, false)
})

test('a second start, recorder or ingest on the same directories is refused in one line; the first continues', async t => {
  const { market, instance, whole } = await started(t, new Schedule(t).seed)
  await using watch = new LogWatch(await instance.log())
  market.run()
  await whole.waitFor('ingest_started', { partition: 3 })
  for (const [command, words] of [
    ['record', /another tickhouse is writing the log in data\/log/],
    ['ingest', /cannot open the store at data\/store: another process has it open/],
    ['start', /another/],
  ] as const) {
    const second = instance.run(command, { LOG_FORMAT: 'text', LISTEN: '127.0.0.1:0' })
    assert.deepEqual(await second.exited, { code: 2, signal: null }, second.recentOutput())
    const lines = second.output.split('\n').filter(line => line.startsWith('tickhouse: '))
    assert.ok(lines.length >= 1 && lines.length <= (command === 'start' ? 2 : 1), second.output)
    assert.match(lines.join('\n'), words)
  }
  market.pause()
  await watch.until(market.lastIds(), whole)
  await whole.drained()
  assert.deepEqual(whole.logged('child_ended'), [], 'the first is unharmed')
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
  await judge(t, 'a second process tried 3 times', instance, market, true)
})
