/** Faults of single subscriptions, over a real local socket: each symbol is requested again, and has a state. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { type Feeds, openFeeds } from '../../../src/sources/feeds.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { coinbase } from '../../../src/venues/coinbase/decode.ts'
import { kraken } from '../../../src/venues/kraken/decode.ts'
import type { Venue } from '../../../src/venues/venue.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { LocalVenue, type Visit } from '../../support/servers/local-venue.ts'

const soon = { firstMs: 100, maxMs: 400 }
const QUICK: Timings = {
  ...TIMINGS,
  backoffMsMin: 10,
  backoffFirstMs: 20,
  backoffMsMax: 50,
  livenessCheckMs: 20,
  overlapMs: 50,
  overlapMsMax: 200,
  closeMsMax: 200,
  answerMsMax: 300,
  resubscribe: {
    temporary: soon,
    rate: soon,
    unlisted: { firstMs: 3_600_000, maxMs: 3_600_000 },
    ended: soon,
    unanswered: soon,
  },
}
const TIMEOUT = { timeout: 300_000 }

interface Setup {
  feeds: Feeds
  events: EventLog
  receiver: CollectingReceiver
}

function follow(
  t: TestContext,
  venue: Venue,
  ws: string,
  symbols: readonly string[],
  timings: Partial<Timings> = {},
): Setup {
  const events = new EventLog()
  const receiver = new CollectingReceiver()
  const feeds = openFeeds([{ venue, symbols, kinds: ['trades'], ws }], receiver, events.emit, { ...QUICK, ...timings })
  t.after(() => feeds.close())
  return { feeds, events, receiver }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 5) {
    assert.ok(waitedMs < 200_000, `never: ${what}`)
    await sleep(5)
  }
}

const stateOf = (feeds: Feeds, symbol: string): string =>
  feeds.status()[0]!.notLive.find(one => one.symbol === symbol)?.state ?? 'live'

/** Answers each subscription of Kraken's by symbol, as `answer` returns: an error's text, '' for success, undefined for silence. */
function answersAsKraken(server: LocalVenue, answer: (symbol: string, times: number) => string | undefined): void {
  const requested = new Map<string, number>()
  server.onVisit = ({ socket }) => {
    socket.send('{"channel":"status","type":"update","data":[{"system":"online","api_version":"v2"}]}')
    socket.on('message', data => {
      for (const symbol of JSON.parse(String(data)).params.symbol as string[]) {
        requested.set(symbol, (requested.get(symbol) ?? 0) + 1)
        const error = answer(symbol, requested.get(symbol)!)
        if (error === undefined) continue
        socket.send(
          JSON.stringify(
            error === ''
              ? { method: 'subscribe', success: true, result: { channel: 'trade', symbol, snapshot: true } }
              : { method: 'subscribe', success: false, symbol, error },
          ),
        )
      }
    })
  }
}

const krakenTrade = (symbol: string, id: number) =>
  `{"channel":"trade","type":"update","data":[{"symbol":"${symbol}","side":"buy","price":100.5,"qty":0.1,"ord_type":"limit","trade_id":${id},"timestamp":"${new Date().toISOString()}"}]}`

const symbolsOf = (visit: Visit): string[][] => visit.received.map(text => JSON.parse(text).params.symbol)

test(
  'after a temporary refusal, a symbol is requested again on the same connection until it is confirmed, and reported once',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    answersAsKraken(server, (symbol, times) => (symbol === 'ETH/USD' && times < 4 ? 'Exceeded msg rate' : ''))
    const { feeds, events } = follow(t, kraken, server.url, ['BTC/USD', 'ETH/USD'])
    const refused = await events.next('subscription_rejected')
    assert.equal(refused.symbols, 'ETH/USD')
    assert.match(String(refused.detail), /Exceeded msg rate/)
    assert.ok(Number(refused.waitMs) > 0)
    const [status] = feeds.status()
    assert.deepEqual([status!.symbols, status!.symbolsRequested, stateOf(feeds, 'ETH/USD')], [1, 2, 'refused'])
    const back = await events.next('symbols_back')
    assert.equal(back.symbols, 'ETH/USD')
    assert.deepEqual(symbolsOf(server.visits[0]!).slice(1), [['ETH/USD'], ['ETH/USD'], ['ETH/USD']])
    assert.equal(server.visits.length, 1)
    assert.equal(feeds.status()[0]!.symbols, 2)
    assert.equal(events.named('subscription_rejected').length, 1)
    assert.deepEqual(
      events.named('symbols_counted').map(({ symbols, requested }) => [symbols, requested]),
      [[1, 2]],
    )
  },
)

test('a symbol that the venue does not list is not requested again soon, and stays down', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  answersAsKraken(server, symbol => (symbol === 'NO/SUCH' ? 'Currency pair not supported NO/SUCH' : ''))
  const { feeds, events } = follow(t, kraken, server.url, ['BTC/USD', 'NO/SUCH'])
  assert.ok(Number((await events.next('subscription_rejected')).waitMs) >= 3_500_000)
  await sleep(600)
  assert.equal(server.visits[0]!.received.length, 1)
  assert.equal(stateOf(feeds, 'NO/SUCH'), 'refused')
  assert.match(feeds.status()[0]!.notLive[0]!.detail, /not supported/)
})

test('many symbols refused together are one line', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  answersAsKraken(server, () => 'Service unavailable')
  const symbols = Array.from({ length: 40 }, (_, index) => `S${index}/USD`)
  const { events } = follow(t, kraken, server.url, symbols, { livenessCheckMs: 200 })
  const { symbols: told } = await events.next('subscription_rejected')
  assert.match(String(told), /^S0\/USD, .* and 30 more$/)
})

test('symbols refused for different reasons are one line per reason', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  answersAsKraken(server, symbol =>
    symbol === 'A/USD' ? 'Exceeded msg rate' : `Currency pair not supported ${symbol}`,
  )
  const { events } = follow(t, kraken, server.url, ['A/USD', 'B/USD', 'C/USD'])
  await events.next('symbols_counted')
  assert.deepEqual(
    events.named('subscription_rejected').map(({ symbols }) => symbols),
    ['A/USD', 'B/USD, C/USD'],
  )
})

test(
  'Coinbase names a refused product in its text: it is down and requested again, the others continue',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const listed: string[] = []
    let refusals = 2
    server.onVisit = ({ socket }) =>
      socket.on('message', data => {
        const [product] = JSON.parse(String(data)).product_ids as [string]
        if (product === 'ETH-USD' && refusals-- > 0)
          socket.send(
            JSON.stringify({ type: 'error', message: 'Failed to subscribe', reason: 'ETH-USD is unavailable' }),
          )
        else {
          listed.push(product)
          socket.send(JSON.stringify({ type: 'subscriptions', channels: [{ name: 'matches', product_ids: listed }] }))
        }
      })
    const { feeds, events } = follow(t, coinbase, server.url, ['BTC-USD', 'ETH-USD', 'SOL-USD'])
    assert.equal((await events.next('subscription_rejected')).symbols, 'ETH-USD')
    await events.next('symbols_back')
    assert.equal(feeds.status()[0]!.symbols, 3)
    assert.equal(server.visits.length, 1)
  },
)

for (const [venue, symbol] of [
  [coinbase, 'BTC-USD'],
  [kraken, 'BTC/USD'],
] as const) {
  test(
    `${venue.name} never answers the subscription: requested again, then on a new connection, and reported`,
    TIMEOUT,
    async t => {
      const server = await LocalVenue.open(t)
      const { feeds, events } = follow(t, venue, server.url, [symbol])
      assert.equal((await events.next('subscription_unanswered')).symbols, symbol)
      assert.equal(stateOf(feeds, symbol), 'unanswered')
      assert.equal(feeds.status()[0]!.symbols, 0)
      await until('a second connection', () => server.visits.length >= 2)
      await until('requested twice on the first connection', () => server.visits[0]!.received.length >= 2)
      assert.equal(events.named('subscription_unanswered').length, 1)
    },
  )
}

test(
  'a connection without any data is silent, reported and replaced with growing waits, until data arrives',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const { feeds, events, receiver } = follow(t, binance, server.url, ['BTCUSDT'], { firstFrameMsMax: 200 })
    const { silentMs } = await events.next('connection_silent')
    assert.ok(Number(silentMs) >= 200)
    assert.equal(feeds.status()[0]!.silent, true)
    const again = await events.next('connection_silent')
    assert.ok(Number(again.silentMs) >= 400)
    await until('a third connection', () => server.visits.length >= 3)
    server.broadcast(binanceTrade('BTCUSDT', 1))
    await receiver.until(1)
    assert.equal(feeds.status()[0]!.silent, false)
    assert.equal(stateOf(feeds, 'BTCUSDT'), 'live')
  },
)

const binanceTrade = (symbol: string, id: number) =>
  `{"stream":"${symbol.toLowerCase()}@trade","data":{"e":"trade","E":1723161255343,"s":"${symbol}","t":${id},"p":"61837.63","q":"0.02","T":${Date.now()},"m":true,"M":true}}`

test(
  'one symbol of Binance falls silent while another continues: it is resubscribed, and is back',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const requests: { method: string; params: string[] }[] = []
    let silent = false
    server.onVisit = ({ socket }) =>
      socket.on('message', data => {
        const request = JSON.parse(String(data))
        requests.push(request)
        socket.send(JSON.stringify({ result: null, id: request.id }))
        if (request.method === 'SUBSCRIBE') silent = false
      })
    const timings = { quietMsMin: 300, quietFactor: 3, livenessLearnMs: 300 }
    const { feeds, events } = follow(t, binance, server.url, ['BTCUSDT', 'ETHUSDT'], timings)
    await events.next('connection_opened')
    let id = 0
    const market = setInterval(() => {
      server.broadcast(binanceTrade('BTCUSDT', ++id))
      if (!silent) server.broadcast(binanceTrade('ETHUSDT', id))
    }, 5)
    t.after(() => clearInterval(market))
    await until('both live', () => feeds.status()[0]!.states.live === 2)
    await sleep(700)
    silent = true
    const told = await events.next('symbols_silent')
    assert.equal(told.symbols, 'ETHUSDT')
    assert.match(String(told.detail), /far longer than usual/)
    assert.equal((await events.next('symbols_back')).symbols, 'ETHUSDT')
    assert.deepEqual(
      requests.map(({ method, params }) => [method, params]),
      [
        ['UNSUBSCRIBE', ['ethusdt@trade']],
        ['SUBSCRIBE', ['ethusdt@trade']],
      ],
    )
    assert.equal(server.visits.length, 1, 'the connection stays')
  },
)

test('a refused resubscription of Binance is recognized by its answer, and sent again', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  let refusals = 1
  let silent = false
  server.onVisit = ({ socket }) =>
    socket.on('message', data => {
      const { method, id } = JSON.parse(String(data))
      const refuse = method === 'SUBSCRIBE' && refusals-- > 0
      socket.send(
        JSON.stringify(refuse ? { error: { code: 2, msg: 'Service unavailable' }, id } : { result: null, id }),
      )
      if (method === 'SUBSCRIBE' && !refuse) silent = false
    })
  const timings = { quietMsMin: 300, quietFactor: 3, livenessLearnMs: 300 }
  const { events, feeds } = follow(t, binance, server.url, ['BTCUSDT', 'ETHUSDT'], timings)
  await events.next('connection_opened')
  let id = 0
  const market = setInterval(() => {
    server.broadcast(binanceTrade('BTCUSDT', ++id))
    if (!silent) server.broadcast(binanceTrade('ETHUSDT', id))
  }, 5)
  t.after(() => clearInterval(market))
  await until('both live', () => feeds.status()[0]!.states.live === 2)
  await sleep(700)
  silent = true
  assert.equal((await events.next('subscription_rejected')).symbols, 'ETHUSDT')
  assert.equal((await events.next('symbols_back')).symbols, 'ETHUSDT')
})

test(
  'Coinbase sends heartbeats only: detected by the last trade id, reported as missed trades, and resubscribed',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    server.onVisit = ({ socket }) =>
      socket.on('message', () =>
        socket.send('{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}'),
      )
    const { feeds, events, receiver } = follow(t, coinbase, server.url, ['BTC-USD'], { announcedMsMax: 300 })
    await events.next('connection_opened')
    const match = (id: number) =>
      `{"type":"match","trade_id":${id},"side":"sell","size":"0.5","price":"100.25","product_id":"BTC-USD","time":"${new Date().toISOString()}"}`
    for (let id = 1; id <= 5; id++) {
      server.broadcast(heartbeat(id))
      server.broadcast(match(id))
    }
    await receiver.until(5)
    assert.equal(stateOf(feeds, 'BTC-USD'), 'live')
    let head = 5
    const beats = setInterval(() => server.broadcast(heartbeat(++head)), 20)
    t.after(() => clearInterval(beats))
    const missed = await events.next('trades_missed')
    assert.equal(missed.first, 6)
    assert.ok(Number(missed.last) > 6)
    assert.equal(stateOf(feeds, 'BTC-USD'), 'silent')
    assert.deepEqual(receiver.losses, [{ venue: 'coinbase', symbol: 'BTC-USD', first: 6, last: missed.last }])
    await until('subscribed to again', () => server.visits[0]!.received.length >= 2)
    clearInterval(beats)
    server.broadcast(match(head + 1))
    await events.next('symbols_back')
  },
)

const heartbeat = (id: number) =>
  `{"type":"heartbeat","product_id":"BTC-USD","last_trade_id":${id},"sequence":${id},"time":"2026-11-26T10:00:00Z"}`

test('Kraken ends a subscription: reported with the symbol, down, and requested again', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  answersAsKraken(server, () => '')
  const { feeds, events, receiver } = follow(t, kraken, server.url, ['BTC/USD', 'ETH/USD'], {
    resubscribe: { ...QUICK.resubscribe, ended: { firstMs: 500, maxMs: 500 } },
  })
  await until('both confirmed', () => feeds.status()[0]!.symbols === 2)
  server.broadcast(krakenTrade('ETH/USD', 1))
  server.broadcast('{"method":"unsubscribe","success":true,"result":{"channel":"trade","symbol":"ETH/USD"}}')
  assert.equal((await events.next('subscription_ended')).symbols, 'ETH/USD')
  assert.equal(stateOf(feeds, 'ETH/USD'), 'ended')
  assert.deepEqual(receiver.refusals, [])
  assert.equal((await events.next('symbols_back')).symbols, 'ETH/USD')
  assert.deepEqual(symbolsOf(server.visits[0]!), [['BTC/USD', 'ETH/USD'], ['ETH/USD']])
})

test(
  'Coinbase lists its subscriptions without an earlier product: it has ended, and is requested again',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const list = (products: string[]) =>
      JSON.stringify({ type: 'subscriptions', channels: [{ name: 'matches', product_ids: products }] })
    const listed: string[] = []
    server.onVisit = ({ socket }) =>
      socket.on('message', data => {
        listed.push(JSON.parse(String(data)).product_ids[0])
        socket.send(list(listed))
      })
    const { feeds, events } = follow(t, coinbase, server.url, ['BTC-USD', 'ETH-USD'])
    await until('both confirmed', () => feeds.status()[0]!.symbols === 2)
    assert.deepEqual(events.named('subscription_ended'), [], 'lists that grow end nothing')
    listed.splice(0, 2, 'BTC-USD')
    server.broadcast(list(listed))
    assert.equal((await events.next('subscription_ended')).symbols, 'ETH-USD')
    assert.equal((await events.next('symbols_back')).symbols, 'ETH-USD')
  },
)

test('during a rotation, the lists of the new socket do not end subscriptions of the old one', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  server.onVisit = ({ socket }) => {
    const listed: string[] = []
    socket.on('message', data => {
      listed.push(JSON.parse(String(data)).product_ids[0])
      socket.send(JSON.stringify({ type: 'subscriptions', channels: [{ name: 'matches', product_ids: listed }] }))
    })
  }
  const ages = { ...coinbase, limits: { ...coinbase.limits, connectionAgeMsMax: 500 } }
  const { feeds, events } = follow(t, ages, server.url, ['A-USD', 'B-USD', 'C-USD', 'D-USD'])
  await events.next('connection_rotated')
  await events.next('connection_rotated')
  assert.equal(feeds.status()[0]!.symbols, 4)
  assert.deepEqual(
    events.emitted.filter(({ name }) => !['connection_opened', 'connection_rotated', 'symbols_counted'].includes(name)),
    [],
  )
})

test('a change of the venue’s state is reported once, and announced maintenance in advance', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  answersAsKraken(server, () => '')
  const { feeds, events } = follow(t, kraken, server.url, ['BTC/USD'])
  await events.next('connection_opened')
  const say = (data: object) => server.broadcast(JSON.stringify({ channel: 'status', type: 'update', data: [data] }))
  const upcoming_maintenance = [
    { event_id: 7, title: 'Spot upgrade', expected_start_utc: '2026-12-01T10:00:00Z', affected_services: ['spot_ws'] },
  ]
  say({ system: 'online', upcoming_maintenance, emergency: [] })
  assert.match(
    String((await events.next('venue_maintenance')).upcoming),
    /Spot upgrade from 2026-12-01T10:00:00Z \(spot_ws\)/,
  )
  assert.equal(feeds.status()[0]!.venueStatus?.state, 'online')
  for (const system of ['maintenance', 'cancel_only', 'post_only']) {
    say({ system, upcoming_maintenance })
    say({ system, upcoming_maintenance })
    assert.equal((await events.next('venue_not_online')).state, system)
    assert.equal(feeds.status()[0]!.venueStatus?.state, system)
  }
  say({ system: 'online' })
  assert.equal((await events.next('venue_online')).before, 'post_only')
  assert.equal(events.named('venue_not_online').length, 3)
  assert.equal(events.named('venue_maintenance').length, 1)
})

test(
  'a connection with only unreadable frames is unreadable, reported once, and readable again with the first readable frame',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const { feeds, events } = follow(t, binance, server.url, ['BTCUSDT'], { unreadableMsMax: 200 })
    await events.next('connection_opened')
    const noise = setInterval(() => server.broadcast('\u001f\u008b no JSON'), 20)
    t.after(() => clearInterval(noise))
    const { frames } = await events.next('frames_unreadable')
    assert.ok(Number(frames) >= 3)
    assert.equal(feeds.status()[0]!.unreadable, true)
    await sleep(100)
    clearInterval(noise)
    server.broadcast(binanceTrade('BTCUSDT', 1))
    await events.next('frames_readable')
    assert.equal(feeds.status()[0]!.unreadable, false)
    assert.equal(events.named('frames_unreadable').length, 1)
  },
)

test('while a connection is down, no symbol counts as received', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  answersAsKraken(server, () => '')
  const { feeds, events } = follow(t, kraken, server.url, ['BTC/USD', 'ETH/USD'], {
    backoffMsMin: 5000,
    backoffFirstMs: 5000,
  })
  await until('both confirmed', () => feeds.status()[0]!.symbols === 2)
  server.visits[0]!.socket.terminate()
  await events.next('connection_lost')
  assert.equal(feeds.status()[0]!.symbols, 0)
})
