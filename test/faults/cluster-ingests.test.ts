/**
 * Several ingests share a log and a store, and some of them stand still, die, come and go: each tick is stored once all
 * the same.
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
import { Cluster, startClusterServers } from '../support/processes/cluster.ts'
import type { TestProcess } from '../support/processes/tickhouse.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'ADAUSDT', 'DOGEUSDT']
/** The session timeout of our members: after this time without a heartbeat a member has lost its partitions. */
const SESSION_MS = 10_000
/** Partitions of trades and of quotes: a sole ingest begins each once. */
const PARTITIONS = 8
const STORM_STEP_MS = 2_000
const INGESTS_MAX = 4

const ground = await startClusterServers({ after })
const { skip } = ground

interface Load {
  cluster: Cluster
  market: KnownMarket
  watch: LogWatch
  recorder: TestProcess
  /** Starts another ingest. */
  join: () => TestProcess
}

/**
 * Runs `breaking` while a market trades. Afterwards an ingest that nobody breaks stores the rest, and all is there
 * once.
 */
async function underLoad(t: TestContext, schedule: Schedule, breaking: (load: Load) => Promise<string>): Promise<void> {
  await using market = await KnownMarket.start({ symbols: SYMBOLS, seed: schedule.seed, ratePerSecond: 150 })
  const cluster = await Cluster.start(t, ground, { settings: market.settings })
  const recorder = cluster.instance.run('record')
  await recorder.waitFor('connection_opened')
  await using watch = new LogWatch(await cluster.instance.log())
  const ingests: TestProcess[] = []
  const join = () => {
    const ingest = cluster.instance.run('ingest')
    ingests.push(ingest)
    return ingest
  }
  market.run()
  const tried = await breaking({ cluster, market, watch, recorder, join })
  market.pause()
  await watch.until(market.lastIds(), recorder)
  join()
  await cluster.drained()
  await cluster.lagShown()
  const running = ingests.filter(ingest => ingest.running)
  // Before that, a signal ends it as it ends any program.
  for (const ingest of running) await ingest.waitFor('house_started')
  for (const part of [recorder, ...running])
    assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null }, part.recentOutput())
  for (const ingest of ingests)
    for (const failure of ['audit_failed', 'ingest_failed'] as const) assert.deepEqual(ingest.logged(failure), [])
  const positions = await checkPositions(cluster.store, cluster.log)
  const trades = await compareTrades(cluster.store, 'simulator', market.trades())
  report(t, tried, positions, trades)
  assertPositions(positions)
  assertTrades(trades)
  const quotes = await distinctQuotes(cluster.store)
  assert.ok(quotes > 0)
  assert.equal(positions.ticks, trades.stored + quotes, 'no record was appended or stored twice')
  assert.deepEqual(await gapsOf(cluster.store, 'simulator', 'open'), [])
}

/** Resolves when these ingests together have begun each partition that the symbols lie in. */
async function assigned(partitions: Iterable<number>, by: TestProcess): Promise<void> {
  for (const partition of partitions) await by.waitFor('ingest_started', { partition })
}

test('a process that stalled while another took over its partitions stores nothing twice when it resumes', {
  skip,
  timeout: 3_600_000,
}, async t => {
  const schedule = new Schedule(t)
  const tries = rounds(1, 6)
  await underLoad(t, schedule, async ({ cluster, watch, market, recorder, join }) => {
    const fenced: number[] = []
    for (let round = 0; round < tries; round++) {
      const old = join()
      await assigned([0, 1, 2, 3], old)
      await watch.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 20])), recorder)
      await schedule.moment(500)
      const sinceMs = performance.now()
      old.child.kill('SIGSTOP')
      const next = join()
      await assigned([0, 1, 2, 3], next)
      await sleep(Math.max(0, sinceMs + rounds(1, 2) * SESSION_MS - performance.now()))
      old.child.kill('SIGCONT')
      // It either stops, or is assigned partitions again; then it is one of two that store.
      await Promise.any([old.waitFor('ingest_fenced'), old.waitFor('ingest_started', {}, PARTITIONS + 1)])
      fenced.push(old.logged('ingest_fenced').length)
      await cluster.drained()
      for (const part of [next, old]) assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null })
    }
    return `stood still ${tries} times, partitions fenced ${fenced.join(', ')}`
  })
})

test('a rebalance storm: ingests join, leave and are killed every two seconds, and no partition stalls', {
  skip,
  timeout: 3_600_000,
}, async t => {
  const schedule = new Schedule(t)
  const steps = rounds(5, 60)
  await underLoad(t, schedule, async ({ join }) => {
    const alive = [join()]
    await alive[0]!.waitFor('ingest_started')
    const leaving: Promise<unknown>[] = []
    const count = { joined: 1, left: 0, killed: 0 }
    for (let step = 0; step < steps; step++) {
      await schedule.moment(2 * STORM_STEP_MS)
      const choice = alive.length === 0 ? 0 : alive.length === INGESTS_MAX ? 1 + schedule.below(2) : schedule.below(3)
      if (choice === 0) {
        alive.push(join())
        count.joined++
        continue
      }
      const [part] = alive.splice(schedule.below(alive.length), 1)
      if (choice === 1) {
        // It lets go while the others go on.
        leaving.push(part!.end('SIGTERM'))
        count.left++
      } else {
        await part!.end('SIGKILL')
        count.killed++
      }
    }
    await Promise.all(leaving)
    return `joined ${count.joined}, left ${count.left}, killed ${count.killed}`
  })
})
