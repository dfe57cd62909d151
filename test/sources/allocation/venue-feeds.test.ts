/** Symbols that join and leave while a simulated exchange trades: the others go on, on the same connection. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startExchange } from '../../../src/simulator/exchange.ts'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { openFeeds, type Subscription } from '../../../src/sources/feeds.ts'
import { simulator } from '../../../src/venues/simulator.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { until } from '../../support/judges/within.ts'

const TIMEOUT = { timeout: 300_000 }
const LISTED = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'BNBUSDT', 'DOGEUSDT']
const QUICK = { ...TIMINGS, backoffMsMin: 10, backoffFirstMs: 20, backoffMsMax: 50, livenessCheckMs: 20, overlapMs: 50 }

async function recording(t: TestContext, symbols: readonly string[], symbolsPerConnection = 200) {
  const exchange = await startExchange({ symbols: LISTED, ratePerSecond: 2_000, seed: 3 })
  t.after(() => exchange.close())
  const [events, receiver] = [new EventLog(), new CollectingReceiver()]
  const limits = { ...simulator.limits, symbolsPerConnection }
  const of = (symbols: readonly string[]): Subscription[] => [
    { venue: { ...simulator, limits }, symbols, kinds: ['trades'], ws: exchange.wsUrl },
  ]
  const feeds = openFeeds(of(symbols), receiver, events.emit, QUICK)
  t.after(() => feeds.close())
  const idsOf = (symbol: string) =>
    receiver.trades.filter(trade => trade.symbol === symbol).map(({ tradeId }) => Number(tradeId))
  const received = (symbol: string, more: number) => {
    const before = idsOf(symbol).length
    return until(() => idsOf(symbol).length >= before + more)
  }
  for (const symbol of symbols) await received(symbol, 1)
  return { exchange, feeds, events, receiver, idsOf, received, record: (to: readonly string[]) => feeds.record(of(to)) }
}

function assertDense(ids: readonly number[]): void {
  for (const [at, id] of ids.entries()) if (at > 0) assert.equal(id, ids[at - 1]! + 1, `${at} of ${ids.length}`)
}

test('symbols join and leave an open connection without a hole in the others', TIMEOUT, async t => {
  const { exchange, feeds, events, receiver, idsOf, received, record } = await recording(t, ['BTCUSDT', 'ETHUSDT'])
  for (const to of [
    ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'],
    ['BTCUSDT', 'SOLUSDT', 'XRPUSDT', 'BNBUSDT'],
    ['BTCUSDT', 'BNBUSDT'],
  ]) {
    record(to)
    for (const symbol of to) await received(symbol, 20)
  }
  assertDense(idsOf('BTCUSDT'))
  assertDense(idsOf('BNBUSDT'))
  await sleep(200)
  const ended = idsOf('SOLUSDT').length
  await received('BTCUSDT', 200)
  assert.equal(idsOf('SOLUSDT').length, ended, 'a symbol that left sends no more trades')
  assert.deepEqual(receiver.refusals, [], 'trades in flight of a symbol that leaves are recorded')
  assert.equal(exchange.stats().connects, 1)
  assert.equal(events.named('connection_opened').length, 1)
  const [status] = feeds.status()
  assert.deepEqual([status!.symbolsRequested, status!.symbols, status!.states], [2, 2, { live: 2 }])
})

test('the next socket of a connection requests the symbols as they are then', TIMEOUT, async t => {
  const { exchange, feeds, events, idsOf, received, record } = await recording(t, ['BTCUSDT', 'ETHUSDT'])
  record(['ETHUSDT', 'SOLUSDT'])
  await received('SOLUSDT', 1)
  const lost = events.next('connection_lost')
  exchange.control('cut', {})
  await lost
  assert.notEqual(feeds.status()[0]!.state, 'open')
  record(['ETHUSDT', 'SOLUSDT', 'XRPUSDT'])
  for (const symbol of ['ETHUSDT', 'SOLUSDT', 'XRPUSDT']) await received(symbol, 20)
  const before = idsOf('BTCUSDT').length
  await received('ETHUSDT', 100)
  assert.equal(idsOf('BTCUSDT').length, before)
  assert.equal(exchange.stats().connects, 2)
})

test('a full connection is joined by another one, and one without symbols is closed', TIMEOUT, async t => {
  const { exchange, feeds, idsOf, received, record } = await recording(t, ['BTCUSDT', 'ETHUSDT'], 2)
  record(['BTCUSDT', 'ETHUSDT', 'SOLUSDT'])
  await received('SOLUSDT', 20)
  assert.equal(feeds.status().length, 2)
  record(['SOLUSDT'])
  await until(() => exchange.stats().clients === 1)
  assert.equal(feeds.status().length, 1)
  record(['SOLUSDT', 'BTCUSDT'])
  await received('BTCUSDT', 20)
  assert.equal(exchange.stats().connects, 2)
  assertDense(idsOf('SOLUSDT'))
})

test('changes while reading is paused are in effect when it resumes', TIMEOUT, async t => {
  const { exchange, feeds, idsOf, received, record } = await recording(t, ['BTCUSDT'], 1)
  feeds.pause()
  record(['BTCUSDT', 'ETHUSDT'])
  await until(() => exchange.stats().connects === 2)
  await sleep(100)
  assert.equal(idsOf('ETHUSDT').length, 0)
  feeds.resume()
  await received('ETHUSDT', 20)
  assertDense(idsOf('BTCUSDT'))
})
