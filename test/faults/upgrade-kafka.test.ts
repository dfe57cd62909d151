/**
 * Recorders that are replaced one after the other on a real Kafka, as a platform for containers does it: the next one is
 * ready, then the running one receives SIGTERM. `UPGRADES` and `UPGRADE_RATE` set how many and at which rate.
 */
import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KnownMarket } from '../support/data/market.ts'
import { Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  distinctQuotes,
  gapsOf,
} from '../support/judges/oracle.ts'
import { within } from '../support/judges/within.ts'
import { Cluster, startClusterServers } from '../support/processes/cluster.ts'
import { InstalledProgram } from '../support/processes/installed-program.ts'
import { type TestInstance, type TestProcess, WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const UPGRADES = Number(process.env.UPGRADES ?? 2)
const RATE = Number(process.env.UPGRADE_RATE ?? 500)

const ground = await startClusterServers({ after })
const { skip } = ground

async function started(t: TestContext) {
  const market = await KnownMarket.start({ symbols: SYMBOLS, seed: new Schedule(t).seed, ratePerSecond: RATE })
  t.after(() => market.exchange.close())
  const settings = { ...market.settings, SOURCES: `${market.settings.SOURCES}@trades,quotes` }
  const cluster = await Cluster.start(t, ground, { settings })
  const ingest = cluster.instance.run('ingest')
  await ingest.waitFor('ingest_started')
  return { market, cluster, ingest }
}

/** Starts a recorder and waits until it is ready, as a platform does. */
async function readyRecorder(instance: Pick<TestInstance, 'run'>, settings = {}): Promise<TestProcess> {
  const listen = `127.0.0.1:${await freePort()}`
  const recorder = instance.run('record', { METRICS_LISTEN: listen, ...settings })
  await recorder.waitFor('serving_figures')
  const late = performance.now() + WAIT_MS_MAX
  for (;;) {
    const answer = await fetch(`http://${listen}/ready`)
    if (answer.ok) return recorder
    const { why } = (await answer.json()) as { why: string[] }
    assert.match(why.join(), /sources: /)
    assert.ok(performance.now() < late, why.join())
    await sleep(100)
  }
}

test(`${UPGRADES} recorders on Kafka are replaced at ${RATE} trades a second: nothing is missing, nothing twice`, {
  skip,
  timeout: 1_800_000,
}, async t => {
  const { market, cluster } = await started(t)
  // Long enough for the proof on a busy machine.
  const HANDOVER_SECONDS = '120'
  let running = cluster.instance.run('record', { HANDOVER_SECONDS })
  await running.waitFor('symbols_counted', {}, 2)
  const quotesBefore = market.exchange.stats().quotes
  market.run()
  for (let round = 1; round <= UPGRADES; round++) {
    const next = await readyRecorder(cluster.instance, { HANDOVER_SECONDS })
    const beganMs = performance.now()
    assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null }, running.recentOutput())
    t.diagnostic(`handover ${round} took ${Math.round(performance.now() - beganMs)} ms`)
    const [proved] = running.logged('handover_proved')
    assert.ok(proved, running.recentOutput())
    assert.deepEqual([proved.proved, proved.byIds, proved.all], [8, 8, 8])
    await next.waitFor('handover_taken')
    running = next
  }
  market.pause()
  await using watch = new LogWatch(await cluster.instance.log())
  await watch.until(market.lastIds(), running)
  // The last quotes follow the last trade.
  await within(WAIT_MS_MAX, async () => {
    const [stored, made] = [await distinctQuotes(cluster.store), market.exchange.stats().quotes - quotesBefore]
    return stored >= made ? undefined : `${stored} of ${made} quotes are stored`
  })
  const beganMs = performance.now()
  assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(running.logged('handover_started'), [], 'no other one runs: it stops without a wait')
  t.diagnostic(`the last one stopped after ${Math.round(performance.now() - beganMs)} ms`)
  await cluster.drained()
  assertPositions(await checkPositions(cluster.store, cluster.log))
  assertTrades(await compareTrades(cluster.store, 'simulator', market.trades()))
  for (const state of ['open', 'repaired'] as const)
    assert.deepEqual(await gapsOf(cluster.store, 'simulator', state), [], state)
  const quotes = market.exchange.stats().quotes - quotesBefore
  assert.equal(await distinctQuotes(cluster.store), quotes)
  t.diagnostic(`${quotes} quotes, ${market.trades().length} trades, each stored once`)
})

test('without the proof a recorder stops after its time, and names what is not shown', { skip }, async t => {
  const { market, cluster } = await started(t)
  const running = cluster.instance.run('record', { HANDOVER_SECONDS: '10' })
  await running.waitFor('symbols_counted', {}, 2)
  market.run()
  // It looks alive, and records no trade.
  const program = new InstalledProgram(t)
  program.change(
    'src/sources/recorder.ts',
    '  trade(trade: TradeDraft): void {\n',
    '  trade(trade: TradeDraft): void {\n    if (trade.venue) return\n',
  )
  const broken = await readyRecorder(cluster.instance.withProgram(program.cli))
  assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null })
  const [{ waitedMs, why }] = running.logged('handover_unproved') as [{ waitedMs: number; why: string }]
  assert.ok(waitedMs >= 10_000 && waitedMs < 70_000, `${waitedMs} ms`)
  assert.match(why, /overlap shown for 4 of 8 symbols and kinds \(simulator \w+ trades: no tick there yet/)
  assert.deepEqual(await broken.end('SIGTERM'), { code: 0, signal: null })
})

test('two recorders that both stop do not wait for each other', { skip }, async t => {
  const { market, cluster } = await started(t)
  const HANDOVER_SECONDS = '300'
  const first = cluster.instance.run('record', { HANDOVER_SECONDS })
  await first.waitFor('symbols_counted', {}, 2)
  market.run()
  const second = await readyRecorder(cluster.instance, { HANDOVER_SECONDS })
  const beganMs = performance.now()
  const ends = await Promise.all([first.end('SIGTERM'), second.end('SIGTERM')])
  assert.deepEqual(ends, [
    { code: 0, signal: null },
    { code: 0, signal: null },
  ])
  const tookMs = performance.now() - beganMs
  assert.ok(tookMs < 120_000, `took ${Math.round(tookMs)} ms`)
})
