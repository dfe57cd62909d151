/** The simulator's faults of single symbols, over real sockets: what it does to a stream, the connection notices and undoes. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startExchange } from '../../src/simulator/exchange.ts'
import { TIMINGS } from '../../src/sources/connection/timings.ts'
import { openFeeds } from '../../src/sources/feeds.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { CollectingReceiver } from '../support/judges/collecting-receiver.ts'
import { EventLog } from '../support/judges/event-log.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const QUICK = {
  ...TIMINGS,
  livenessCheckMs: 20,
  announcedMsMax: 500,
  quietMsMin: 400,
  quietFactor: 3,
  livenessLearnMs: 400,
  resubscribe: { ...TIMINGS.resubscribe, temporary: { firstMs: 100, maxMs: 400 } },
}

async function recording(t: TestContext, witness = false) {
  const exchange = await startExchange({ symbols: SYMBOLS, ratePerSecond: 2_000, seed: 3 })
  t.after(() => exchange.close())
  const events = new EventLog()
  const ws = exchange.wsUrl
  const feeds = openFeeds(
    [{ venue: simulator, symbols: SYMBOLS, kinds: ['trades'], ws }],
    new CollectingReceiver(),
    events.emit,
    QUICK,
    witness,
  )
  t.after(() => feeds.close())
  const liveNow = () => feeds.status()[0]!.states.live ?? 0
  while (liveNow() < SYMBOLS.length) await sleep(10)
  // Silence can be detected only after the usual gaps are known.
  await sleep(800)
  return { exchange, events, feeds, liveNow }
}

test('a stream that the exchange ends silently is detected, requested again despite a refusal, and restored', async t => {
  const { exchange, events, feeds, liveNow } = await recording(t)
  const silent = events.next('symbols_silent')
  const rejected = events.next('subscription_rejected')
  const back = events.next('symbols_back')
  exchange.control('refuse', { requests: 2, msg: 'Service unavailable' })
  exchange.control('endStream', { symbol: 'ETHUSDT' })
  assert.equal((await silent).symbols, 'ETHUSDT')
  const { symbols, detail } = await rejected
  assert.deepEqual([symbols, /Service unavailable/.test(String(detail))], ['ETHUSDT', true])
  assert.equal((await back).symbols, 'ETHUSDT')
  assert.equal(liveNow(), SYMBOLS.length)
  assert.equal(exchange.stats().connects, 1, 'the connection stayed')
  assert.equal(feeds.status()[0]!.reconnects, 0)
})

test('a symbol that is silent for a while is reported, and live again with its next trade', async t => {
  const { exchange, events, feeds } = await recording(t)
  const silent = events.next('symbols_silent')
  const back = events.next('symbols_back')
  exchange.control('silence', { symbol: 'SOLUSDT', ms: 1_500 })
  assert.equal((await silent).symbols, 'SOLUSDT')
  const [status] = feeds.status()
  assert.deepEqual(
    status!.notLive.map(({ symbol, state }) => [symbol, state]),
    [['SOLUSDT', 'silent']],
  )
  assert.equal(status!.symbols, 2)
  assert.equal((await back).symbols, 'SOLUSDT')
})

test('a symbol whose trades the exchange counts and does not send is requested again, and no other one', async t => {
  const { exchange, events, liveNow } = await recording(t, true)
  const missed = events.next('trades_missed')
  const back = events.next('symbols_back')
  exchange.control('silence', { symbol: 'ETHUSDT', kind: 'trades', ms: 6_000 })
  const { symbol, first, last } = await missed
  assert.equal(symbol, 'ETHUSDT')
  assert.ok(Number(last) >= Number(first))
  assert.equal((await back).symbols, 'ETHUSDT')
  while (liveNow() < SYMBOLS.length) await sleep(10)
  assert.ok(events.named('trades_missed').every(one => one.symbol === 'ETHUSDT'))
})

test('without a witness that silence is known only from its usual pauses', async t => {
  const { exchange, events } = await recording(t)
  exchange.control('silence', { symbol: 'ETHUSDT', kind: 'trades', ms: 3_000 })
  await events.next('symbols_back')
  assert.deepEqual(events.named('trades_missed'), [])
})
