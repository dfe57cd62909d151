/** What a network and a venue do to a socket, through the whole pipeline: each hole is one row, no id is stored twice. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ORIGIN } from '../../src/tick/trades.ts'
import { KnownMarket } from '../support/data/market.ts'
import { tradesOf } from '../support/data/trades.ts'
import { LONG, report, rounds, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import {
  assertPlaces,
  assertTrades,
  gapsOf,
  type Hole,
  holesOf,
  judgePlaces,
  judgeTrades,
} from '../support/judges/oracle.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']

/** A recorder behind a proxy that can break its connection, and a storing process. */
class FeedSession {
  readonly instance: TestInstance
  readonly market: KnownMarket
  readonly proxy: TcpProxy
  readonly recorder: TestProcess
  readonly storing: TestProcess
  readonly watch: LogWatch

  static async open(t: TestContext, seed: number, ratePerSecond: number): Promise<FeedSession> {
    const market = await KnownMarket.start({ symbols: SYMBOLS, seed, ratePerSecond })
    t.after(() => market[Symbol.asyncDispose]())
    const proxy = await TcpProxy.open(t, Number(new URL(market.exchange.wsUrl).port))
    const instance = new TestInstance(t, { ...market.settings, SIMULATOR_WS: proxy.url })
    const recorder = instance.run('record')
    await recorder.waitFor('connection_opened')
    const watch = new LogWatch(await instance.log())
    t.after(() => watch[Symbol.asyncDispose]())
    return new FeedSession(instance, market, proxy, recorder, instance.run('ingest'), watch)
  }

  private constructor(
    instance: TestInstance,
    market: KnownMarket,
    proxy: TcpProxy,
    recorder: TestProcess,
    storing: TestProcess,
    watch: LogWatch,
  ) {
    this.instance = instance
    this.market = market
    this.proxy = proxy
    this.recorder = recorder
    this.storing = storing
    this.watch = watch
  }

  /** Resolves when the log holds that many more ids of each symbol than the market has made by now. */
  async goesOn(ids = 100): Promise<void> {
    const further = [...this.market.lastIds()].map(([symbol, id]) => [symbol, id + ids] as const)
    await this.watch.until(new Map(further), this.recorder)
  }

  /** Ends the market's day and the recorder; resolves when all that came is stored. */
  async close(): Promise<void> {
    this.market.pause()
    await this.watch.until(this.market.lastIds(), this.recorder)
    assert.deepEqual(await this.recorder.end('SIGTERM'), { code: 0, signal: null })
    await this.storing.drained()
  }

  /** Ends the storing process and judges. */
  async judge(t: TestContext, tried: string) {
    assert.deepEqual(await this.storing.end('SIGTERM'), { code: 0, signal: null })
    assert.deepEqual(this.storing.logged('audit_failed'), [])
    const store = await this.instance.store()
    const log = await this.instance.log()
    try {
      const places = await judgePlaces(store, log)
      const trades = await judgeTrades(store, 'simulator', this.market.trades())
      const holes = await holesOf(store, 'simulator')
      report(t, `${tried}: ${holes.length} holes`, places, trades)
      assertPlaces(places)
      assertTrades({ ...trades, missing: [] })
      assert.equal(trades.missing.length, sizeOf(holes), 'what is missing is known by id')
      assert.deepEqual(await gapsOf(store, 'simulator', 'open'), holes, 'one open row for each hole')
      const refused = await store.rows<{ reason: string; ticks: number }>(
        'SELECT reason, toUInt32(sum(ticks)) AS ticks FROM quarantine GROUP BY reason ORDER BY reason',
      )
      const repaired = await gapsOf(store, 'simulator', 'repaired')
      return { holes, repaired, missing: trades.missing, refused }
    } finally {
      await store.close()
      await log.close()
    }
  }
}

/** The venue's time of a trade that is missing, as far as its neighbours tell: that of the stored one before it, µs since 1970 UTC. */
async function timesOf(storing: TestProcess): Promise<(trade: { symbol: string; tradeId: number }) => number> {
  const body =
    'SELECT symbol, toUInt64(trade_id) AS id, toUnixTimestamp64Micro(timestamp) AS micros FROM trades ORDER BY id'
  const answer = await fetch(`${await storing.url()}/api/query?format=JSONCompactEachRow`, { method: 'POST', body })
  const rows = (await answer.text())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as [string, number, number])
  const bySymbol = Map.groupBy(rows, ([symbol]) => symbol)
  return ({ symbol, tradeId }) => {
    const own = bySymbol.get(symbol)!
    return Number((own.findLast(([, id]) => Number(id) < tradeId) ?? own[0]!)[2])
  }
}

const sizeOf = (holes: readonly Hole[]): number => holes.reduce((sum, { first, last }) => sum + last - first + 1, 0)

test('dropped, repeated and cut-off frames, cut connections: one gap row per hole, repeats in quarantine; repair closes them', async t => {
  const feed = await FeedSession.open(t, new Schedule(t).seed, 2_000)
  const { market, recorder, storing, watch } = feed
  market.run()
  await storing.waitFor('ingest_started')
  const [drops, repeats, malformed] = [40, 30, 5]
  for (let round = 1; round <= rounds(2, 50); round++) {
    market.exchange.control('drop', { trades: drops })
    await feed.goesOn()
    market.exchange.control('repeat', { trades: repeats })
    await feed.goesOn()
    market.exchange.control('malformed', { frames: malformed })
    await feed.goesOn()
    market.exchange.control('delay', { ms: 200 })
    await feed.goesOn()
    market.exchange.control('cut', {})
    await recorder.waitFor('connection_opened', {}, round + 1)
    await feed.goesOn()
  }
  await feed.close()

  // What is missing comes late, as a repair would bring it, while the storing process runs on.
  const { faults } = market.exchange.stats()
  const made = market.trades()
  const seen = new Set(watch.ids().map(([symbol, id]) => `${symbol} ${id}`))
  const missing = made.filter(({ symbol, tradeId }) => !seen.has(`${symbol} ${tradeId}`))
  assert.ok(missing.length >= faults.dropped + faults.malformed)
  const holesBefore = storing.logged('gap_found').length
  const half = Math.floor(missing.length / 2)
  const timeOf = await timesOf(storing)
  const repair = await feed.instance.log('write')
  for (const part of [missing.slice(half), missing.slice(0, half)])
    await repair.append(0, [tradesOf('simulator', part, ORIGIN.repair, timeOf)])
  await repair.close()
  await storing.drained()
  const { holes, repaired, refused, ...rest } = await feed.judge(
    t,
    `${faults.dropped} dropped, ${faults.repeated} repeated, ${faults.malformed} cut off, ${faults.cut} connections cut, then repaired`,
  )
  assert.deepEqual([holes, rest.missing], [[], []], 'complete again')
  assert.equal(repaired.length, holesBefore, 'one row for each hole there was')
  assert.equal(sizeOf(repaired), missing.length)
  assert.equal(storing.logged('gap_closed').length, repaired.length)
  assert.deepEqual(refused, [
    { reason: 'duplicate_id', ticks: faults.repeated },
    { reason: 'malformed_frame', ticks: faults.malformed },
  ])
})

test('frames that arrive a byte at a time are recorded like any other', async t => {
  const feed = await FeedSession.open(t, new Schedule(t).seed, 150)
  feed.proxy.dribbles = true
  feed.market.run()
  await feed.storing.waitFor('ingest_started')
  await feed.goesOn(rounds(30, 1_000))
  await feed.close()
  const { missing, refused } = await feed.judge(t, 'a byte at a time')
  assert.deepEqual([missing, refused], [[], []])
})

test('a recorder that stands still for a while gets and records everything afterwards', async t => {
  const schedule = new Schedule(t)
  const feed = await FeedSession.open(t, schedule.seed, 2_000)
  feed.market.run()
  await feed.storing.waitFor('ingest_started')
  for (let stop = 0; stop < rounds(2, 20); stop++) {
    process.kill(feed.recorder.pid, 'SIGSTOP')
    await schedule.moment(1_500)
    process.kill(feed.recorder.pid, 'SIGCONT')
    await feed.goesOn()
  }
  await feed.close()
  assert.deepEqual(feed.market.exchange.stats().cut, { slow: 0, chatty: 0, unresponsive: 0 })
  const { missing, refused } = await feed.judge(t, 'a reader that stood still')
  assert.deepEqual([missing, refused], [[], []])
})

test('a half-open connection is noticed, replaced, and what it missed is one gap row for each symbol', {
  skip: LONG ? false : 'takes half a minute of silence: in the long run, FAULT_ROUNDS=long',
  timeout: 300_000,
}, async t => {
  const feed = await FeedSession.open(t, new Schedule(t).seed, 1_000)
  feed.market.run()
  await feed.storing.waitFor('ingest_started')
  await feed.goesOn()
  feed.proxy.silence()
  await feed.recorder.waitFor('connection_silent')
  await feed.recorder.waitFor('connection_opened', {}, 2)
  await feed.goesOn()
  await feed.close()
  const { holes } = await feed.judge(t, 'half-open')
  assert.deepEqual(holes.map(({ symbol }) => symbol).sort(), [...SYMBOLS].sort())
})
