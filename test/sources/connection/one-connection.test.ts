/** A venue that allows one connection: a double of Finnhub ends the first when a second opens. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { openFeeds } from '../../../src/sources/feeds.ts'
import { finnhub } from '../../../src/venues/finnhub/decode.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { until } from '../../support/judges/within.ts'
import { FinnhubServer } from '../../support/servers/finnhub.ts'

const TOKEN = 'token-of-one-connection'
const TIMEOUT = { timeout: 300_000 }
const QUICK = { ...TIMINGS, backoffMsMin: 10, backoffFirstMs: 20, backoffMsMax: 50, livenessCheckMs: 20, overlapMs: 50 }

const trade = (s: string, n: number) => ({ s, p: 100 + n, v: 1, t: Date.now(), c: null })

async function follow(t: TestContext, timings: Partial<Timings> = {}, limits = finnhub.limits) {
  const server = await FinnhubServer.open(t, { tokens: [TOKEN], pingMs: 40 })
  const [events, receiver] = [new EventLog(), new CollectingReceiver()]
  const feed = {
    venue: { ...finnhub, limits },
    symbols: ['AAPL', 'BINANCE:ETHUSDT'],
    kinds: ['trades'],
    ws: server.url,
    credentials: () => ({ token: TOKEN }),
  }
  const feeds = openFeeds([feed], receiver, events.emit, { ...QUICK, ...timings })
  t.after(() => feeds.close())
  await until(() => server.subscribed(TOKEN)?.length === 2)
  return { server, feeds, events, receiver }
}

test('a connection is closed before its replacement opens, which subscribes to all symbols', TIMEOUT, async t => {
  const { server, events, receiver } = await follow(t, {}, { ...finnhub.limits, connectionAgeMsMax: 300 })
  await until(() => server.connects.length >= 4 && server.subscribed(TOKEN)?.length === 2)
  assert.equal(server.ended, 0)
  assert.deepEqual(events.named('connection_lost'), [])
  assert.ok(events.named('connection_rotated').length >= 3)
  server.trades([trade('AAPL', 1), trade('BINANCE:ETHUSDT', 2), trade('MSFT', 3)])
  await receiver.until(2)
})

test(
  'another spelling of a symbol does not open a second connection, and closing meanwhile opens none',
  TIMEOUT,
  async t => {
    const { server, feeds, events } = await follow(t)
    feeds.respell('finnhub', new Map([['AAPL', 'AAPL.US']]))
    feeds.respell('finnhub', new Map([['AAPL.US', 'AAPL.N']]))
    await until(() => server.subscribed(TOKEN)?.includes('AAPL.N') === true)
    assert.deepEqual(server.connects.length, 2)
    assert.equal(server.ended, 0)
    assert.deepEqual(events.named('connection_lost'), [])
    feeds.respell('finnhub', new Map([['AAPL.N', 'AAPL']]))
    await feeds.close()
    await until(() => server.subscribed(TOKEN) === undefined)
    assert.equal(server.connects.length, 2)
  },
)

test(
  'a symbol without trades is reported as silent, though pings arrive and ids are in no order; the others are not interrupted',
  TIMEOUT,
  async t => {
    const { server, events, receiver } = await follow(t, { quietMsMin: 1_000, quietFactor: 3, livenessLearnMs: 300 })
    let n = 0
    const both = setInterval(() => server.trades([trade('AAPL', n++), trade('BINANCE:ETHUSDT', n++)]), 10)
    t.after(() => clearInterval(both))
    // For several times the longest pause of a busy machine.
    await receiver.until(1_600)
    clearInterval(both)
    const one = setInterval(() => server.trades([trade('AAPL', n++)]), 10)
    t.after(() => clearInterval(one))
    server.received.length = 0
    // The second time, other venues get another connection.
    await until(() => server.received.length >= 4, 250_000)
    assert.deepEqual(
      server.received.slice(0, 4).map(({ type, symbol }) => `${type} ${symbol}`),
      Array.from({ length: 2 }, () => ['unsubscribe BINANCE:ETHUSDT', 'subscribe BINANCE:ETHUSDT']).flat(),
    )
    assert.equal(events.named('symbols_silent')[0]!.symbols, 'BINANCE:ETHUSDT')
    assert.equal(server.connects.length, 1)
  },
)

test(
  'more symbols than a plan has are reported, all requested on the one connection, and the refusal is an event',
  TIMEOUT,
  async t => {
    const server = await FinnhubServer.open(t, { tokens: [TOKEN], symbolsMax: 50, pingMs: 40 })
    const events = new EventLog()
    const symbols = Array.from({ length: 52 }, (_, at) => `S${at}`)
    const limits = { ...finnhub.limits, framesPerSecond: 1000 }
    const feed = {
      venue: { ...finnhub, limits },
      symbols,
      kinds: ['trades'],
      ws: server.url,
      credentials: () => ({ token: TOKEN }),
    }
    const feeds = openFeeds([feed], new CollectingReceiver(), events.emit, QUICK)
    t.after(() => feeds.close())
    await until(() => events.named('venue_error').length > 0)
    assert.deepEqual(events.named('symbols_over_limit'), [{ venue: 'finnhub', symbols: 52, allowed: 50 }])
    assert.match(String(events.named('venue_error')[0]!.detail), /too many symbols/)
    assert.equal(server.subscribed(TOKEN)?.length, 50)
    assert.equal(server.connects.length, 1)
  },
)

test(
  'a key that the venue does not know is refused with HTTP 401, and not tried again immediately',
  TIMEOUT,
  async t => {
    const server = await FinnhubServer.open(t, { tokens: ['another-token'] })
    const events = new EventLog()
    const feed = {
      venue: finnhub,
      symbols: ['AAPL'],
      kinds: ['trades'],
      ws: server.url,
      credentials: () => ({ token: TOKEN }),
    }
    const feeds = openFeeds([feed], new CollectingReceiver(), events.emit, { ...QUICK, accountRefusedMs: 5_000 })
    t.after(() => feeds.close())
    await until(() => events.named('account_refused').length > 0)
    const [{ venue, url, why, waitMs }] = events.named('account_refused') as [Record<string, unknown>]
    assert.deepEqual({ venue, url, why }, { venue: 'finnhub', url: server.url, why: 'HTTP status 401' })
    assert.ok(Number(waitMs) >= 4_900)
    assert.deepEqual(server.connects, [TOKEN])
  },
)

test('symbols that are added and removed while it runs use the one connection', TIMEOUT, async t => {
  const { server, feeds, events } = await follow(t)
  const record = (...symbols: string[]) =>
    feeds.record(symbols.length === 0 ? [] : [{ venue: finnhub, symbols, kinds: ['trades'], ws: server.url }])
  record('AAPL', 'BINANCE:ETHUSDT', 'MSFT')
  await until(() => server.subscribed(TOKEN)?.length === 3)
  record('MSFT', 'AMZN')
  await until(() => server.subscribed(TOKEN)?.join() === 'MSFT,AMZN')
  assert.equal(server.connects.length, 1)
  // The connection that has no symbols left is closed before another one opens.
  record()
  record('TSLA')
  await until(() => server.subscribed(TOKEN)?.join() === 'TSLA')
  assert.deepEqual([server.connects.length, server.ended], [2, 0])
  assert.deepEqual(events.named('connection_lost'), [])
})
