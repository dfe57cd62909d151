/**
 * Finnhub recorded by real processes from a double of its server. That the double is Finnhub's protocol is shown by a
 * client that others wrote (websocket-client, which the venue's document uses): it receives what tickhouse stores.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '../../support/judges/within.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'
import { TestInstance, type TestProcess } from '../../support/processes/tickhouse.ts'
import { FinnhubServer, type FinnhubTrade } from '../../support/servers/finnhub.ts'

const CLIENT = fileURLToPath(new URL('../../support/clients/finnhub_client.py', import.meta.url))
const TOKEN = 'c0ffee-token-of-the-recorder'
const OTHER_TOKEN = 'token-of-the-python-client'
const SYMBOLS = ['AAPL', 'BINANCE:ETHUSDT', 'OANDA:EUR_USD']
const TIMEOUT = { timeout: 300_000 }

const at = Date.now()
const APPLE: FinnhubTrade = { s: 'AAPL', p: 284.45, v: 300, t: at, c: ['1', '8'] }
const ETHER: FinnhubTrade = { s: 'BINANCE:ETHUSDT', p: 7296.89, v: 0.011467, t: at, c: null }
const EURO: FinnhubTrade = { s: 'OANDA:EUR_USD', p: 1.0573, v: 0, t: at }

/** What is sent, and how often. */
const MESSAGES: readonly { trades: readonly FinnhubTrade[]; times: number }[] = [
  { trades: [APPLE, ETHER], times: 3 },
  { trades: [EURO], times: 1 },
  // Equal trades of one message, one with other conditions, a price update among them.
  { trades: [ETHER, ETHER, EURO, { ...ETHER, c: ['1'] }].map(trade => ({ ...trade, t: at + 1 })), times: 2 },
  { trades: [{ ...APPLE, p: 284.46, v: 1, c: [] }], times: 1 },
]
/** By hand: the trades of all messages, and those that differ. */
const [STORED, DISTINCT] = [6 + 6 + 1, 2 + 3 + 1]

interface Row {
  symbol: string
  price: number
  volume: number
  ms: number
  side: string
  id: string
}

async function query<T>(process: TestProcess, sql: string): Promise<T[]> {
  const response = await fetch(`${await process.url()}/api/query`, { method: 'POST', body: `${sql} FORMAT JSON` })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return (JSON.parse(text) as { data: T[] }).data
}

const ROWS = `SELECT symbol, price, volume, toUnixTimestamp64Milli(timestamp) AS ms, side, toString(trade_id) AS id
  FROM trades WHERE venue = 'finnhub' ORDER BY log_offset, log_index`

async function stored(process: TestProcess, count: number): Promise<Row[]> {
  for (;;) {
    const rows = await query<Row>(process, ROWS)
    if (rows.length >= count) return rows.map(row => ({ ...row, ms: Number(row.ms) }))
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

function sendAll(server: FinnhubServer): void {
  for (const { trades, times } of MESSAGES) server.trades(trades, times)
}

/** Every message that the plain client prints. */
async function pythonClient(t: TestContext, server: FinnhubServer): Promise<string[]> {
  const { command, path: modules } = await pythonWith('websocket-client')
  const client = spawn(command, [CLIENT, `${server.url}?token=${OTHER_TOKEN}`, ...SYMBOLS], {
    env: { ...process.env, PYTHONPATH: modules },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => void client.kill())
  const lines: string[] = []
  createInterface({ input: client.stdout }).on('line', line => lines.push(line))
  await until(() => lines.includes('open'))
  return lines
}

const tradesIn = (lines: readonly string[]): FinnhubTrade[] =>
  lines
    .filter(line => line.startsWith('{'))
    .flatMap(line => (JSON.parse(line) as { data?: FinnhubTrade[] }).data ?? [])
    .filter(({ v }) => v !== 0)

test(
  'every trade is stored once as a plain client receives it, repeats share an id, price updates are not stored',
  TIMEOUT,
  async t => {
    const server = await FinnhubServer.open(t, { tokens: [TOKEN, OTHER_TOKEN], pingMs: 500 })
    const missing = await pythonMissing()
    if (missing && process.env.CI === 'true') throw new Error(missing)
    if (missing) t.diagnostic(`without the plain client: ${missing}`)
    const received = missing ? undefined : await pythonClient(t, server)

    const instance = new TestInstance(t, { SOURCES: `finnhub:${SYMBOLS.join(',')}`, FINNHUB_WS: server.url })
    writeFileSync(join(instance.directory, 'key'), `${TOKEN}\n`)
    const running = instance.run('start', { FINNHUB_TOKEN_FILE: 'key' })
    await running.waitFor('connection_opened', { venue: 'finnhub' })
    await until(() => server.subscribed(TOKEN)?.length === 3)
    assert.equal(running.logged('symbols_uncheckable').length, 1)
    sendAll(server)
    const rows = await stored(running, STORED)
    if (received) {
      await until(() => tradesIn(received).length >= STORED)
      assert.deepEqual(
        rows.map(({ symbol: s, price: p, ms: t, volume: v }) => ({ s, p, t, v })),
        tradesIn(received).map(({ s, p, t, v }) => ({ s, p, t, v })),
      )
    }
    assert.equal(rows.length, STORED)
    assert.deepEqual(new Set(rows.map(({ side }) => side)), new Set(['unknown']))
    const times = Map.groupBy(rows, ({ symbol, ms, id }) => `${symbol} ${ms} ${id}`)
    assert.deepEqual([...times.values()].map(each => each.length).sort(), [1, 2, 2, 2, 3, 3])
    assert.equal(
      (await query(running, "SELECT 1 FROM trades WHERE venue = 'finnhub' LIMIT 1 BY symbol, timestamp, trade_id"))
        .length,
      DISTINCT,
    )
    const [others] = await query<Record<string, string>>(
      running,
      'SELECT (SELECT count() FROM quarantine) AS refused, (SELECT count() FROM gaps) AS gaps',
    )
    assert.deepEqual(Object.values(others!).map(Number), [0, 0])
    const doctor = await (await fetch(`${await running.url()}/api/doctor`)).text()
    const { diagnosis } = JSON.parse(doctor.trim().split('\n').at(-1)!)
    assert.deepEqual(diagnosis.unproven, [
      { venue: 'finnhub', hasIds: false, trades: STORED, repeats: STORED - DISTINCT },
    ])

    // The whole instance is killed, and another one continues: nothing is stored twice.
    await running.end('SIGKILL')
    await until(() => server.subscribed(TOKEN) === undefined)
    const again = instance.run('start', { FINNHUB_TOKEN: TOKEN })
    await again.waitFor('connection_opened', { venue: 'finnhub' })
    await until(() => server.subscribed(TOKEN)?.length === 3)
    sendAll(server)
    assert.equal((await stored(again, 2 * STORED)).length, 2 * STORED)
    assert.equal(server.ended, 0)
  },
)

test('the key is in nothing that a process writes or serves, whatever happens to the connection', TIMEOUT, async t => {
  const server = await FinnhubServer.open(t, { tokens: [TOKEN], pingMs: 500 })
  const instance = new TestInstance(t, { SOURCES: `finnhub:${SYMBOLS.join(',')}`, FINNHUB_WS: server.url })
  const running = instance.run('start', { FINNHUB_TOKEN: TOKEN, METRICS_LISTEN: '127.0.0.1:0' })
  let written = ''
  for (const stream of [running.child.stdout!, running.child.stderr!]) stream.on('data', text => (written += text))
  await running.waitFor('connection_opened', { venue: 'finnhub' })
  await until(() => server.subscribed(TOKEN)?.length === 3)
  sendAll(server)
  await stored(running, STORED)
  server.error(`the key ${TOKEN} is used twice`)
  server.error(`Invalid symbol AAPL of ${TOKEN}`)
  server.send(`{"type":"${TOKEN}"}`)
  server.send(`{"type":"trade","data":[{"s":"AAPL","p":"${TOKEN}"}]}`)
  server.send(`not JSON ${TOKEN}`)
  await running.waitFor('venue_error')
  await running.waitFor('frame_refused', {}, 2)
  server.end(`bye ${TOKEN}`)
  await running.waitFor('connection_lost')
  await server.close()
  await running.waitFor('connection_refused')

  const url = await running.url()
  const served = [
    running.logged('serving_figures').map(({ url }) => `${url}/metrics`),
    `${url}/`,
    `${url}/health`,
  ].flat()
  for (const route of ['lines', 'uptime', 'audits', 'slices', 'quarantine', 'doctor', 'bars?venue=finnhub&symbol=AAPL'])
    served.push(`${url}/api/${route}`)
  let shown = ''
  for (const address of served) {
    const response = await fetch(address)
    assert.equal(response.status, 200, address)
    shown += await response.text()
  }
  const live = await firstOf(`${url}/api/live?venue=finnhub&symbol=AAPL`)
  shown += live
  // Not 0: nobody knows.
  assert.match(live, /"symbol":"AAPL"[^{}]*"gaps":null/)
  for (const table of ['events', 'metrics', 'logs', 'uptime', 'quarantine'])
    shown += JSON.stringify(await query(running, `SELECT * FROM ${table}`))
  for (const expected of ['finnhub', 'used twice', 'not JSON', 'bye']) assert.ok(shown.includes(expected), expected)
  assert.ok(!shown.includes(TOKEN), around(shown))
  await running.end('SIGTERM')
  assert.ok(written.includes('used twice'))
  assert.ok(!written.includes(TOKEN), around(written))
  for (const file of readdirSync(instance.directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(instance.directory, file)
    if (statSync(path).isFile()) assert.ok(!readFileSync(path).includes(TOKEN), file)
  }
})

test('neither is a key that is refused, or misplaced in the address', TIMEOUT, async t => {
  const server = await FinnhubServer.open(t, { tokens: [] })
  const instance = new TestInstance(t, { SOURCES: 'finnhub:AAPL' })
  for (const ws of [server.url, `${server.url}/?token=${TOKEN}`]) {
    const running = instance.run('record', { FINNHUB_TOKEN: TOKEN, FINNHUB_WS: ws })
    let written = ''
    for (const stream of [running.child.stdout!, running.child.stderr!]) stream.on('data', text => (written += text))
    assert.equal((await running.waitFor('account_refused')).url, server.url)
    await running.end('SIGTERM')
    assert.ok(!written.includes(TOKEN), around(written))
  }
  assert.deepEqual(new Set(server.connects), new Set([TOKEN]))
  const without = instance.run('record', { FINNHUB_WS: `${server.url}?token=${TOKEN}` })
  assert.equal((await without.exited).code, 2)
  const written = without.recentOutput()
  assert.match(written, /finnhub requires a token: set TICKHOUSE_FINNHUB_TOKEN/)
  assert.ok(!written.includes(TOKEN), written)
})

const around = (text: string): string => text.slice(Math.max(0, text.indexOf(TOKEN) - 200), text.indexOf(TOKEN) + 40)

/** The first second of a stream. */
async function firstOf(url: string): Promise<string> {
  const stop = AbortSignal.timeout(1500)
  let text = ''
  try {
    const response = await fetch(url, { signal: stop })
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk
  } catch (error) {
    if (!stop.aborted) throw error
  }
  return text
}
