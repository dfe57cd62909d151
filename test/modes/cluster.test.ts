/**
 * A recorded afternoon through separate processes over a real Kafka: one ingest with its own engine, and two recorders
 * and two ingest processes that share one store over HTTP. The sums are equal to the last digit.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Store } from '../../src/store/store.ts'
import { skipWithoutData } from '../support/data/recorded-data.ts'
import { endAudited } from '../support/judges/audited.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'
import {
  assertSessionQuotes,
  assertSessionTrades,
  SESSION_FILES,
  SESSION_SOURCES,
  sessionLastIds,
  sessionLastSequences,
  sessionQuotes,
  sessionTrades,
} from '../support/judges/recorded-truth.ts'
import { Cluster, startClusterServers } from '../support/processes/cluster.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { startPlayer } from '../support/servers/player.ts'

const PARTITIONS = 4
const ground = await startClusterServers({ after })
const skip = ground.skip || skipWithoutData

/** Refused ticks by reason, and how many audits failed. */
async function others(store: Store) {
  const refused = await store.rows<{ reason: string; ticks: number }>(
    'SELECT reason, toUInt32(sum(ticks)) AS ticks FROM quarantine GROUP BY reason ORDER BY reason',
  )
  const [rest] = await store.rows<{ gaps: number; lost: number; failed: number }>(
    `SELECT toUInt32((SELECT count() FROM gaps)) AS gaps, toUInt32((SELECT count() FROM lost_ranges)) AS lost,
       toUInt32((SELECT countIf(NOT passed) FROM audits)) AS failed`,
  )
  return { refused, ...rest }
}

test('record and ingest apart, over Kafka, with the engine in the ingest: to the last digit', { skip }, async t => {
  const player = await startPlayer({ files: SESSION_FILES, speed: Infinity })
  t.after(() => player.close())
  const instance = new TestInstance(t, {
    LOG: ground.kafka.address({ partitions: PARTITIONS }),
    SOURCES: SESSION_SOURCES,
    BINANCE_WS: player.wsUrl,
  })
  const ingest = instance.run('ingest')
  const recorder = instance.run('record')
  await recorder.waitFor('log_opened')
  await using watch = new LogWatch(await instance.log())
  await watch.until(sessionLastIds(), recorder)
  // It appends at its end what it has received.
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  await ingest.drained()
  await endAudited(instance, [ingest])
  const store = await instance.store()
  const log = await instance.log()
  try {
    await assertSessionTrades(store)
    assert.deepEqual(await others(store), { refused: [], gaps: 0, lost: 0, failed: 0 })
    assertPositions(await checkPositions(store, log))
  } finally {
    await store.close()
    await log.close()
  }
})

test('two recorders of one feed and two ingests, one store: each tick once, each second copy known', {
  skip,
}, async t => {
  const player = await startPlayer({ files: SESSION_FILES, speed: Infinity, clients: 2 })
  t.after(() => player.close())
  const settings = { SOURCES: SESSION_SOURCES, BINANCE_WS: player.wsUrl }
  const cluster = await Cluster.start(t, ground, { settings, partitions: PARTITIONS })
  const ingests = [cluster.instance.run('ingest'), cluster.instance.run('ingest')]
  for (const ingest of ingests) await ingest.waitFor('ingest_started')
  await using watch = new LogWatch(await cluster.instance.log())
  const recorders = [cluster.instance.run('record'), cluster.instance.run('record')]
  await watch.untilTimes(new Map([...sessionLastIds(), ...sessionLastSequences()]), 2, recorders[0]!)
  await cluster.drained()
  await cluster.lagShown()
  for (const part of recorders)
    assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null }, part.recentOutput())
  await endAudited(cluster.instance, ingests)
  await assertSessionTrades(cluster.store)
  await assertSessionQuotes(cluster.store)
  const { refused, ...rest } = await others(cluster.store)
  // A copy that is more than the last quotes behind is not known as an exact repeat.
  const quotes = refused.filter(({ reason }) => ['quote_not_new', 'quote_repeated'].includes(reason))
  assert.deepEqual(
    refused.filter(each => !quotes.includes(each)),
    [{ reason: 'trade_repeated', ticks: sessionTrades() }],
  )
  assert.equal(
    quotes.reduce((sum, { ticks }) => sum + ticks, 0),
    sessionQuotes(),
  )
  assert.deepEqual(rest, {
    gaps: 0,
    lost: 0,
    failed: 0,
  })
  assertPositions(await checkPositions(cluster.store, cluster.log))
})
