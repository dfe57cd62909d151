import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { Replay } from '../../src/replay/replay.ts'
import { ReplayServer } from '../../src/replay/server.ts'
import { VENUE_SERVERS } from '../../src/replay/venue-servers.ts'
import { Conditions } from '../../src/tick/conditions.ts'
import { JoinedIds } from '../../src/tick/joined-ids.ts'
import { readJsonTrades } from '../../src/tick/json.ts'
import { QuoteColumns } from '../../src/tick/quotes/quotes.ts'
import { readQuotes } from '../../src/tick/quotes/record.ts'
import { readTrades } from '../../src/tick/records.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'
import { VENUES } from '../../src/venues/index.ts'
import type { Venue } from '../../src/venues/venue.ts'
import { quoteColumnsOf } from '../support/data/quotes.ts'
import { CollectingSink } from '../support/judges/collecting-sink.ts'

const NEVER = new AbortController().signal
const NOON_MICROS = Date.UTC(2026, 10, 21, 12) * 1000

/** Trades of two symbols, with decimals and ids that are hard to format. */
function tradesOf(venue: string, [first, second]: readonly [string, string], count: number): TradeColumns {
  const trades = new TradeColumns(count)
  const values = [61_837.05, 0.00001, 1e-8, 0.1 + 0.2, 123_456_789.123, 999_999_999_999.5, 1e14, 3]
  for (let id = 0; id < count; id++) {
    const [price, volume] = [values[id % values.length]!, values[(id * 3) % values.length]!]
    const side = id % 3 === 0 ? SIDE.sell : SIDE.buy
    const symbol = id % 4 === 0 ? second : first
    trades.add({
      venue,
      symbol,
      timestampMicros: NOON_MICROS + id * 17,
      timestampNanos: 0,
      receivedAtMicros: NOON_MICROS,
      price,
      volume,
      side,
      tradeId: 5_000_000_000 + id,
      origin: ORIGIN.live,
    })
  }
  return trades
}

async function* one<C>(columns: C): AsyncGenerator<C, void> {
  yield columns
}

async function serving(t: TestContext, format: string, trades: TradeColumns, quotes = new QuoteColumns(0)) {
  const symbols = new Set([...trades.symbols.words, ...quotes.symbols.words])
  const server = new ReplayServer(VENUE_SERVERS[format]!, [...symbols])
  await server.listen(0)
  t.after(() => server.close())
  const replay = new Replay({
    read: () => [quotes, trades].filter(({ length }) => length > 0).map(one),
    fromNanos: BigInt(NOON_MICROS) * 1000n,
    speed: Number.POSITIVE_INFINITY,
    outlet: server,
    clock: SYSTEM_CLOCK,
  })
  return { server, replay }
}

/** A client that has connected and subscribed; `closed` resolves with all messages when the server has closed. */
async function listening(t: TestContext, url: string, requests: readonly string[] = []) {
  const ws = new WebSocket(url)
  t.after(() => ws.terminate())
  const messages: Buffer[] = []
  ws.on('message', (data: Buffer) => messages.push(data))
  const closed = once(ws, 'close').then(([code]) => ({ code: code as number, messages }))
  await once(ws, 'open')
  for (const request of requests) ws.send(request)
  return { ws, messages, closed }
}

const textsOf = (trades: TradeColumns): string[] =>
  Array.from({ length: trades.length }, (_, row) =>
    [
      trades.symbols.words[trades.symbol[row]!],
      trades.timestamp[row],
      trades.price[row],
      trades.volume[row],
      trades.side[row],
      trades.tradeId[row],
    ].join(' '),
  )

/** Connects as the recorder does and decodes all frames. */
async function received(t: TestContext, venue: Venue, url: string, symbols: readonly string[]) {
  const { closed } = await listening(t, venue.url(url, symbols, ['trades']), venue.subscribe(symbols, ['trades']))
  const { code, messages } = await closed
  const sink = new CollectingSink()
  const decode = venue.decoder()
  for (const message of messages) decode(message, sink)
  return { code, messages, sink }
}

const PAIRS: Record<string, readonly [string, string]> = {
  binance: ['BTCUSDT', 'ETHUSDT'],
  coinbase: ['BTC-USD', 'ETH-USD'],
  kraken: ['BTC/USD', 'ETH/USD'],
}

for (const [name, pair] of Object.entries(PAIRS)) {
  test(`as ${name}: the venue's decoder reads what was stored to the last digit, and the same bytes each time`, async t => {
    const venue = VENUES.find(one => one.name === name)!
    const trades = tradesOf(name, pair, 500)
    const rounds: string[] = []
    for (let round = 0; round < 2; round++) {
      const { server, replay } = await serving(t, name, trades)
      const [{ code, messages, sink }] = await Promise.all([
        received(t, venue, name === 'kraken' ? `${server.url}/v2` : server.url, pair),
        replay.run(NEVER),
      ])
      assert.equal(code, 1000)
      assert.deepEqual(sink.refusals, [])
      assert.deepEqual(
        sink.trades.map(({ symbol, micros, price, volume, side, tradeId }) =>
          [symbol, BigInt(micros) * 1000n, price, volume, SIDE[side as keyof typeof SIDE], tradeId].join(' '),
        ),
        textsOf(trades),
      )
      rounds.push(messages.map(String).join('\n'))
    }
    assert.equal(rounds[0], rounds[1])
  })
}

test('as binance: quotes go to the last digit to clients of bookTicker, and to no other', async t => {
  const values = [61_837.05, 0.00001, 1e-8, 0.1 + 0.2, 123_456_789.123, 999_999_999_999.5, 1e14, 3]
  const value = (at: number) => values[at % values.length]!
  const quotes = quoteColumnsOf(
    'binance',
    Array.from({ length: 300 }, (_, at) => ({
      symbol: at % 3 === 0 ? 'ETHUSDT' : 'BTCUSDT',
      bid: [value(at), value(at * 3)] as const,
      ask: [value(at * 5 + 1), value(at * 7 + 2)] as const,
      sequence: at % 50 === 0 ? 2n ** 53n + BigInt(2 * at + 1) : 70_000_000_000 + at,
    })),
  )
  const { server, replay } = await serving(t, 'binance', tradesOf('binance', ['BTCUSDT', 'ETHUSDT'], 40), quotes)
  const clients = [
    `${VENUE_SERVERS.binance!.target(['BTCUSDT', 'ETHUSDT'], ['trades', 'quotes'])}`,
    '/ws/btcusdt@bookTicker',
    '/ws/btcusdt@trade/ethusdt@trade',
  ].map(target => listening(t, server.url + target))
  const [all, some, trades] = await Promise.all(clients)
  await replay.run(NEVER)
  const sink = new CollectingSink()
  const decode = VENUES.find(({ name }) => name === 'binance')!.decoder()
  for (const message of (await all!.closed).messages) decode(message, sink)
  assert.deepEqual(sink.refusals, [])
  assert.equal(sink.trades.length, 40)
  assert.deepEqual(
    sink.quotes.map(({ symbol, bid, ask, sequence }) => [symbol, ...bid, ...ask, sequence].join(' ')),
    Array.from({ length: quotes.length }, (_, row) =>
      [
        quotes.symbols.words[quotes.symbol[row]!],
        quotes.bidPrice[row],
        quotes.bidSize[row],
        quotes.askPrice[row],
        quotes.askSize[row],
        quotes.sequence[row],
      ].join(' '),
    ),
  )
  const raw = (await some!.closed).messages.map(message => JSON.parse(String(message)))
  assert.equal(raw.length, 200)
  assert.ok(raw.every(({ e, s, u }) => e === undefined && s === 'BTCUSDT' && u > 0))
  const others = (await trades!.closed).messages.map(message => JSON.parse(String(message)))
  assert.equal(others.length, 40)
  assert.ok(others.every(({ e }) => e === 'trade'))
})

test('as live: JSON lines or native blocks, readable by tickhouse, of all or of chosen symbols', async t => {
  const trades = tradesOf('kraken', ['BTC/USD', 'ETH/USD'], 2500)
  const { server, replay } = await serving(t, 'live', trades)
  const clients = ['/live', '/live?format=native', '/live?symbols=ETH/USD&format=native'].map(target =>
    listening(t, server.url + target),
  )
  const [lines, blocks, some] = await Promise.all(clients)
  await replay.run(NEVER)
  const text = Buffer.concat((await lines!.closed).messages)
  const read = readJsonTrades(text, 0, 0n)
  assert.deepEqual(read.refused, [])
  assert.deepEqual(textsOf(read.trades), textsOf(trades))
  const all = new TradeColumns(0)
  for (const message of (await blocks!.closed).messages) {
    const block = readTrades(message)
    all.appendRange(block, 0, block.length)
  }
  assert.deepEqual(textsOf(all), textsOf(trades))
  const [one] = (await some!.closed).messages
  assert.deepEqual(
    textsOf(readTrades(one!)),
    textsOf(trades).filter(line => line.startsWith('ETH')),
  )
})

test('as live: quotes only where they are requested, the ids that an aggregate joins, and conditions', async t => {
  const trades = tradesOf('binanceusdm', ['BTCUSDT', 'ETHUSDT'], 40)
  trades.joined = new JoinedIds(trades.capacity)
  for (let row = 1; row < 40; row += 2) {
    trades.joined.first[row] = BigInt(1000 + 10 * row)
    trades.joined.last[row] = BigInt(1000 + 10 * row + (row % 7))
  }
  const conditions = new Conditions(trades.capacity)
  trades.conditions = conditions
  for (let row = 0; row < 40; row += 3) conditions.set(row, row % 2 === 0 ? ' ,7,"V"' : '@')
  const quotes = quoteColumnsOf(
    'binanceusdm',
    Array.from({ length: 1_200 }, (_, at) => ({
      ...{
        symbol: at % 3 === 0 ? 'ETHUSDT' : 'BTCUSDT',
        bid: [at + 0.1, 1e-8] as const,
        ask: [at + 0.3, 1e14] as const,
      },
      ...{ sequence: 2n ** 53n + BigInt(at), micros: at % 5 === 0 ? 0 : NOON_MICROS + at, flags: at % 2 },
    })),
  )
  const { server, replay } = await serving(t, 'live', trades, quotes)
  const targets = ['/live', '/live?kinds=trades,quotes', '/live?kinds=trades,quotes&format=native&symbols=ETHUSDT']
  const clients = await Promise.all(targets.map(target => listening(t, server.url + target)))
  assert.equal(VENUE_SERVERS.live!.target([], ['trades', 'quotes']), '/live?kinds=trades,quotes')
  assert.equal(VENUE_SERVERS.live!.open(new URL('ws://127.0.0.1/live?kinds=marks')), undefined)
  await replay.run(NEVER)
  const [plain, both, native] = await Promise.all(clients.map(async ({ closed }) => (await closed).messages))
  const linesOf = (messages: readonly Buffer[]) =>
    messages.flatMap(message => String(message).split('\n').filter(Boolean)).map(line => JSON.parse(line))
  assert.equal(linesOf(plain!).length, 40)
  const lines = linesOf(both!)
  assert.deepEqual(
    lines.filter(({ kind }) => kind === undefined).map(({ first_id = '0', last_id = '0' }) => [first_id, last_id]),
    Array.from({ length: 40 }, (_, row) => [String(trades.joined!.first[row]), String(trades.joined!.last[row])]),
  )
  assert.deepEqual(
    lines.filter(({ kind }) => kind === undefined).map(line => line.conditions ?? ''),
    Array.from({ length: 40 }, (_, row) => conditions.text(row)),
  )
  const nanosOf = (text: string | null) => (text === null ? 0n : BigInt(Date.parse(text)) * 1_000_000n)
  const values = lines.filter(({ kind }) => kind === 'quotes')
  assert.equal(values.length, 1_200)
  for (const [row, line] of values.entries()) {
    const { symbol, bid_price, bid_size, ask_price, ask_size, sequence, flags } = line
    const { bidPrice, bidSize, askPrice, askSize } = quotes
    assert.deepEqual(
      [symbol, bid_price, bid_size, ask_price, ask_size, BigInt(sequence), flags],
      [
        ...[quotes.symbols.words[quotes.symbol[row]!], bidPrice[row], bidSize[row], askPrice[row], askSize[row]],
        ...[quotes.sequence[row], quotes.flags[row]],
      ],
    )
    assert.equal(nanosOf(line.timestamp) / 1_000_000n, quotes.timestamp[row]! / 1_000_000n)
    assert.equal(nanosOf(line.received_at), quotes.receivedAt[row])
  }
  const blocks = native!.map(message => (isTrades(message) ? readTrades(message) : readQuotes(message)))
  const read = { trades: 0, quotes: 0 }
  for (const block of blocks) {
    for (const code of block.symbol.subarray(0, block.length)) assert.equal(block.symbols.words[code], 'ETHUSDT')
    if (block instanceof TradeColumns) {
      read.trades += block.length
      for (let row = 0; row < block.length; row++) {
        const id: number = Number(block.tradeId[row]! - 5_000_000_000n)
        assert.equal(block.joined?.last[row] ?? 0n, trades.joined!.last[id])
        assert.equal(block.conditions?.text(row) ?? '', conditions.text(id))
      }
    } else read.quotes += block.length
    assert.ok(block.origin.subarray(0, block.length).every(code => code === ORIGIN.replay))
  }
  assert.deepEqual(read, { trades: 10, quotes: 400 })
})

/** By the name of a column. */
const isTrades = (message: Buffer): boolean => message.includes('trade_id')

test('it starts once every symbol has a subscriber, and sends each client only subscribed symbols', async t => {
  const trades = tradesOf('binance', ['BTCUSDT', 'ETHUSDT'], 100)
  const { server, replay } = await serving(t, 'binance', trades)
  const run = replay.run(NEVER)
  const one = await listening(t, `${server.url}/ws/btcusdt@trade`)
  assert.equal(server.waitingFor, 'a subscription to ETHUSDT')
  assert.equal(replay.sent, 0)
  const two = await listening(t, `${server.url}/stream`, ['{"method":"SUBSCRIBE","params":["ethusdt@trade"],"id":7}'])
  await run
  const own = (await one.closed).messages.map(message => JSON.parse(String(message)))
  assert.ok(own.length > 0 && own.every(event => event.s === 'BTCUSDT' && event.T < 1e13))
  const [answer, ...others] = (await two.closed).messages.map(message => JSON.parse(String(message)))
  assert.deepEqual(answer, { result: null, id: 7 })
  assert.equal(own.length + others.length, 100)
  assert.ok(others.every(event => event.stream === 'ethusdt@trade'))
})

test('a client that does not read pauses the replay, without loss and with bounded memory', async t => {
  const trades = tradesOf('kraken', ['BTC/USD', 'ETH/USD'], 600_000)
  const { server, replay } = await serving(t, 'live', trades)
  const client = await listening(t, `${server.url}/live?format=native`)
  client.ws.pause()
  const run = replay.run(NEVER)
  let sent = -1
  while (replay.sent > sent) {
    sent = replay.sent
    await SYSTEM_CLOCK.sleep(200, NEVER)
  }
  assert.ok(sent < trades.length, 'it waits')
  client.ws.resume()
  await run
  const { messages } = await client.closed
  assert.equal(
    messages.reduce((sum, message) => sum + readTrades(message).length, 0),
    trades.length,
  )
})

test('cross-site requests and unknown paths are refused; controls answer', async t => {
  const trades = tradesOf('binance', ['BTCUSDT', 'ETHUSDT'], 10)
  const { server, replay } = await serving(t, 'binance', trades)
  const status = async (url: string, headers: Record<string, string> = {}) => {
    const ws = new WebSocket(url, { headers })
    const [, response] = await once(ws, 'unexpected-response')
    return response.statusCode
  }
  assert.equal(await status(`${server.url}/ws/btcusdt@trade`, { origin: 'https://elsewhere.example' }), 403)
  assert.equal(await status(`${server.url}/ws/btcusdt@trade`, { host: 'elsewhere.example' }), 403)
  assert.equal(await status(`${server.url}/other`), 404)
  server.control = name => {
    if (name === 'pause') replay.pause()
    return { paused: replay.paused }
  }
  const url = `${server.url.replace('ws:', 'http:')}/control/pause`
  assert.equal((await fetch(url, { method: 'POST', body: 'a=1' })).status, 404)
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' } })
  assert.deepEqual(await answer.json(), { paused: true })
})
