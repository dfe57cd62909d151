/**
 * The broker dies or stands still while ticks come: what it acknowledged stays, once, and both sides go on by
 * themselves.
 */
import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KnownMarket } from '../support/data/market.ts'
import { report, rounds, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  distinctQuotes,
  gapsOf,
} from '../support/judges/oracle.ts'
import { Cluster, type ClusterServers, startClusterServers } from '../support/processes/cluster.ts'
import type { TestProcess } from '../support/processes/tickhouse.ts'
import type { Broker } from '../support/servers/kafka/broker.ts'
import { startKafka } from '../support/servers/kafka/kafka.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
/** Between two faults, so that the load has come back and goes on for a while. */
const BETWEEN_MS_MAX = 1_500

const ground = await startClusterServers({ after })
const { brokers } = ground.kafka
const skip = ground.skip || (brokers.length === 0 && 'brokers of others are not killed')

interface Load {
  cluster: Cluster
  market: KnownMarket
  watch: LogWatch
  recorder: TestProcess
  ingest: TestProcess
}

/** Runs `breaking` while a market trades; afterwards all of it must be in the tables once, and nothing refused. */
async function underLoad(
  t: TestContext,
  where: ClusterServers,
  schedule: Schedule,
  tried: string,
  breaking: (load: Load) => Promise<void>,
): Promise<void> {
  await using market = await KnownMarket.start({
    symbols: SYMBOLS,
    seed: schedule.seed,
    ratePerSecond: 250,
  })
  const cluster = await Cluster.start(t, where, { settings: market.settings })
  const [recorder, ingest] = [cluster.instance.run('record'), cluster.instance.run('ingest')]
  await recorder.waitFor('connection_opened')
  await ingest.waitFor('ingest_started')
  await using watch = new LogWatch(await cluster.instance.log())
  market.run()
  await breaking({ cluster, market, watch, recorder, ingest })
  market.pause()
  await watch.until(market.lastIds(), recorder)
  await cluster.drained()
  for (const part of [recorder, ingest])
    assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null }, part.recentOutput())
  const kept = await watch.assertAllStillThere()
  const positions = await checkPositions(cluster.store, cluster.log)
  const trades = await compareTrades(cluster.store, 'simulator', market.trades())
  report(t, `${tried}, ${kept} durable records kept`, positions, trades)
  assertPositions(positions)
  assertTrades(trades)
  const quotes = await distinctQuotes(cluster.store)
  assert.ok(quotes > 0)
  assert.equal(positions.ticks, trades.stored + quotes, 'no record was appended twice')
  assert.deepEqual(await gapsOf(cluster.store, 'simulator', 'open'), [])
}

/** Each symbol has come through once more than until now. */
async function goesOn(t: TestContext, { market, watch, recorder }: Load): Promise<void> {
  const sinceMs = performance.now()
  await watch.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 1])), recorder)
  t.diagnostic(`every symbol came through again after ${Math.round(performance.now() - sinceMs)} ms`)
}

test('kill -9 the broker under load, repeatedly: every acknowledged record is there once', {
  skip,
  timeout: 1_800_000,
}, async t => {
  const schedule = new Schedule(t)
  const kills = rounds(2, 20)
  await underLoad(t, ground, schedule, `broker killed ${kills} times`, async load => {
    for (let kill = 0; kill < kills; kill++) {
      await schedule.moment(BETWEEN_MS_MAX)
      await brokers[0]!.kill()
      await brokers[0]!.start()
      await goesOn(t, load)
    }
  })
})

test('a stalled broker is waited for, and everything resumes with it', {
  skip,
  timeout: 600_000,
}, async t => {
  const schedule = new Schedule(t)
  const stillMs = rounds(3_000, 30_000)
  await underLoad(t, ground, schedule, `broker still for ${stillMs} ms`, async load => {
    await schedule.moment(BETWEEN_MS_MAX)
    brokers[0]!.pause()
    await sleep(stillMs)
    brokers[0]!.resume()
    await goesOn(t, load)
  })
})

test('three brokers, killed one after the other: the others take over', {
  skip,
  timeout: 1_800_000,
}, async t => {
  const schedule = new Schedule(t)
  const kills = rounds(1, 5)
  const three = await startKafka(t, { brokers: 3 })
  await underLoad(
    t,
    { ...ground, kafka: three },
    schedule,
    `one of three brokers killed ${kills} times`,
    async load => {
      let victim = schedule.below(3)
      for (let kill = 0; kill < kills; kill++) {
        await schedule.moment(BETWEEN_MS_MAX)
        const broker: Broker = three.brokers[victim]!
        await broker.kill()
        await goesOn(t, load)
        if (kill < kills - 1) await broker.start()
        victim = (victim + 1 + schedule.below(2)) % 3
      }
    },
  )
})
