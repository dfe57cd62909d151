/**
 * What others around the pipeline do badly: venues with wrong clocks, readers that do not read. Ticks keep their pace
 * and their times.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { recordersIn } from '../../src/sources/status.ts'
import { KnownMarket } from '../support/data/market.ts'
import { report, rounds, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  type ExpectedTrade,
} from '../support/judges/oracle.ts'
import { within } from '../support/judges/within.ts'
import { Cluster, startClusterServers } from '../support/processes/cluster.ts'
import { FullPipe } from '../support/processes/full-pipe.ts'
import { WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'

const ground = await startClusterServers({ after })
const { skip } = ground

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
/** Longer than any tick takes to be received, also on a busy machine. */
const AHEAD_MS = 120_000
const TRADE_EVERY_MS = 50

test('a venue whose clock is ahead: the negative latency is stored and shown unchanged', { skip }, async t => {
  const venue = await LocalVenue.open(t)
  const cluster = await Cluster.start(t, ground, { settings: { SOURCES: 'coinbase:A-USD', COINBASE_WS: venue.url } })
  const visit = venue.visit()
  const [recorder, ingest] = [cluster.instance.run('record'), cluster.instance.run('ingest')]
  await visit
  await recorder.waitFor('connection_opened')
  await ingest.waitFor('serving')
  const trades: ExpectedTrade[] = []
  const trade = () => {
    const tradeId = trades.length + 1
    trades.push({ symbol: 'A-USD', tradeId, price: 1.5, volume: 2, side: 'sell' })
    const time = new Date(Date.now() + AHEAD_MS).toISOString()
    const ids = { trade_id: tradeId, sequence: tradeId, maker_order_id: '', taker_order_id: '' }
    venue.broadcast(
      JSON.stringify({ type: 'match', ...ids, time, product_id: 'A-USD', size: '2', price: '1.5', side: 'buy' }),
    )
  }
  const trading = setInterval(trade, TRADE_EVERY_MS)
  try {
    await ingest.until(({ sources, store }) => sources.lagMs < -AHEAD_MS / 2 && (store.kinds.trades?.ticks ?? 0) > 0)
  } finally {
    clearInterval(trading)
  }
  await recorder.end('SIGTERM')
  await cluster.drained()
  const [latency] = await cluster.store.rows<{ least: number; most: number }>(
    `SELECT toInt32(min(ms)) AS least, toInt32(max(ms)) AS most FROM (
       SELECT dateDiff('millisecond', timestamp, received_at) AS ms FROM trades)`,
  )
  assert.ok(latency!.most <= 0 && latency!.least >= -AHEAD_MS - 1, JSON.stringify(latency))
  const result = await compareTrades(cluster.store, 'coinbase', trades)
  const positions = await checkPositions(cluster.store, cluster.log)
  report(t, `venue ${AHEAD_MS} ms ahead, latency ${latency!.least} to ${latency!.most} ms`, positions, result)
  assertTrades(result)
})

test('a stalled reader and a full pipe for the log do not slow down ticks', {
  skip,
}, async t => {
  const schedule = new Schedule(t)
  await using market = await KnownMarket.start({
    symbols: SYMBOLS,
    seed: schedule.seed,
    ratePerSecond: 120,
  })
  const cluster = await Cluster.start(t, ground, { settings: market.settings })
  const { descriptor } = FullPipe.open(t)
  const recorder = cluster.instance.run('record', {}, [], descriptor)
  const ingest = cluster.instance.run('ingest', {}, [], descriptor)
  const log = await cluster.instance.log()
  await using watch = new LogWatch(log)
  // Nothing reads its log, so its status in Kafka shows that it is connected.
  await within(WAIT_MS_MAX, async () => {
    const connections = recordersIn(log.announcements()).flatMap(({ status }) => status.connections)
    return connections.some(({ state }) => state === 'open') ? undefined : 'no connection is open'
  })
  market.run()
  await watch.until(new Map(SYMBOLS.map(symbol => [symbol, 1])), recorder)
  await using _reader = await cluster.outside.blockedReader()
  const fromMs = performance.now()
  for (let step = 0; step < rounds(5, 100); step++) {
    // What was made until now is in the log and in the tables soon after, while it goes on.
    await watch.until(market.lastIds(), recorder)
    await cluster.drained()
  }
  const tookMs = performance.now() - fromMs
  market.pause()
  await watch.until(market.lastIds(), recorder)
  await cluster.drained()
  for (const part of [recorder, ingest]) assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null })
  const positions = await checkPositions(cluster.store, cluster.log)
  const trades = await compareTrades(cluster.store, 'simulator', market.trades())
  report(t, `nobody read for ${Math.round(tookMs)} ms`, positions, trades)
  assertPositions(positions)
  assertTrades(trades)
})
