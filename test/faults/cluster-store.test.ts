/** The store's responses are lost, truncated or false: the tables show whether a batch was stored, never a response. */
import assert from 'node:assert/strict'
import { on } from 'node:events'
import { after, test } from 'node:test'
import { KnownMarket } from '../support/data/market.ts'
import { report, rounds, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, assertTrades, checkPositions, compareTrades, gapsOf } from '../support/judges/oracle.ts'
import { Cluster, startClusterServers } from '../support/processes/cluster.ts'
import { HTTP_FAULTS, type HttpFault, HttpFaultProxy } from '../support/servers/http-fault-proxy.ts'

const ground = await startClusterServers({ after })

/** Immediate faults of network and server; slow ones are in the store's own tests. */
const FAULTS: readonly HttpFault[] = [
  HTTP_FAULTS.answerLost,
  HTTP_FAULTS.answerHalf,
  HTTP_FAULTS.exceptionAfter,
  HTTP_FAULTS.exceptionBefore,
  HTTP_FAULTS.errorAfter,
  HTTP_FAULTS.errorBefore,
  HTTP_FAULTS.requestLost,
  HTTP_FAULTS.requestHalf,
]

test('after a lost, truncated or false response the tables are queried, and stored batches are not sent again', {
  skip: ground.skip,
  timeout: 1_800_000,
}, async t => {
  const schedule = new Schedule(t)
  const strikes = rounds(2, 25) * FAULTS.length
  await using market = await KnownMarket.start({
    symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'],
    seed: schedule.seed,
    ratePerSecond: 120,
  })
  let proxy: HttpFaultProxy | undefined
  const cluster = await Cluster.start(t, ground, {
    settings: market.settings,
    between: async url => {
      proxy = await HttpFaultProxy.open(t, url)
      return proxy.url
    },
  })
  const [recorder, ingest] = [cluster.instance.run('record'), cluster.instance.run('ingest')]
  await recorder.waitFor('connection_opened')
  await ingest.waitFor('ingest_started')
  await using watch = new LogWatch(await cluster.instance.log())

  let [struck, ran] = [0, 0]
  proxy!.plan = statement => {
    if (!statement.startsWith('INSERT INTO trades') || struck === strikes || schedule.below(3) > 0) return undefined
    const fault = FAULTS[struck++ % FAULTS.length]!
    if (fault.passes === 'whole') ran++
    return fault
  }
  const faults = on(proxy!.struck, 'fault')
  market.run()
  for (let strike = 0; strike < strikes; strike++) await faults.next()
  market.pause()
  await watch.until(market.lastIds(), recorder)
  await cluster.drained()
  for (const part of [recorder, ingest])
    assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null }, part.recentOutput())
  assert.deepEqual(ingest.logged('audit_failed'), [])
  assert.equal(ingest.logged('insert_failed').length, strikes, 'each was seen')
  assert.equal(ingest.logged('insert_confirmed').length, ran, 'what had arrived was found, each time')
  const positions = await checkPositions(cluster.store, cluster.log)
  const trades = await compareTrades(cluster.store, 'simulator', market.trades())
  report(t, `${strikes} answers broken in ${FAULTS.length} ways, ${ran} after the insert`, positions, trades)
  assertPositions(positions)
  assertTrades(trades)
  assert.deepEqual(await gapsOf(cluster.store, 'simulator', 'open'), [])
})
