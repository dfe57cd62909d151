import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type Exchange, startExchange } from '../../src/simulator/exchange.ts'
import { PENDING_BYTES_MAX } from '../../src/simulator/subscriber.ts'
import { getJson, idFaults, type QuoteEvent, TestClient } from './client.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const ALL = SYMBOLS.map(symbol => `${symbol.toLowerCase()}@trade`).join('/')

let exchange: Exchange

before(async () => {
  exchange = await startExchange({ symbols: SYMBOLS, ratePerSecond: 2_000, seed: 7 })
})

after(async () => {
  await exchange.close()
})

test("a combined stream sends every trade of its symbols once, in order, in Binance's frames", async () => {
  const client = await TestClient.connect(`${exchange.wsUrl}/stream?streams=${ALL}`)
  await client.until(() => client.messages.length >= 2_000, '2,000 trades')
  client.ws.terminate()
  const nowMs = Date.now()
  for (const message of client.messages) {
    const { stream, data } = JSON.parse(message)
    assert.deepEqual(Object.keys(data), ['e', 'E', 's', 't', 'p', 'q', 'T', 'm', 'M'])
    assert.equal(stream, `${data.s.toLowerCase()}@trade`)
    assert.match(data.p, /^\d+\.\d{8}$/)
    assert.match(data.q, /^\d+\.\d{8}$/)
    assert.ok(Number(data.p) > 0 && Number(data.q) > 0)
    assert.ok(data.E >= data.T && data.T <= nowMs && data.T > nowMs - 60_000)
  }
  for (const symbol of SYMBOLS) {
    const trades = client.trades(symbol)
    assert.ok(trades.length > 0)
    assert.deepEqual(idFaults(trades), { missing: [], repeated: [] })
    assert.deepEqual(
      trades,
      trades.toSorted((a, b) => a.t - b.t),
    )
  }
})

test('clients of other streams, forms and times get the same trades', async () => {
  const [combined, plain, micros] = await Promise.all([
    TestClient.connect(`${exchange.wsUrl}/stream?streams=${ALL}`),
    TestClient.connect(`${exchange.wsUrl}/ws/btcusdt@trade`),
    TestClient.connect(`${exchange.wsUrl}/stream?streams=btcusdt@trade&timeUnit=MICROSECOND`),
  ])
  const clients = [combined, plain, micros]
  await Promise.all(clients.map(client => client.until(() => client.trades('BTCUSDT').length >= 500, '500 trades')))
  for (const client of clients) client.ws.terminate()
  const from = Math.max(...clients.map(client => client.trades('BTCUSDT')[0]!.t))
  const to = Math.min(...clients.map(client => client.trades('BTCUSDT').at(-1)!.t))
  assert.ok(to - from > 200)
  const [a, b, c] = clients.map(client => client.trades('BTCUSDT').filter(({ t }) => t >= from && t <= to))
  assert.deepEqual(a, b)
  assert.deepEqual(
    a,
    c!.map(trade => ({ ...trade, E: Math.floor(trade.E / 1000), T: Math.floor(trade.T / 1000) })),
  )
  assert.ok(plain.messages.every(message => message.startsWith('{"e":"trade"')))
})

test("a combined stream sends a symbol's best bid and ask beside its trades, and REST the latest", async () => {
  const quoteStreams = SYMBOLS.map(symbol => `${symbol.toLowerCase()}@bookTicker`).join('/')
  const client = await TestClient.connect(`${exchange.wsUrl}/stream?streams=${ALL}/${quoteStreams}`)
  await client.until(() => client.messages.length >= 5_000, '5,000 trades and quotes')
  const { body } = await getJson(`${exchange.restUrl}/api/v3/ticker/bookTicker?symbol=BTCUSDT`)
  const { symbol, ...latest } = body as Record<string, string>
  assert.equal(symbol, 'BTCUSDT')
  const isLatest = ({ b, B, a, A }: QuoteEvent) =>
    b === latest.bidPrice && B === latest.bidQty && a === latest.askPrice && A === latest.askQty
  await client.until(() => client.quotes('BTCUSDT').some(isLatest), 'the quote that REST answered')
  client.ws.terminate()
  const ratio = client.quotes().length / client.trades().length
  assert.ok(ratio > 3.5 && ratio < 4.5, `${ratio} quotes a trade`)
  for (const message of client.messages.filter(text => text.includes('@bookTicker'))) {
    const { stream, data } = JSON.parse(message)
    assert.deepEqual(Object.keys(data), ['u', 's', 'b', 'B', 'a', 'A'])
    assert.equal(stream, `${data.s.toLowerCase()}@bookTicker`)
    assert.ok(Number(data.b) < Number(data.a) && Number(data.B) > 0 && Number(data.A) > 0)
  }
  for (const symbol of SYMBOLS) {
    const ids = client.quotes(symbol).map(({ u }) => u)
    assert.ok(ids.length > 0)
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b),
    )
  }
  const all = (await getJson(`${exchange.restUrl}/api/v3/ticker/bookTicker`)).body as { symbol: string }[]
  assert.deepEqual(
    all.map(({ symbol }) => symbol),
    SYMBOLS,
  )
  assert.equal((await getJson(`${exchange.restUrl}/api/v3/ticker/bookTicker?symbol=NO`)).status, 400)
})

test('a client subscribes, lists and unsubscribes while connected', async () => {
  const client = await TestClient.connect(`${exchange.wsUrl}/stream`)
  const params = ['ethusdt@trade', 'nosuch@trade']
  assert.deepEqual(await client.request({ method: 'SUBSCRIBE', params, id: 1 }), { result: null, id: 1 })
  await client.until(() => client.trades('ETHUSDT').length > 10, 'trades of ETHUSDT')
  assert.deepEqual(await client.request({ method: 'LIST_SUBSCRIPTIONS', id: 2 }), { result: params, id: 2 })
  assert.deepEqual(await client.request({ method: 'UNSUBSCRIBE', params, id: 3 }), { result: null, id: 3 })
  const after = client.messages.length
  assert.deepEqual(await client.request({ method: 'LIST_SUBSCRIPTIONS', id: 4 }), { result: [], id: 4 })
  assert.equal(client.messages.length, after + 1, 'no trade after the end of the subscription')
  client.ws.terminate()
})

test('an invalid request gets an error, and a sixth within a second ends the connection', async () => {
  const client = await TestClient.connect(`${exchange.wsUrl}/ws`)
  client.ws.send('no json')
  assert.deepEqual(Object.keys(await client.request({ method: 'NO_SUCH', id: 1 })), ['code', 'msg', 'id'])
  assert.equal((JSON.parse(client.messages[0]!) as { code: number }).code, 3)
  const closed = once(client.ws, 'close')
  for (let id = 2; id < 8; id++) client.ws.send(JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id }))
  await closed
  assert.equal(exchange.stats().cut.chatty, 1)
})

test('REST pages by id equal what the stream sent', async () => {
  const client = await TestClient.connect(`${exchange.wsUrl}/stream?streams=${ALL}`)
  await client.until(() => client.trades('BTCUSDT').length >= 1_500, '1,500 trades')
  client.ws.terminate()
  const streamed = client.trades('BTCUSDT').slice(0, 1_500)
  const page = async (path: string, fromId: number, limit: number): Promise<Record<string, unknown>[]> => {
    const { body } = await getJson(`${exchange.restUrl}/api/v3/${path}?symbol=BTCUSDT&fromId=${fromId}&limit=${limit}`)
    return body as Record<string, unknown>[]
  }
  const first = streamed[0]!.t
  const paged = [
    ...(await page('historicalTrades', first, 1_000)),
    ...(await page('historicalTrades', first + 1_000, 500)),
  ]
  assert.deepEqual(
    paged.map(trade => [trade.id, trade.price, trade.qty, trade.time, trade.isBuyerMaker]),
    streamed.map(({ t, p, q, T, m }) => [t, p, q, T, m]),
  )
  const aggregates = await page('aggTrades', first, 100)
  assert.deepEqual(
    aggregates.map(({ a, p, q, f, l, T, m }) => [a, p, q, f, l, T, m]),
    streamed.slice(0, 100).map(({ t, p, q, T, m }) => [t, p, q, t, t, T, m]),
  )
})

test('REST answers as Binance does: latest trades, time, symbols, errors', async () => {
  const get = (path: string): Promise<{ status: number; body: unknown }> =>
    getJson(`${exchange.restUrl}/api/v3/${path}`)
  const latest = (await get('trades?symbol=ETHUSDT&limit=5')).body as { id: number }[]
  assert.equal(latest.length, 5)
  assert.equal(latest[4]!.id - latest[0]!.id, 4)
  assert.ok(exchange.nextIds().ETHUSDT! > latest[4]!.id)
  assert.deepEqual(await get('ping'), { status: 200, body: {} })
  const { serverTime } = (await get('time')).body as { serverTime: number }
  assert.ok(Math.abs(serverTime - Date.now()) < 10_000)
  const info = (await get('exchangeInfo')).body as { symbols: { symbol: string; filters: { tickSize?: string }[] }[] }
  assert.deepEqual(
    info.symbols.map(({ symbol }) => symbol),
    SYMBOLS,
  )
  assert.equal(info.symbols[0]!.filters[0]!.tickSize, '0.01000000')
  assert.deepEqual(await get('trades?symbol=NOSUCH'), { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } })
  assert.equal(((await get('trades')).body as { code: number }).code, -1102)
  assert.equal(((await get('historicalTrades?symbol=BTCUSDT&fromId=x')).body as { code: number }).code, -1100)
  assert.equal((await get('nosuch')).status, 404)
})

test('the market trades while nobody is connected', async () => {
  const idsBefore = exchange.nextIds().BTCUSDT!
  const client = await TestClient.connect(`${exchange.wsUrl}/ws/btcusdt@trade`)
  await client.until(() => client.trades().length > 0, 'a trade')
  client.ws.terminate()
  assert.ok(client.trades()[0]!.t >= idsBefore)
  const body = (
    await getJson(`${exchange.restUrl}/api/v3/historicalTrades?symbol=BTCUSDT&fromId=${idsBefore}&limit=10`)
  ).body
  assert.equal((body as { id: number }[])[0]!.id, idsBefore)
})

/** Trades a second over more than one, by trade time, so that a slow reader does not matter. */
async function measuredRate(ratePerSecond: number): Promise<number> {
  const paced = await startExchange({ symbols: SYMBOLS, ratePerSecond, seed: 3 })
  const client = await TestClient.connect(`${paced.wsUrl}/stream?streams=${ALL}`)
  await client.until(() => client.messages.length > 1.5 * ratePerSecond, 'a second and a half of trades')
  client.ws.terminate()
  await paced.close()
  // The first step only sets the start.
  const trades = client.trades()
  const firstMs = trades[0]!.T
  return trades.filter(({ T }) => T > firstMs).length / ((trades.at(-1)!.T - firstMs) / 1_000)
}

test('the rate is met over a real second', async () => {
  for (const ratePerSecond of [1_000, 50_000]) {
    // What a stalled process did not send it sends later, which for a while is a higher rate.
    const rates: number[] = []
    const isMet = () => rates.some(rate => Math.abs(rate / ratePerSecond - 1) < 0.1)
    while (rates.length < 5 && !isMet()) rates.push(await measuredRate(ratePerSecond))
    assert.ok(isMet(), `${ratePerSecond}/s: ${rates}`)
  }
})

test('a client that does not read is cut at the limit, the others get everything, and memory is bounded', async () => {
  const busy = await startExchange({ symbols: SYMBOLS, ratePerSecond: 100_000, seed: 5 })
  const reader = await TestClient.connect(`${busy.wsUrl}/ws/solusdt@trade`)
  const { port } = new URL(busy.wsUrl)
  const sleeper = connect(Number(port), '127.0.0.1')
  const lines = [`GET /stream?streams=${ALL} HTTP/1.1`, 'Host: 127.0.0.1', 'Upgrade: websocket', 'Connection: Upgrade']
  sleeper.write(
    [...lines, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${btoa('0123456789abcdef')}`, '', ''].join('\r\n'),
  )
  await once(sleeper, 'readable')
  const memoryBefore = process.memoryUsage().external
  let pendingMax = 0
  await reader.until(() => {
    pendingMax = Math.max(pendingMax, process.memoryUsage().external - memoryBefore)
    return busy.stats().cut.slow === 1
  }, 'the cut of the slow client')
  assert.ok(pendingMax < 8 * PENDING_BYTES_MAX, `${pendingMax} bytes`)
  await reader.until(() => busy.stats().clients === 1, 'the slow client to be gone')
  assert.deepEqual(idFaults(reader.trades()), { missing: [], repeated: [] })
  sleeper.destroy()
  reader.ws.terminate()
  await busy.close()
})

test('closing ends every connection and frees the port', async () => {
  const first = await startExchange({ symbols: SYMBOLS, ratePerSecond: 100, seed: 1 })
  const port = Number(new URL(first.wsUrl).port)
  await assert.rejects(startExchange({ symbols: SYMBOLS, ratePerSecond: 100, seed: 1, port }), {
    code: 'address_in_use',
  })
  const client = await TestClient.connect(`${first.wsUrl}/stream?streams=${ALL}`)
  const closed = once(client.ws, 'close')
  await first.close()
  await closed
  const second = await startExchange({ symbols: SYMBOLS, ratePerSecond: 100, seed: 1, port })
  await second.close()
})

test('an exchange that opens with its first client makes no trade before it', async () => {
  const nextIds = { [SYMBOLS[0]!]: 1000 }
  const exchange = await startExchange({
    symbols: SYMBOLS,
    ratePerSecond: 1000,
    seed: 1,
    nextIds,
    opensWithFirstClient: true,
  })
  const client = await TestClient.connect(`${exchange.wsUrl}/stream?streams=${ALL}`)
  await client.until(() => client.trades().some(trade => trade.s === SYMBOLS[0]), 'a trade')
  assert.equal(client.trades().find(trade => trade.s === SYMBOLS[0])!.t, 1000)
  client.ws.terminate()
  await exchange.close()
})

test('invalid symbols and rates are refused', async () => {
  for (const wrong of [
    { symbols: [] },
    { symbols: ['btc'] },
    { symbols: ['A', 'A'] },
    { ratePerSecond: 0 },
    { ratePerSecond: 1e6 },
  ]) {
    await assert.rejects(startExchange({ symbols: SYMBOLS, ratePerSecond: 100, seed: 1, ...wrong }), { code: 'usage' })
  }
})
