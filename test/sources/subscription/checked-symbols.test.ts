/** Symbols compared with a venue's list during recording, over real sockets and a real HTTP server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { openFeeds, type Subscription } from '../../../src/sources/feeds.ts'
import { InstrumentLists } from '../../../src/sources/instruments/instrument-lists.ts'
import { parseSources } from '../../../src/sources/selection.ts'
import { CheckedSymbols, reportCorrections } from '../../../src/sources/subscription/checked-symbols.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { hyperliquid } from '../../../src/venues/hyperliquid/decode.ts'
import { instrument } from '../../../src/venues/instruments.ts'
import { kraken } from '../../../src/venues/kraken/decode.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { ListServer } from '../../support/servers/list-server.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'

const TIMEOUT = { timeout: 300_000 }

function follow(t: TestContext, subscription: Subscription, changed: Partial<Timings> & { everyMs?: number } = {}) {
  const events = new EventLog()
  const receiver = new CollectingReceiver()
  const timings = {
    ...TIMINGS,
    livenessCheckMs: 20,
    overlapMs: 50,
    closeMsMax: 200,
    symbolListApartMs: 0,
    ...changed,
  }
  const feeds = openFeeds([subscription], receiver, events.emit, timings)
  const checked = new CheckedSymbols([subscription], feeds, events.emit)
  const lists = new InstrumentLists({
    subscriptions: [subscription],
    everyMs: changed.everyMs ?? TIMINGS.symbolListRetryMs,
    emit: events.emit,
    timings,
    onListed: async (venue, listed) => {
      await checked.compare(venue.name, listed)
      return false
    },
  })
  t.after(async () => {
    await lists.close()
    await feeds.close()
  })
  return { feeds, events, receiver, checked }
}

const INFO = JSON.stringify({
  symbols: [
    { symbol: 'BTCUSDT', status: 'TRADING' },
    { symbol: 'NOSUCHUSDC', status: 'TRADING' },
    { symbol: 'XMRUSDT', status: 'BREAK' },
  ],
})

test(
  'an unknown symbol is reported with the nearest spelling, and a suspended one with its state',
  TIMEOUT,
  async t => {
    const venue = await LocalVenue.open(t)
    const rest = await ListServer.open(t, response => response.end(INFO))
    const symbols = ['BTCUSDT', 'NOSUCHUSDT', 'XMRUSDT']
    const { events, feeds } = follow(t, { venue: binance, symbols, kinds: ['trades'], ws: venue.url, rest: rest.url })
    await events.next('symbol_resting')
    assert.deepEqual(events.named('symbol_unknown'), [
      { venue: 'binance', symbol: 'NOSUCHUSDT', nearest: 'NOSUCHUSDC' },
    ])
    assert.deepEqual(events.named('symbol_resting'), [{ venue: 'binance', symbol: 'XMRUSDT', state: 'BREAK' }])
    const { symbolsRequested, notLive } = feeds.status()[0]!
    assert.equal(symbolsRequested, 3)
    assert.deepEqual(
      notLive.filter(({ state }) => state === 'refused').map(({ symbol, detail }) => [symbol, detail]),
      [['NOSUCHUSDT', 'not listed by the venue']],
    )
    assert.match(rest.requested[0]!.url, /^\/api\/v3\/exchangeInfo/)
    assert.match(rest.requested[0]!.userAgent, /^tickhouse\//)
  },
)

test(
  'the venue’s spelling is subscribed to before the old session closes, and doubled symbols collapse',
  TIMEOUT,
  async t => {
    const venue = await LocalVenue.open(t)
    const result = {
      XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', status: 'online' },
      XETHZUSD: { altname: 'ETHUSD', wsname: 'ETH/USD', status: 'online' },
    }
    const gate = Promise.withResolvers<void>()
    const rest = await ListServer.open(
      t,
      response => void gate.promise.then(() => response.end(JSON.stringify({ result }))),
    )
    const symbols = ['btc/usd', 'XBT/USD', 'ETH/USD']
    const { events, feeds, checked } = follow(t, {
      venue: kraken,
      symbols,
      kinds: ['trades'],
      ws: venue.url,
      rest: rest.url,
    })
    await events.next('connection_opened')
    gate.resolve()
    await events.next('connection_opened')
    const [first, second] = venue.visits
    if (second!.received.length === 0) await once(second!.socket, 'message')
    assert.deepEqual(JSON.parse(first!.received[0]!).params.symbol, symbols)
    assert.deepEqual(JSON.parse(second!.received[0]!).params.symbol, ['BTC/USD', 'ETH/USD'])
    if (first!.socket.readyState !== first!.socket.CLOSED) await once(first!.socket, 'close')
    assert.equal(second!.socket.readyState, second!.socket.OPEN)
    assert.equal(feeds.status().length, 1)
    assert.deepEqual(checked.of('kraken'), ['BTC/USD', 'ETH/USD'])
    assert.deepEqual(
      events.named('symbol_respelled').map(({ given }) => given),
      ['btc/usd', 'XBT/USD'],
    )
  },
)

test('lists that a venue gives for a POST only are requested so, all of them', TIMEOUT, async t => {
  const venue = await LocalVenue.open(t)
  const requested: string[] = []
  const rest = await ListServer.open(t, async (response, request) => {
    const { method, headers } = request
    const body = await text(request)
    requested.push(`${method} ${headers['content-type']} ${body}`)
    response.end(
      body.includes('spot') ? '{"tokens":[],"universe":[]}' : '{"universe":[{"name":"BTC"},{"name":"kPEPE"}]}',
    )
  })
  const symbols = ['BTC', 'KPEPE']
  const { events } = follow(t, { venue: hyperliquid, symbols, kinds: ['trades'], ws: venue.url, rest: rest.url })
  await events.next('symbol_respelled')
  assert.deepEqual(requested, ['POST application/json {"type":"meta"}', 'POST application/json {"type":"spotMeta"}'])
  assert.equal(rest.requested[0]!.url, '/info')
  assert.match(rest.requested[0]!.userAgent, /^tickhouse\//)
  assert.deepEqual(events.named('symbol_respelled'), [{ venue: 'hyperliquid', given: 'KPEPE', symbol: 'kPEPE' }])
})

const UNHAD = {
  'is refused': {
    answer: (response: { writeHead(status: number): { end(): void } }) => response.writeHead(451).end(),
    why: /451/,
  },
  'never comes': { answer: () => {}, why: /time/ },
  'is no JSON': { answer: (response: { end(text: string): void }) => response.end('<html>'), why: /JSON/ },
  'is empty': { answer: (response: { end(text: string): void }) => response.end('{"symbols":[]}'), why: /it is empty/ },
}
for (const [how, { answer, why }] of Object.entries(UNHAD)) {
  test(`a list that ${how} is one info line, recording continues, and it is requested again`, TIMEOUT, async t => {
    const venue = await LocalVenue.open(t)
    let isBroken = true
    const rest = await ListServer.open(t, response => (isBroken ? answer(response as never) : response.end(INFO)))
    const subscription = { venue: binance, symbols: ['NOSUCHUSDT'], kinds: ['trades'], ws: venue.url, rest: rest.url }
    const timings = { symbolListMsMax: 100, symbolListRetryMs: 20, regionRefusedMs: 20 }
    const { events } = follow(t, subscription, timings)
    await events.next('symbols_unchecked')
    assert.match(String(events.named('symbols_unchecked')[0]!.why), why)
    if (venue.visits.length === 0) await events.next('connection_opened')
    while (rest.requested.length < 3) await new Promise(setImmediate)
    isBroken = false
    await events.next('symbol_unknown')
    assert.equal(events.named('symbols_unchecked').length, 1)
    assert.equal(venue.visits.length, 1)
  })
}

test('no request is sent to a venue during the wait that it requested', TIMEOUT, async t => {
  const venue = await LocalVenue.open(t)
  const rest = await ListServer.open(t, response => {
    if (rest.requested.length > 1) response.end(INFO)
    else response.writeHead(429, { 'Retry-After': '1' }).end()
  })
  const subscription = { venue: binance, symbols: ['NOSUCHUSDT'], kinds: ['trades'], ws: venue.url, rest: rest.url }
  const { events } = follow(t, subscription, { symbolListRetryMs: 20 })
  await events.next('symbol_unknown')
  assert.ok(rest.requested[1]!.atMs - rest.requested[0]!.atMs >= 990)
})

test('a symbol that is halted later is reported once, and again when it is halted again', TIMEOUT, async t => {
  const venue = await LocalVenue.open(t)
  let status = 'TRADING'
  const rest = await ListServer.open(t, response =>
    response.end(JSON.stringify({ symbols: [{ symbol: 'BTCUSDT', status }] })),
  )
  const subscription = { venue: binance, symbols: ['BTCUSDT'], kinds: ['trades'], ws: venue.url, rest: rest.url }
  const { events } = follow(t, subscription, { everyMs: 20 })
  while (rest.requested.length < 3) await new Promise(setImmediate)
  assert.deepEqual(events.named('symbol_resting'), [])
  status = 'BREAK'
  await events.next('symbol_resting')
  const requested = rest.requested.length
  while (rest.requested.length < requested + 3) await new Promise(setImmediate)
  assert.equal(events.named('symbol_resting').length, 1)
  status = 'TRADING'
  const halted = rest.requested.length
  while (rest.requested.length < halted + 3) await new Promise(setImmediate)
  status = 'BREAK'
  await events.next('symbol_resting')
  assert.deepEqual(
    events.named('symbol_resting').map(({ state }) => state),
    ['BREAK', 'BREAK'],
  )
})

test('a symbol that leaves the list is reported as delisted, and of many unknown ones twenty are named', async t => {
  const venue = await LocalVenue.open(t)
  const symbols = ['GONEUSDT', ...Array.from({ length: 30 }, (_, index) => `WRONG${index}`)]
  const subscription = { venue: binance, kinds: ['trades'], symbols, ws: venue.url }
  const events = new EventLog()
  const feeds = openFeeds([subscription], new CollectingReceiver(), events.emit)
  t.after(() => feeds.close())
  const checked = new CheckedSymbols([subscription], feeds, events.emit)
  const listed = [
    // Nearer, but without trading.
    instrument({ symbol: 'WRONG', kind: 'spot', status: 'BREAK' }),
    instrument({ symbol: 'BTCUSDT', kind: 'spot' }),
  ]
  await checked.compare('binance', listed, symbol => symbol === 'GONEUSDT')
  await checked.compare('binance', listed)
  assert.deepEqual(events.named('symbol_delisted'), [{ venue: 'binance', symbol: 'GONEUSDT' }])
  const unknown = events.named('symbol_unknown')
  assert.equal(unknown.length, 20)
  assert.ok(unknown.every(({ nearest }) => nearest === 'BTCUSDT'))
  assert.deepEqual(events.named('symbols_unknown'), [{ venue: 'binance', count: 10 }])
})

test('lower case and doubled symbols are reported without the venue’s list', () => {
  const events = new EventLog()
  reportCorrections(parseSources('binance:btcusdt,BTCUSDT,ETHUSDT coinbase'), events.emit)
  assert.deepEqual(
    events.emitted.map(({ name, fields }) => [name, fields]),
    [
      ['symbol_respelled', { venue: 'binance', given: 'btcusdt', symbol: 'BTCUSDT' }],
      ['symbol_doubled', { venue: 'binance', symbol: 'BTCUSDT' }],
    ],
  )
})
