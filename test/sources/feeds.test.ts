import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TIMINGS, type Timings } from '../../src/sources/connection/timings.ts'
import { type Feeds, openFeeds, probe, type Subscription } from '../../src/sources/feeds.ts'
import { coinbase } from '../../src/venues/coinbase/decode.ts'
import { kraken } from '../../src/venues/kraken/decode.ts'
import { CollectingReceiver } from '../support/judges/collecting-receiver.ts'
import { EventLog } from '../support/judges/event-log.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'

const TIMEOUT = { timeout: 300_000 }

function follow(t: TestContext, subscriptions: readonly Subscription[], timings: Partial<Timings> = {}) {
  const events = new EventLog()
  const receiver = new CollectingReceiver()
  const feeds: Feeds = openFeeds(subscriptions, receiver, events.emit, { ...TIMINGS, ...timings })
  t.after(() => feeds.close())
  return { feeds, events, receiver }
}

const match = (id: number, time = new Date()) =>
  JSON.stringify({
    type: 'match',
    trade_id: id,
    side: 'sell',
    size: '1',
    price: '2',
    product_id: 'A-USD',
    time: time.toISOString(),
  })

async function opened(events: EventLog, count: number): Promise<void> {
  while (events.named('connection_opened').length < count) await events.next('connection_opened')
}

test('symbols are spread over connections within the venue’s limit, each requested once', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const venue = { ...kraken, limits: { ...kraken.limits, symbolsPerConnection: 2 } }
  const { feeds, events } = follow(t, [
    { venue, symbols: ['A', 'B', 'C', 'D', 'E', 'A'], kinds: ['trades'], ws: server.url },
  ])
  await opened(events, 3)
  await Promise.all(server.visits.map(({ received, socket }) => received.length > 0 || once(socket, 'message')))
  const requested = server.visits.map(({ received }) => JSON.parse(received[0]!).params.symbol)
  assert.deepEqual(requested.sort(), [['A', 'B'], ['C', 'D'], ['E']])
  assert.deepEqual(
    feeds.status().map(({ symbolsRequested }) => symbolsRequested),
    [2, 2, 1],
  )
  assert.equal(new Set(feeds.status().map(({ id }) => id)).size, 3)
})

test('a subscription of many frames stays within the venue’s frames per second', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const venue = { ...coinbase, limits: { ...coinbase.limits, framesPerSecond: 2 } }
  const times: number[] = []
  server.onVisit = ({ socket }) => socket.on('message', () => times.push(performance.now()))
  const { events } = follow(t, [{ venue, symbols: ['A', 'B', 'C'], kinds: ['trades'], ws: server.url }])
  await opened(events, 1)
  while (times.length < 3) await once(server.visits[0]!.socket, 'message')
  assert.ok(times[2]! - times[0]! >= 900, `three frames within ${times[2]! - times[0]!} ms`)
})

test('connections beyond the venue’s limit on connects wait', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const limits = { ...kraken.limits, symbolsPerConnection: 1, connectsPerFiveMinutes: 3 }
  const { feeds, events } = follow(t, [
    { venue: { ...kraken, limits }, symbols: ['A', 'B', 'C'], kinds: ['trades'], ws: server.url },
  ])
  await opened(events, 2)
  assert.equal(server.visits.length, 2)
  assert.deepEqual(
    feeds.status().map(({ state }) => state),
    ['open', 'open', 'waiting'],
  )
})

test('latency includes trades made since the connection opened, and is not clamped at 0', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { feeds, events, receiver } = follow(t, [
    { venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: server.url },
  ])
  await opened(events, 1)
  assert.equal(feeds.status()[0]?.latencyMs, null)
  server.broadcast(match(1, new Date(Date.now() - 3_600_000)))
  await receiver.until(1)
  assert.equal(feeds.status()[0]?.latencyMs, null)
  server.broadcast(match(2, new Date(Date.now() + 5000)))
  await receiver.until(2)
  const { latencyMs, ticks, ticksPerSecond, lastFrameAgeMs } = feeds.status()[0]!
  assert.ok(latencyMs && latencyMs.p50 < -4000 && latencyMs.max < -4000)
  assert.equal(ticks, 2)
  assert.ok(ticksPerSecond > 0)
  assert.ok(lastFrameAgeMs !== null && lastFrameAgeMs >= 0 && lastFrameAgeMs < 5000)
})

test('a flood of refused frames is two events, and every frame reaches the receiver', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { feeds, events, receiver } = follow(
    t,
    [{ venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: server.url }],
    {
      errorSummaryMs: 100,
    },
  )
  await opened(events, 1)
  const summed = events.next('frames_refused')
  for (let i = 0; i < 50; i++) server.broadcast('nonsense')
  await receiver.until(0, 50)
  assert.deepEqual(await summed, { venue: 'coinbase', count: 49, reasons: 'malformed_frame 49' })
  assert.equal(events.named('frame_refused').length, 1)
  assert.equal(feeds.status()[0]?.refused, 50)
})

test('refusals not yet reported are reported at the close', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { feeds, events, receiver } = follow(t, [
    { venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: server.url },
  ])
  await opened(events, 1)
  for (let i = 0; i < 3; i++) server.broadcast('nonsense')
  await receiver.until(0, 3)
  await feeds.close()
  assert.equal(events.named('frames_refused')[0]?.count, 2)
})

test('no trade of a symbol that was not requested is passed on, however many there are', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { feeds, events, receiver } = follow(t, [
    { venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: server.url },
  ])
  await opened(events, 1)
  for (let id = 1; id <= 500; id++) server.broadcast(match(id).replace('A-USD', `X${id}-USD`))
  server.broadcast(match(7))
  await receiver.until(1, 500)
  assert.deepEqual(
    receiver.trades.map(({ symbol, tradeId }) => [symbol, tradeId]),
    [['A-USD', 7]],
  )
  assert.ok(receiver.refusals.every(({ reason }) => reason === 'symbol_unasked'))
  assert.deepEqual(JSON.parse(receiver.refusals[41]!.raw).product_id, 'X42-USD')
  assert.deepEqual(
    events.named('frame_refused').map(({ reason, detail }) => [reason, detail]),
    [['symbol_unasked', 'trades of "X1-USD"']],
  )
  const { refused, ticks, unreadable } = feeds.status()[0]!
  assert.deepEqual({ refused, ticks, unreadable }, { refused: 500, ticks: 1, unreadable: false })
})

test(
  'a frame with such trades among requested ones is refused once, and the requested ones are passed on',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const { events, receiver } = follow(t, [
      { venue: kraken, symbols: ['A/USD', 'B/USD'], kinds: ['trades'], ws: server.url },
    ])
    await opened(events, 1)
    const trade = (symbol: string, trade_id: number) => ({
      ...{ symbol, side: 'buy', price: 2, qty: 1, ord_type: 'limit', trade_id },
      timestamp: '2026-11-22T12:00:00.000000Z',
    })
    const data = [
      trade('A/USD', 1),
      ...Array.from({ length: 50 }, (_, at) => trade(`X${at}/USD`, at)),
      trade('B/USD', 2),
    ]
    const frame = JSON.stringify({ channel: 'trade', type: 'update', data })
    server.broadcast(frame)
    await receiver.until(2, 1)
    assert.deepEqual(
      receiver.trades.map(({ symbol }) => symbol),
      ['A/USD', 'B/USD'],
    )
    assert.deepEqual(
      receiver.refusals.map(({ reason, raw }) => [reason, raw]),
      [['symbol_unasked', frame]],
    )
  },
)

test('a refused subscription is reported as an error, and the connection continues', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { events, receiver } = follow(t, [{ venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: server.url }])
  await opened(events, 1)
  const rejected = events.next('subscription_rejected')
  server.broadcast('{"type":"error","message":"Failed to subscribe","reason":"FOO-BAR is not a valid product"}')
  assert.match(String((await rejected).detail), /FOO-BAR/)
  server.broadcast(match(1))
  await receiver.until(1)
})

test('a flood of a venue’s errors is one event each and a sum, and ticks continue', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { events, receiver } = follow(t, [{ venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: server.url }], {
    errorSummaryMs: 100,
  })
  await opened(events, 1)
  const rejected = events.next('subscription_rejected')
  const summed = events.next('errors_repeated')
  for (let i = 0; i < 500; i++) server.broadcast('{"type":"error","message":"Failed to subscribe"}')
  for (let i = 0; i < 500; i++) server.broadcast('{"type":"error","message":"ErrSlowConsume"}')
  server.broadcast(match(1))
  await receiver.until(1)
  await summed
  await rejected
  assert.equal(events.named('subscription_rejected').length, 1)
  assert.equal(events.named('venue_error').length, 1)
})

test('events and status never show the credentials of an address', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  server.refuseWith = { status: 401, headers: {} }
  const ws = server.url.replace('ws://', 'ws://user:secret@')
  const { feeds, events } = follow(t, [{ venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws }])
  await events.next('account_refused')
  assert.doesNotMatch(JSON.stringify([events.emitted, feeds.status()]), /secret/)
})

test('an invalid address is reported as refused, not thrown', TIMEOUT, async t => {
  const { events } = follow(t, [{ venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: 'no address' }])
  assert.match(String((await events.next('connection_refused')).why), /URL/)
})

test(
  'probe is true for a feed that answers, and false for one that is silent, refuses, or is down',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const subscription = { venue: coinbase, symbols: ['BTC-USD'], kinds: ['trades'], ws: server.url }
    server.onVisit = ({ socket }) => socket.on('message', () => socket.send('{"type":"subscriptions","channels":[]}'))
    assert.equal(await probe(subscription, 5000), true)
    server.onVisit = ({ socket }) => socket.send('{"type":"error","message":"no"}')
    assert.equal(await probe(subscription, 100), false)
    server.onVisit = () => {}
    assert.equal(await probe(subscription, 100), false)
    server.refuseWith = { status: 451, headers: {} }
    assert.equal(await probe(subscription, 5000), false)
    await server.close()
    assert.equal(await probe(subscription, 5000), false)
  },
)

test('after close, no timer or socket is left open', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const events = new EventLog()
  const feeds = openFeeds(
    [{ venue: coinbase, symbols: ['A-USD'], kinds: ['trades'], ws: server.url }],
    new CollectingReceiver(),
    events.emit,
  )
  await opened(events, 1)
  const gone = once(server.visits[0]!.socket, 'close')
  await feeds.close()
  await gone
  await sleep(0)
  const timers = process.getActiveResourcesInfo().filter(kind => kind === 'Timeout')
  // The test runner's own limit on this test is the one that may remain.
  assert.ok(timers.length <= 1, timers.join())
})
