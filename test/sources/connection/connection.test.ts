/** One named thing is broken on a real local socket, and the feed must come through it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { type Feeds, openFeeds } from '../../../src/sources/feeds.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { coinbase } from '../../../src/venues/coinbase/decode.ts'
import type { Venue } from '../../../src/venues/venue.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { freePort } from '../../support/servers/free-port.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'
import { TcpProxy } from '../../support/servers/tcp-proxy.ts'

const QUICK: Timings = {
  ...TIMINGS,
  backoffMsMin: 10,
  backoffFirstMs: 20,
  backoffMsMax: 50,
  livenessCheckMs: 20,
  overlapMs: 50,
  overlapMsMax: 200,
  closeMsMax: 200,
}
const TIMEOUT = { timeout: 300_000 }

const match = (id: number, extra: Record<string, unknown> = {}) =>
  JSON.stringify({
    type: 'match',
    trade_id: id,
    side: 'sell',
    size: '0.5',
    price: `${100 + id}.25`,
    product_id: 'BTC-USD',
    time: new Date().toISOString(),
    ...extra,
  })

const trade = (id: number) =>
  `{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":${id},"p":"61837.63","q":"0.02","T":${Date.now()},"m":true,"M":true}}`

interface Setup {
  feeds: Feeds
  events: EventLog
  receiver: CollectingReceiver
}

function follow(t: TestContext, venue: Venue, ws: string, timings: Partial<Timings> = {}): Setup {
  const events = new EventLog()
  const receiver = new CollectingReceiver()
  const feeds = openFeeds(
    [{ venue, symbols: [venue.defaultSymbols[0]!], kinds: ['trades'], ws }],
    receiver,
    events.emit,
    {
      ...QUICK,
      ...timings,
    },
  )
  t.after(() => feeds.close())
  return { feeds, events, receiver }
}

test('a lost connection reconnects, subscribes again, and ticks continue', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const first = server.visit()
  const { feeds, events, receiver } = follow(t, coinbase, server.url)
  const opened = events.next('connection_opened')
  const before = await first
  await once(before.socket, 'message')
  before.socket.send(match(1))
  await receiver.until(1)
  // A quick server's first tick may come before the last frame of the subscription is out, which is what opens it.
  await opened

  const reopened = events.next('connection_opened')
  const lost = events.next('connection_lost')
  const second = server.visit()
  before.socket.terminate()
  assert.match(String((await lost).why), /1006/)
  const after = await second
  await once(after.socket, 'message')
  after.socket.send(match(2))
  await receiver.until(2)
  await reopened

  assert.deepEqual(after.received, before.received)
  assert.deepEqual(receiver.ids, [1, 2])
  assert.equal(feeds.status()[0]?.reconnects, 1)
})

test('frames that arrived just before the cut are not lost with it', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  server.onVisit = ({ socket, request }) => {
    if (server.visits.length > 1) return
    for (let id = 1; id <= 500; id++) socket.send(match(id))
    request.socket.end()
  }
  const { receiver, events } = follow(t, coinbase, server.url)
  await events.next('connection_lost')
  assert.deepEqual(
    receiver.ids,
    Array.from({ length: 500 }, (_, index) => index + 1),
  )
})

test('a half-open connection (silent, never closed) is detected and replaced', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const proxy = await TcpProxy.open(t, server.port)
  const { feeds, events, receiver } = follow(t, { ...coinbase, silenceMsMax: 200 }, proxy.url)
  await events.next('connection_opened')
  server.broadcast(match(1))
  await receiver.until(1)

  const silent = events.next('connection_silent')
  const opened = events.next('connection_opened')
  proxy.silence()
  assert.ok(Number((await silent).silentMs) >= 200)
  await opened
  server.visits.at(-1)!.socket.send(match(2))
  await receiver.until(2)
  assert.equal(proxy.accepted, 2)
  assert.equal(feeds.status()[0]?.reconnects, 1)
})

test('a connection that answers pings is alive, however quiet its market', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const visit = server.visit()
  const { events } = follow(t, { ...coinbase, silenceMsMax: 200 }, server.url)
  const { socket } = await visit
  for (let pings = 0; pings < 5; pings++) await once(socket, 'ping')
  assert.deepEqual(
    events.emitted.map(({ name }) => name),
    ['connection_opened'],
  )
})

test(
  'a feed that is silent for far longer than usual is replaced, and the old socket stays open until the new one delivers',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const visit = server.visit()
    const { events } = follow(t, coinbase, server.url, { quietMsMin: 100, quietFactor: 3, livenessLearnMs: 200 })
    const { socket } = await visit
    const again = server.visit()
    const silent = events.next('connection_silent')
    for (let beats = 0; beats < 300; beats++) {
      socket.send('{"type":"heartbeat"}')
      await sleep(5)
    }
    await silent
    await again
    assert.equal(socket.readyState, socket.OPEN)
    await Promise.all([once(socket, 'close'), events.next('connection_rotated')])
  },
)

test('bytes that arrive one by one, and frames in fragments of one byte, give the same ticks', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const proxy = await TcpProxy.open(t, server.port)
  const frames = [match(1), match(2, { size: '1234567.891' }), match(3)]
  proxy.dribbles = true
  const { receiver, events } = follow(t, coinbase, proxy.url)
  await events.next('connection_opened')
  const { socket } = server.visits[0]!
  for (const frame of frames) socket.send(frame)
  await receiver.until(3)
  proxy.dribbles = false
  for (const frame of frames) {
    for (const [index, letter] of [...frame].entries()) socket.send(letter, { fin: index === frame.length - 1 })
  }
  await receiver.until(6)
  const whole = receiver.trades.map(({ receivedAtMicros: _, ...rest }) => rest)
  assert.deepEqual(whole.slice(3), whole.slice(0, 3))
  assert.deepEqual(receiver.ids, [1, 2, 3, 1, 2, 3])
  assert.equal(receiver.refusals.length, 0)
})

test(
  'a paused feed leaves the frames on the server’s side, loses none, and is not reported as silent',
  TIMEOUT,
  async t => {
    const frames = 60_000
    const server = await LocalVenue.open(t)
    const { feeds, receiver, events } = follow(t, { ...coinbase, silenceMsMax: 100 }, server.url)
    await events.next('connection_opened')
    const { socket } = server.visits[0]!
    feeds.pause()
    const padding = 'x'.repeat(500)
    for (let id = 1; id <= frames; id++) socket.send(match(id, { padding }))
    // That nothing happens can only be seen over some time: five times the silence that would end the connection.
    await sleep(500)
    assert.ok(receiver.trades.length < frames / 10, `${receiver.trades.length} frames were read while paused`)
    assert.ok(socket.bufferedAmount > 10 * 2 ** 20, `only ${socket.bufferedAmount} bytes wait at the server`)
    feeds.resume()
    await receiver.until(frames)
    assert.deepEqual(
      receiver.ids,
      Array.from({ length: frames }, (_, index) => index + 1),
    )
    assert.deepEqual(
      events.emitted.map(({ name }) => name).filter(name => name !== 'symbols_counted'),
      ['connection_opened'],
    )
  },
)

test('a handshake refused with 429 is not repeated before the time the server requested', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  server.refuseWith = { status: 429, headers: { 'Retry-After': '1' } }
  const visit = server.visit()
  const { events } = follow(t, coinbase, server.url)
  const limited = await events.next('rate_limited')
  assert.ok(Number(limited.waitMs) >= 1000)
  server.refuseWith = undefined
  const { atMs } = await visit
  assert.equal(server.refusedAtMs.length, 1)
  assert.ok(atMs - server.refusedAtMs[0]! >= 990)
})

const ROTATIONS = [
  {
    why: 'the server announces that it will close',
    venue: binance,
    notice: '{"e":"serverShutdown","E":1770123456789}',
  },
  {
    why: 'it nears the age at which the server cuts it',
    venue: { ...binance, limits: { ...binance.limits, connectionAgeMsMax: 500 } },
  },
]
for (const { why, venue, notice } of ROTATIONS) {
  test(`a connection is replaced without a gap when ${why}`, TIMEOUT, async t => {
    const server = await LocalVenue.open(t)
    const { receiver, events } = follow(t, venue, server.url, { overlapMs: 500, overlapMsMax: 5_000 })
    await events.next('connection_opened')
    const { socket } = server.visits[0]!
    let id = 0
    const market = setInterval(() => server.broadcast(trade(++id)), 5)
    t.after(() => clearInterval(market))
    await receiver.until(10)
    const rotated = events.next('connection_rotated')
    const closed = once(socket, 'close')
    if (notice) socket.send(notice)
    await rotated
    assert.equal((await closed)[0], 1000)
    await receiver.until(receiver.trades.length + 10)

    const distinct = [...new Set(receiver.ids)].sort((a, b) => a - b)
    const dense = Array.from({ length: distinct.length }, (_, index) => distinct[0]! + index)
    assert.deepEqual(distinct, dense)
    assert.ok(receiver.ids.length > distinct.length, 'old and new ran side by side')
    assert.deepEqual(events.named('connection_lost'), [])
  })
}

test('a replacement that the server is about to close is replaced too', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const notice = '{"e":"serverShutdown","E":1770123456789}'
  server.onVisit = ({ socket }) => {
    if (server.visits.length <= 2) socket.send(notice)
  }
  const { events, receiver } = follow(t, binance, server.url)
  await events.next('connection_rotated')
  await events.next('connection_rotated')
  assert.equal(server.visits.length, 3)
  server.visits[2]!.socket.send(trade(1))
  await receiver.until(1)
  assert.deepEqual(events.named('connection_lost'), [])
})

test('when the old connection ends before its replacement is open, the replacement takes over', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { feeds, events, receiver } = follow(t, binance, server.url)
  await events.next('connection_opened')
  const second = server.visit()
  const lost = events.next('connection_lost')
  const opened = events.next('connection_opened')
  server.visits[0]!.socket.send('{"e":"serverShutdown","E":1770123456789}')
  server.visits[0]!.socket.terminate()
  assert.equal((await lost).waitMs, 0)
  await opened
  const { socket } = await second
  socket.send(trade(1))
  await receiver.until(1)
  assert.equal(server.visits.length, 2)
  assert.equal(feeds.status()[0]?.reconnects, 1)
})

test('a malformed frame is refused with its text, and the connection stays', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { receiver, events, feeds } = follow(t, coinbase, server.url)
  await events.next('connection_opened')
  server.broadcast('{"type":"match",')
  server.broadcast(match(1))
  await receiver.until(1, 1)
  assert.equal(receiver.refusals[0]?.raw, '{"type":"match",')
  assert.equal(receiver.refusals[0].reason, 'malformed_frame')
  assert.equal(server.visits.length, 1)
  assert.deepEqual([feeds.status()[0]?.ticks, feeds.status()[0]?.refused, feeds.status()[0]?.frames], [1, 1, 2])
})

test('a frame beyond the bound ends the connection, and a new one is opened', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { events } = follow(t, coinbase, server.url)
  await events.next('connection_opened')
  const opened = events.next('connection_opened')
  server.broadcast('x'.repeat(17 * 2 ** 20))
  await opened
  assert.match(String(events.named('connection_lost')[0]?.why), /payload/i)
})

test('received_at is the moment of arrival, not put off by decoding what came with it', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { receiver, events } = follow(t, coinbase, server.url)
  await events.next('connection_opened')
  const slow = receiver.trade.bind(receiver)
  receiver.trade = (...values) => {
    const untilMs = performance.now() + 20
    while (performance.now() < untilMs);
    slow(...values)
  }
  const { socket, request } = server.visits[0]!
  request.socket.cork()
  for (let id = 1; id <= 5; id++) socket.send(match(id))
  request.socket.uncork()
  await receiver.until(5)
  const [first, last] = [receiver.trades[0]!, receiver.trades[4]!]
  assert.ok(last.receivedAtMicros - first.receivedAtMicros < 20_000)
})

test(
  'connects to an unreachable venue are retried with growing, bounded waits, and succeed when it returns',
  TIMEOUT,
  async t => {
    const port = await freePort()
    const { events, feeds } = follow(t, coinbase, `ws://127.0.0.1:${port}`)
    for (let tries = 0; tries < 4; tries++) await events.next('connection_refused')
    for (const { waitMs } of events.named('connection_refused')) assert.ok(Number(waitMs) >= 10 && Number(waitMs) <= 50)
    assert.equal(feeds.status()[0]?.state, 'waiting')
    const opened = events.next('connection_opened')
    await LocalVenue.open(t, port)
    await opened
    assert.equal(feeds.status()[0]?.state, 'open')
  },
)

test('a handshake that is never answered times out', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const proxy = await TcpProxy.open(t, server.port)
  const held = new EventLog()
  const feeds = openFeeds(
    [{ venue: coinbase, symbols: ['BTC-USD'], kinds: ['trades'], ws: proxy.url }],
    new CollectingReceiver(),
    held.emit,
    {
      ...QUICK,
      handshakeMsMax: 100,
    },
  )
  t.after(() => feeds.close())
  proxy.stallsNew = true
  assert.match(String((await held.next('connection_refused')).why), /handshake/)
})

for (const state of ['connecting', 'open', 'waiting'] as const) {
  test(`close() while ${state} resolves soon, and no callback is called after it`, TIMEOUT, async t => {
    const server = await LocalVenue.open(t)
    const proxy = await TcpProxy.open(t, server.port)
    if (state === 'waiting') server.refuseWith = { status: 503, headers: {} }
    const { feeds, events, receiver } = follow(t, coinbase, proxy.url, {
      backoffMsMin: 5000,
      backoffFirstMs: 5000,
      backoffMsMax: 5000,
    })
    if (state === 'open') await events.next('connection_opened')
    if (state === 'waiting') await events.next('connection_refused')
    if (state === 'connecting') while (feeds.status()[0]?.state !== 'connecting') await sleep(1)
    assert.equal(feeds.status()[0]?.state, state)
    const told = events.emitted.length
    const closing = feeds.close()
    server.broadcast(match(1))
    await closing
    server.broadcast(match(2))
    assert.equal(feeds.status()[0]?.state, 'closed')
    assert.equal(events.emitted.length, told)
    assert.equal(receiver.trades.length, 0)
  })
}
