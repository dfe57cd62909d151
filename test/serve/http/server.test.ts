import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { type Config, parseConfig } from '../../../src/config.ts'
import { Ingest } from '../../../src/ingest/ingest.ts'
import { Reprocessor } from '../../../src/ingest/reprocess/reprocess.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { openLog } from '../../../src/log/open.ts'
import { limitsOf, readersOf, venuesOf } from '../../../src/modes/ingest-settings.ts'
import { IngestTelemetry } from '../../../src/serve/http/ingest-telemetry.ts'
import { Page } from '../../../src/serve/page/page.ts'
import type { Messages } from '../../../src/serve/page/protocol.ts'
import { decodeAgain } from '../../../src/sources/decode-again.ts'
import { LocalIngest } from '../../../src/status/local-ingest.ts'
import { Journal } from '../../../src/telemetry/journal.ts'
import { tradesRecord } from '../../../src/tick/records.ts'
import { ORIGIN, TradeColumns } from '../../../src/tick/trades.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'
import { tradesOf } from '../../support/data/trades.ts'

const TOKEN = 'a-token-of-the-tests'

let house: TestStore
let log: OpenLog
let storing: Ingest
let page: Page
let observing: IngestTelemetry
const journal = new Journal('test', 'error', 'text')
const servers: FastifyInstance[] = []

before(async () => {
  house = await openTestStore()
  log = await openLog(`sqlite:${path.join(house.directory, 'log')}`, 'write')
  // What is stored while nobody reads waits for longer than any test.
  const config = parseConfig({ BATCH_AGE_UNREAD_MS_MAX: '600000' }, {})
  const readers = readersOf(config, house.store)
  storing = new Ingest({
    limits: limitsOf(config, readers),
    readers,
    venues: venuesOf(config),
    log,
    store: house.store,
    emit: journal.emit,
  })
  const { store } = house
  page = new Page({ log, store, ingest: new LocalIngest(storing, log), archive: () => null, journal })
  page.follow(storing)
  const self = { version: '0', process: 'ingest', instance: 'here', startedAtMs: Date.now() }
  const { report, refusedRequests } = page
  observing = new IngestTelemetry({
    self,
    store,
    storing,
    report,
    refusedRequests,
    archiver: null,
    journal,
    keepDays: 1,
    forRecorder: false,
  })
  page.start()
  storing.start()
})

after(async () => {
  await Promise.all(servers.map(server => server.close()))
  await page.close()
  await storing.stop()
  await log.close()
  await house.remove()
})

async function listen(settings: Partial<Config> = {}): Promise<number> {
  const config = { ...parseConfig({}, {}), LISTEN: '127.0.0.1:0', ...settings }
  const venues = venuesOf(config)
  const reprocessor = new Reprocessor({
    log,
    store: house.store,
    storing,
    venues,
    reread: decodeAgain,
    emit: journal.emit,
  })
  const server = await page.listen({ listen: config.LISTEN, token: config.TOKEN }, observing.forServer, {
    reprocessor,
    runExclusive: work => storing.runExclusive(work),
    reading: storing,
  })
  servers.push(server)
  return (server.server.address() as AddressInfo).port
}

interface Answer {
  status: number
  body: string
  cookie: string | undefined
}

function ask(
  port: number,
  target: string,
  options: { method?: string; headers?: http.OutgoingHttpHeaders; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const request = http.request({ host: '127.0.0.1', port, path: target, method, headers }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode!, body: text, cookie: response.headers['set-cookie']?.[0] }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Reads a page's event stream until `enough` is true. */
function follow(
  port: number,
  target: string,
  enough: (seen: { name: string; data: unknown }[]) => boolean,
): Promise<{ name: string; data: unknown }[]> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path: target }, response => {
      let rest = ''
      const seen: { name: string; data: unknown }[] = []
      response.on('data', chunk => {
        const messages = (rest + chunk).split('\n\n')
        rest = messages.pop() ?? ''
        for (const message of messages) {
          const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(message)!
          seen.push({ name: name!, data: JSON.parse(data!) })
        }
        if (!enough(seen)) return
        request.destroy()
        resolve(seen)
      })
    })
    request.on('error', reject)
  })
}

describe('access', () => {
  test('a program or page that names a loopback address may', async () => {
    const port = await listen()
    assert.equal((await ask(port, '/api/query', { method: 'POST', body: 'SELECT 1 FORMAT TSV' })).body, '1\n')
    assert.equal(
      (
        await ask(port, '/api/query', {
          method: 'POST',
          body: 'SELECT 1',
          headers: { origin: `http://127.0.0.1:${port}` },
        })
      ).status,
      200,
    )
  })

  test('a statement whose error is a text without end makes a short line and a short answer', async () => {
    const port = await listen()
    const body = "SELECT throwIf(1, arrayStringConcat(arrayMap(x -> repeat('x', 1000000), range(5))))"
    const before = journal.since(0).at(-1)?.id ?? 0
    const refused = await ask(port, '/', { method: 'POST', body })
    assert.ok(
      refused.status >= 400 && refused.body.length < 20_000,
      `${refused.status}, ${refused.body.length} characters`,
    )
    const lines = journal.since(before)
    assert.ok(
      lines.length > 0 && lines.every(({ text, fields }) => text.length + JSON.stringify(fields).length < 10_000),
    )
    const [hello] = await follow(port, '/api/live', seen => seen.length > 0)
    assert.ok(JSON.stringify(hello).length < 1_000_000)
  })

  test('a client that leaves is no refused statement', async () => {
    const port = await listen()
    const before = journal.since(0).at(-1)?.id ?? 0
    const left = http.request({
      host: '127.0.0.1',
      port,
      path: '/?query=SELECT+sum(sqrt(number))+FROM+numbers(100000000000)',
    })
    left.on('error', () => {})
    left.end()
    left.on('socket', socket => socket.on('connect', () => setTimeout(() => left.destroy(), 200)))
    await new Promise(resolve => left.on('close', resolve))
    await ask(port, '/?query=SELECT+1')
    await new Promise(resolve => setTimeout(resolve, 1500))
    assert.deepEqual(
      journal
        .since(before)
        .map(({ event, text }) => `${event} ${text}`)
        .filter(line => line.startsWith('query_refused')),
      [],
    )
  })

  test('a wrong token leaves a line, and many of them no flood', async () => {
    const port = await listen({ TOKEN })
    const wrong = () => journal.since(0).filter(({ event }) => event === 'token_wrong').length
    const before = wrong()
    for (let times = 0; times < 20; times++)
      assert.equal(
        (await ask(port, '/metrics', { headers: { authorization: 'Bearer no-token-of-the-tests' } })).status,
        403,
      )
    assert.equal(wrong() - before, 1)
  })

  test('refused requests are counted by reason, and those that are answered are not', async () => {
    const port = await listen({ TOKEN })
    const counts = async () => {
      const { body } = await ask(port, '/metrics', { headers: { authorization: `Bearer ${TOKEN}` } })
      const found = [...body.matchAll(/^tickhouse_requests_refused_total\{reason="(\w+)"\} (\d+)$/gm)]
      return Object.fromEntries(found.map(([, reason, count]) => [reason, Number(count)]))
    }
    const before = await counts()
    const sql = (query: string, headers: http.OutgoingHttpHeaders = { 'x-clickhouse-key': TOKEN }) =>
      ask(port, `/?query=${encodeURIComponent(query)}`, { headers })
    await sql('SELECT 1')
    await sql('SELECT nonsense')
    await sql('SELECT 1', { 'x-clickhouse-key': 'wrong' })
    await sql('SELECT 1 SETTINGS format_schema = 1')
    await ask(port, '/metrics', { headers: { authorization: 'Bearer wrong' } })
    const posted = (body: string, headers: http.OutgoingHttpHeaders) =>
      ask(port, '/api/query', { method: 'POST', body, headers: { authorization: `Bearer ${TOKEN}`, ...headers } })
    await posted('SELECT 1', { origin: 'https://evil.example' })
    await posted('SELECT nonsense', {})
    await posted("SELECT * FROM url('http://127.0.0.1:1')", {})
    const after = await counts()
    const rise = Object.fromEntries(Object.keys(after).map(reason => [reason, after[reason]! - before[reason]!]))
    assert.deepEqual(rise, { denied: 3, limit: 0, token: 2, failed: 0, mistake: 2 })
  })

  test('a time that no candle can have is the asker’s mistake', async () => {
    const port = await listen()
    for (const beforeMs of ['99999999999999999', '-1', 'x', '1.5'])
      assert.equal(
        (await ask(port, `/api/bars?venue=v&symbol=s&interval=10s&before=${beforeMs}`)).status,
        400,
        beforeMs,
      )
    assert.equal((await ask(port, '/api/bars?venue=v&symbol=s&interval=10s&before=1700000000000')).status, 200)
  })

  test('a body that never ends is closed', async () => {
    await listen()
    assert.ok(servers.at(-1)!.server.requestTimeout > 0)
  })

  test('one client cannot use all open pages, and gets the reason', async () => {
    const port = await listen()
    const open = (headers: http.OutgoingHttpHeaders = {}) =>
      new Promise<{ status: number; why: () => Promise<string>; leave: () => void }>((resolve, reject) => {
        const request = http.get({ host: '127.0.0.1', port, path: '/api/live', headers, agent: false }, response => {
          const why = async () => (await response.setEncoding('utf8').toArray()).join('')
          resolve({ status: response.statusCode!, why, leave: () => request.destroy() })
        })
        request.on('error', reject)
      })
    const own = await Promise.all(Array.from({ length: 16 }, () => open()))
    assert.ok(own.every(({ status }) => status === 200))
    const refused = await open()
    assert.equal(refused.status, 429)
    assert.match(await refused.why(), /16 pages per client/)
    const other = await open({ 'x-forwarded-for': '198.51.100.7' })
    assert.equal(other.status, 200)
    own[0]!.leave()
    let again = await open()
    while (again.status !== 200) again = await open()
    for (const { leave } of [...own, other, again]) leave()
  })

  test('connections beyond a limit are closed and reported', async () => {
    const port = await listen()
    const { server } = servers.at(-1)!
    assert.ok(server.maxConnections > 0 && server.timeout > 0)
    server.maxConnections = 1
    const first = net.connect(port, '127.0.0.1')
    await once(first, 'connect')
    const second = net.connect(port, '127.0.0.1')
    await once(
      second.on('error', () => {}),
      'close',
    )
    assert.ok(journal.since(0).some(({ event }) => event === 'connections_full'))
    first.destroy()
  })

  test('a page of another site may not, by its origin or by a name that leads here', async () => {
    const port = await listen()
    assert.equal(
      (await ask(port, '/api/query', { method: 'POST', body: 'SELECT 1', headers: { origin: 'https://evil.example' } }))
        .status,
      403,
    )
    assert.equal((await ask(port, '/', { headers: { host: 'evil.example' } })).status, 403)
    assert.equal((await ask(port, '/', { headers: { host: '127.0.0.1.evil.example:80' } })).status, 403)
  })

  test('with a token set, only who shows it, as a bearer, in the address once, or by the cookie that gives', async () => {
    const port = await listen({ TOKEN })
    const query = { method: 'POST', body: 'SELECT 1' }
    assert.equal((await ask(port, '/api/query', query)).status, 403)
    assert.equal(
      (await ask(port, '/api/query', { ...query, headers: { authorization: `Bearer ${TOKEN}x` } })).status,
      403,
    )
    assert.equal(
      (await ask(port, '/api/query', { ...query, headers: { authorization: `Bearer ${TOKEN}` } })).status,
      200,
    )
    const { status, cookie } = await ask(port, `/?token=${TOKEN}`)
    assert.equal(status, 200)
    assert.match(cookie!, /HttpOnly; SameSite=Strict/)
    assert.equal((await ask(port, '/api/query', { ...query, headers: { cookie: cookie!.split(';')[0]! } })).status, 200)
  })
})

describe('health and metrics', () => {
  test('without a token /health answers the state and nothing else', async () => {
    const port = await listen({ TOKEN })
    const headers = { authorization: `Bearer ${TOKEN}` }
    assert.deepEqual(JSON.parse((await ask(port, '/health')).body), { state: 'trouble' })
    assert.deepEqual(JSON.parse((await ask(port, '/ready')).body), { ready: true })
    assert.equal((await ask(port, '/metrics')).status, 403)
    const health = JSON.parse((await ask(port, '/health', { headers })).body)
    assert.equal(health.process, 'ingest')
    assert.equal(health.stations.sources.state, 'trouble')
    assert.match(health.stations.sources.advice, /No recorder is running/)
    assert.deepEqual(JSON.parse((await ask(port, '/ready', { headers })).body), { ready: true, why: [] })
  })

  test('a scrape has the metrics of every stage', async () => {
    const { body, status } = await ask(await listen(), '/metrics')
    assert.equal(status, 200)
    for (const name of [
      'station_trouble',
      'log_next_offset',
      'ingest_lag_ticks',
      'store_ticks',
      'process_memory_bytes',
    ])
      assert.match(body, new RegExp(`^tickhouse_${name}(\\{.*\\})? \\d`, 'm'))
  })
})

describe('queries', () => {
  test('the engine’s words and what to do come back for a mistake', async () => {
    const port = await listen()
    const answer = await ask(port, '/api/query', { method: 'POST', body: 'SELECT nothing FROM trades' })
    assert.equal(answer.status, 400)
    assert.match(JSON.parse(answer.body).message, /nothing/)
    assert.equal((await ask(port, '/api/query', { method: 'POST', body: 'DROP TABLE trades' })).status, 400)
    assert.equal((await ask(port, '/api/query?format=../x', { method: 'POST', body: 'SELECT 1' })).status, 400)
  })

  test('binary formats come back byte for byte', async () => {
    const port = await listen()
    const { body } = await ask(port, '/api/query?format=RowBinary', { method: 'POST', body: 'SELECT toUInt16(0x4142)' })
    assert.equal(body, 'BA')
  })
})

test('stopping reports no failed pages, even while a status query is running', async () => {
  const directory = path.join(house.directory, 'stopped-log')
  const stopped = await openLog(`sqlite:${directory}`, 'write')
  const said = new Journal('test', 'error', 'text')
  const { store } = house
  const ingest = new LocalIngest(storing, log)
  const shown = new Page({ log: stopped, store, ingest, archive: () => null, journal: said })
  const server = await shown.listen({ listen: '127.0.0.1:0' }, observing.forServer, null)
  const { port } = server.server.address() as AddressInfo
  // The engine has other work: the next report is under way when all closes.
  const busy = Promise.all(Array.from({ length: 16 }, () => store.rows('SELECT sleep(1.5)')))
  shown.start()
  const request = http.get({ host: '127.0.0.1', port, path: '/api/live' }).on('error', () => {})
  await once(request, 'response')
  await sleep(700)
  await shown.close()
  await stopped.close()
  await busy
  await sleep(1_000)
  assert.deepEqual(
    said.since(0).filter(({ event }) => event === 'page_failed'),
    [],
  )
})

test('the page receives stored trades: stages, symbols, bars and prints, equal to the table', async () => {
  const port = await listen()
  const trades = new TradeColumns(3)
  const micros = Date.now() * 1000
  for (const id of [1, 2, 3])
    trades.add({
      venue: 'simulator',
      symbol: 'BTCUSDT',
      timestampMicros: micros + id,
      timestampNanos: 0,
      receivedAtMicros: micros + id,
      price: 100 + id,
      volume: 0.5,
      side: 1,
      tradeId: id,
      origin: ORIGIN.live,
    })
  const stream = follow(
    port,
    '/api/live?venue=simulator&symbol=BTCUSDT&interval=1s',
    seen =>
      ['hello', 'bars', 'update', 'stations', 'sample'].every(name => seen.some(message => message.name === name)) &&
      // A status that was evaluated before they were stored may come after them.
      seen.some(({ name, data }) => name === 'stations' && (data as Messages['stations']).ingest.stored > 0) &&
      seen.some(({ name, data }) => name === 'symbols' && (data as Messages['symbols']).symbols.length > 0),
  )
  await log.append(0, [tradesRecord(trades)])
  const seen = await stream
  const told = <Name extends keyof Messages>(name: Name) =>
    seen.filter(message => message.name === name).map(({ data }) => data as Messages[Name])
  assert.equal(seen[0]!.name, 'hello')
  const bars = [...told('bars').flatMap(({ bars }) => bars), ...told('update').flatMap(({ bars }) => bars)]
  assert.deepEqual(bars.at(-1)?.slice(1), [101, 103, 101, 103, 1.5, 3])
  const [status] = told('symbols').flatMap(({ symbols }) => symbols)
  assert.deepEqual([status!.symbol, status!.last, status!.trades], ['BTCUSDT', 103, 3])
  assert.equal(told('stations').at(-1)!.ingest.stored, 3)
  assert.match(told('stations')[0]!.sources.advice, /No recorder is running/)
  const answer = await ask(port, `/api/bars?venue=simulator&symbol=BTCUSDT&interval=1s&before=${Date.now() + 5_000}`)
  assert.deepEqual(JSON.parse(answer.body).bars.at(-1).slice(1), [101, 103, 101, 103, 1.5, 3])
})

test('who queries has all that is in the log, over both interfaces, also if nobody has read for long', {
  timeout: 120_000,
}, async () => {
  const port = await listen()
  const queries = {
    ETHUSDT: (statement: string) => ask(port, '/api/query?format=TSV', { method: 'POST', body: statement }),
    SOLUSDT: (statement: string) => ask(port, `/?${new URLSearchParams({ query: `${statement} FORMAT TSV` })}`),
  }
  for (const [symbol, query] of Object.entries(queries)) {
    await log.append(0, [tradesOf('simulator', [{ symbol, tradeId: 1, price: 1, volume: 1, side: 'buy' as const }])])
    let rows = ''
    while (rows !== '1') rows = (await query(`SELECT count() FROM trades WHERE symbol = '${symbol}'`)).body.trim()
  }
})
