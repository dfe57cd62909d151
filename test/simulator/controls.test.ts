import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type Exchange, startExchange } from '../../src/simulator/exchange.ts'
import { getJson, idFaults, TestClient } from './client.ts'

const PATH = '/stream?streams=btcusdt@trade'

let exchange: Exchange
let client: TestClient

beforeEach(async () => {
  exchange = await startExchange({ symbols: ['BTCUSDT'], ratePerSecond: 2_000, seed: 7 })
  client = await TestClient.connect(exchange.wsUrl + PATH)
  await receive(1)
})

afterEach(async () => {
  client.ws.terminate()
  await exchange.close()
})

/** Waits for a trade that is so many later than the last one made: on a busy machine many are still on their way. */
async function receive(more: number): Promise<void> {
  const id = exchange.nextIds().BTCUSDT! + more
  const last = () => Number(/"t":(\d+)/.exec(client.messages.at(-1) ?? '')?.[1] ?? 0)
  await client.until(() => last() >= id, `${more} more trades`)
}

async function fetchIds(ids: readonly number[]): Promise<number[]> {
  const query = `symbol=BTCUSDT&fromId=${ids[0]}&limit=${ids.length}`
  const { body } = await getJson(`${exchange.restUrl}/api/v3/historicalTrades?${query}`)
  return (body as { id: number }[]).map(({ id }) => id)
}

test('dropped trades are missing on the stream and present in REST', async () => {
  exchange.control('drop', { trades: 5 })
  await receive(100)
  const { missing, repeated } = idFaults(client.trades())
  assert.equal(missing.length, 5)
  assert.deepEqual(repeated, [])
  assert.deepEqual(await fetchIds(missing), missing)
  assert.equal(exchange.stats().faults.dropped, 5)
})

test('repeated trades come twice, and nothing is missing', async () => {
  exchange.control('repeat', { trades: 4 })
  await receive(100)
  const { missing, repeated } = idFaults(client.trades())
  assert.deepEqual(missing, [])
  assert.equal(repeated.length, 4)
  assert.equal(exchange.stats().faults.repeated, 4)
})

test('malformed frames are invalid JSON, and their trades are present in REST', async () => {
  exchange.control('malformed', { frames: 3 })
  await receive(100)
  const { missing } = idFaults(client.trades())
  assert.equal(missing.length, 3)
  assert.equal(client.messages.length - client.trades().length, 3)
  assert.deepEqual(await fetchIds(missing), missing)
  assert.equal(exchange.stats().faults.malformed, 3)
})

test('a delay delays trades and loses none', async () => {
  const sentBefore = performance.now()
  exchange.control('delay', { ms: 300 })
  const lastHeldBack = exchange.nextIds().BTCUSDT!
  await client.until(() => client.trades().at(-1)!.t > lastHeldBack, 'the delayed trades')
  assert.ok(performance.now() - sentBefore > 250)
  await receive(10)
  assert.deepEqual(idFaults(client.trades()), { missing: [], repeated: [] })
  assert.equal(exchange.stats().faults.delayed, 1)
})

test('a cut ends connections without a close frame, and REST fills the gap', async () => {
  const closed = once(client.ws, 'close')
  exchange.control('cut', {})
  const [code] = await closed
  assert.equal(code, 1006)
  const lastSeen = client.trades().at(-1)!.t
  client = await TestClient.connect(exchange.wsUrl + PATH)
  await receive(10)
  const firstSeen = client.trades()[0]!.t
  const hole = Array.from({ length: firstSeen - lastSeen - 1 }, (_, index) => lastSeen + 1 + index)
  if (hole.length > 0) assert.deepEqual(await fetchIds(hole.slice(0, 500)), hole.slice(0, 500))
  assert.equal(exchange.stats().faults.cut, 1)
})

test('a half-open connection sends no pong and stays open, a new one works, and the old one continues with a gap', async () => {
  exchange.control('goSilent', { ms: 500 })
  const pongs: number[] = []
  const silentAt = performance.now()
  client.ws.on('pong', () => pongs.push(performance.now()))
  client.ws.ping()
  const other = await TestClient.connect(exchange.wsUrl + PATH)
  await other.until(() => other.messages.length > 100, 'trades on a new connection')
  other.ws.terminate()
  assert.equal(client.ws.readyState, WebSocket.OPEN)
  const lastSeen = client.trades().at(-1)!.t
  await client.until(() => client.trades().at(-1)!.t > lastSeen && pongs.length > 0, 'the end of the silence')
  assert.ok(pongs[0]! - silentAt > 400)
  const { missing } = idFaults(client.trades())
  assert.ok(missing.length > 0)
  assert.deepEqual(await fetchIds(missing.slice(0, 500)), missing.slice(0, 500))
  assert.equal(exchange.stats().faults.silenced, 1)
})

test('a rate limit answers the next connects and requests with 429 and Retry-After', async () => {
  exchange.control('rateLimit', { connects: 1, requests: 1, retryAfterSeconds: 7 })
  const refused = new WebSocket(exchange.wsUrl + PATH)
  const [, response] = await once(refused, 'unexpected-response')
  assert.equal(response.statusCode, 429)
  assert.equal(response.headers['retry-after'], '7')
  response.destroy()
  const answer = await fetch(`${exchange.restUrl}/api/v3/ping`)
  assert.equal(answer.status, 429)
  assert.equal(answer.headers.get('retry-after'), '7')
  assert.equal(((await answer.json()) as { code: number }).code, -1003)
  assert.equal((await getJson(`${exchange.restUrl}/api/v3/ping`)).status, 200)
  const accepted = await TestClient.connect(exchange.wsUrl + PATH)
  accepted.ws.terminate()
  const { connectsRefused, requestsRefused } = exchange.stats()
  assert.deepEqual({ connectsRefused, requestsRefused }, { connectsRefused: 1, requestsRefused: 1 })
})

test('one symbol falls silent for a while, and the others continue', async () => {
  const two = await startExchange({ symbols: ['BTCUSDT', 'ETHUSDT'], ratePerSecond: 2_000, seed: 7 })
  const both = await TestClient.connect(`${two.wsUrl}/stream?streams=btcusdt@trade/ethusdt@trade`)
  const countOf = (symbol: string) => both.trades().filter(({ s }) => s === symbol).length
  await both.until(() => countOf('ETHUSDT') > 0, 'trades of ETHUSDT')
  two.control('silence', { symbol: 'ETHUSDT', ms: 400 })
  await setTimeout(50)
  const before = countOf('ETHUSDT')
  await setTimeout(200)
  assert.equal(countOf('ETHUSDT'), before)
  const btc = countOf('BTCUSDT')
  await both.until(() => countOf('BTCUSDT') > btc + 10, 'more trades of BTCUSDT')
  await both.until(() => countOf('ETHUSDT') > before, 'trades of ETHUSDT after the silence')
  assert.equal(two.stats().faults.symbolsSilenced, 1)
  both.ws.terminate()
  await two.close()
})

test('the quotes of a symbol fall silent or end, and its trades continue', async () => {
  const both = await TestClient.connect(`${exchange.wsUrl}/stream?streams=btcusdt@trade/btcusdt@bookTicker`)
  await both.until(() => both.quotes().length > 0 && both.trades().length > 0, 'both kinds')
  const onlyTrades = async () => {
    await setTimeout(50)
    const [quotes, trades] = [both.quotes().length, both.trades().length]
    await both.until(() => both.trades().length > trades + 10, 'more trades')
    assert.equal(both.quotes().length, quotes)
  }
  exchange.control('silence', { symbol: 'BTCUSDT', kind: 'quotes', ms: 500 })
  await onlyTrades()
  const before = both.quotes().length
  await both.until(() => both.quotes().length > before, 'quotes after the silence')
  exchange.control('endStream', { symbol: 'BTCUSDT', kind: 'quotes' })
  await onlyTrades()
  both.ws.terminate()
})

test('a stream ends without notice, a subscribe request is refused, and the next one restores it', async () => {
  exchange.control('endStream', { symbol: 'BTCUSDT' })
  await setTimeout(50)
  const ended = client.messages.length
  await setTimeout(150)
  assert.equal(client.messages.length, ended)
  exchange.control('refuse', { requests: 1, msg: 'Service unavailable' })
  const ask = (id: string) => client.ws.send(JSON.stringify({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id }))
  ask('a')
  await client.until(() => client.messages.length > ended, 'a response')
  assert.deepEqual(JSON.parse(client.messages.at(-1)!), { error: { code: 2, msg: 'Service unavailable' }, id: 'a' })
  ask('b')
  await receive(10)
  const { streamsEnded, subscriptionsRefused } = exchange.stats().faults
  assert.deepEqual([streamsEnded, subscriptionsRefused], [1, 1])
})

test('a shutdown notice reaches clients, and trades continue', async () => {
  exchange.control('serverShutdown', {})
  const notice = (): string | undefined => client.messages.find(message => message.includes('serverShutdown'))
  await client.until(() => notice() !== undefined, 'the notice')
  const { stream, data } = JSON.parse(notice()!)
  assert.deepEqual([stream, data.e], ['!serverShutdown', 'serverShutdown'])
  await receive(50)
  assert.deepEqual(idFaults(client.trades()), { missing: [], repeated: [] })
})

test('a rate of 0 pauses the market and another one resumes it', async () => {
  exchange.control('setRate', { ratePerSecond: 0 })
  const paused = exchange.nextIds()
  // Ten steps: a hundred trades at the old rate.
  await setTimeout(50)
  assert.deepEqual(exchange.nextIds(), paused)
  exchange.control('setRate', { ratePerSecond: 5_000 })
  await receive(1_000)
  assert.deepEqual(idFaults(client.trades()), { missing: [], repeated: [] })
})

test('controls are accepted over HTTP as JSON, and only valid ones', async () => {
  const post = (name: string, body: string, type = 'application/json'): Promise<Response> =>
    fetch(`${exchange.restUrl}/control/${name}`, { method: 'POST', body, headers: { 'content-type': type } })
  const done = await post('drop', '{"trades":2}')
  assert.equal(done.status, 200)
  assert.equal(((await done.json()) as { clients: number }).clients, 1)
  await receive(50)
  assert.equal(idFaults(client.trades()).missing.length, 2)
  assert.equal((await post('drop', '{"trades":-1}')).status, 400)
  assert.equal((await post('drop', '{"trades":1,"more":1}')).status, 400)
  assert.equal((await post('drop', 'no json')).status, 400)
  assert.equal((await post('nosuch', '{}')).status, 404)
  assert.equal((await post('toString', '{}')).status, 404)
  assert.equal((await post('drop', '{"trades":1}', 'text/plain')).status, 405)
  assert.throws(() => exchange.control('drop', { trades: 0 }), { name: 'ZodError' })
})

test('a request with a foreign Host or Origin reaches neither controls nor trades', async () => {
  const { host, port } = new URL(exchange.restUrl)
  const post = (headers: http.OutgoingHttpHeaders): Promise<number> =>
    new Promise((resolve, reject) => {
      const all = { 'content-type': 'application/json', ...headers }
      const options = { host: '127.0.0.1', port, path: '/control/drop', method: 'POST', headers: all }
      http
        .request(options, response => resolve(response.resume().statusCode!))
        .on('error', reject)
        .end('{"trades":1}')
    })
  const upgrade = async (headers: Record<string, string>): Promise<number> => {
    const ws = new WebSocket(exchange.wsUrl + PATH, { headers })
    const opened = once(ws, 'open').then(() => 101)
    const refused = once(ws, 'unexpected-response').then(([, response]) => response.statusCode as number)
    const status = await Promise.race([opened, refused])
    ws.on('error', () => {}).terminate()
    return status
  }
  for (const headers of [
    { host: 'evil.example' },
    { host: `evil.example:${port}` },
    { host: `127.0.0.1:${port}, evil.example` },
    { host, origin: 'https://evil.example' },
    { host, origin: 'http://127.0.0.1:1' },
    { host, origin: 'null' },
  ]) {
    assert.equal(await post(headers), 403, JSON.stringify(headers))
    assert.equal(await upgrade(headers), 403, JSON.stringify(headers))
  }
  assert.equal(exchange.stats().faults.dropped, 0)
  for (const headers of [{ host }, { host: `localhost:${port}` }, { host, origin: `http://${host}` }])
    assert.equal(await upgrade(headers), 101, JSON.stringify(headers))
  assert.equal(await post({ host: `localhost:${port}` }), 200)
})
