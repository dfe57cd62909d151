/** `tickhouse backfill` as a user runs it: a server in the shape of the venue's, a storing process, and some trades recorded live. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { unlink } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ORIGIN } from '../../../src/tick/trades.ts'
import { tradesOf } from '../../support/data/trades.ts'
import { zipOf } from '../../support/data/zip-file.ts'
import { Schedule } from '../../support/faults.ts'
import type { ExpectedTrade } from '../../support/judges/oracle.ts'
import { TestInstance, type TestProcess } from '../../support/processes/tickhouse.ts'

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
const DAY_MS = 86_400_000
const dayOf = (before: number) =>
  new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - before * DAY_MS).toISOString().slice(0, 10)
const [EARLIER, YESTERDAY] = [dayOf(2), dayOf(1)]
/** Ids of a day rise from these; the next day goes on where it ends. */
const PER_DAY = 30_000
const FIRST = 5_000_000
const firstOf = (day: string) => FIRST + (day === EARLIER ? 0 : PER_DAY)

const priceOf = (id: number) => (6_000_000 + ((id * 7_919) % 100_000)) / 100
const volumeOf = (id: number) => (1 + ((id * 104_729) % 1_000_000)) / 100_000
const sideOf = (id: number) => (id % 3 === 0 ? 'buy' : 'sell')
/** µs since 1970 UTC: spread over the days. */
const microsOf = (id: number) =>
  Date.parse(EARLIER) * 1000 + Math.floor(((id - FIRST) * DAY_MS * 1000) / PER_DAY) + (id % 1000)

const ids = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at)
const lineOf = (id: number) =>
  `${id},${priceOf(id)},${volumeOf(id)},1,${microsOf(id)},${sideOf(id) === 'buy' ? 'False' : 'True'},True`
const fileOf = (day: string) => ids(firstOf(day), PER_DAY).map(lineOf)

/** Serves `/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-<day>.zip` and its checksum. */
async function publish(t: TestContext, files: Record<string, readonly string[]>, checksum?: string) {
  const requested: string[] = []
  const zips = new Map(
    Object.entries(files).map(([day, lines]) => [
      `/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-${day}.zip`,
      zipOf(`${lines.join('\n')}\n`),
    ]),
  )
  const server = http.createServer((request, response) => {
    requested.push(request.url!)
    const zip = zips.get(request.url!.replace(/\.CHECKSUM$/, ''))
    if (!zip) return response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
    if (!request.url!.endsWith('.CHECKSUM')) return response.end(zip)
    return response.end(`${checksum ?? createHash('sha256').update(zip).digest('hex')}  day.zip\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requested }
}

/** A storing process, on a log with trades that were recorded live. */
async function storing(t: TestContext, live: readonly number[]) {
  const instance = new TestInstance(t, { ARCHIVE: 'off' })
  const log = await instance.log('write')
  const trades: ExpectedTrade[] = live.map(tradeId => ({
    symbol: 'BTCUSDT',
    tradeId,
    price: priceOf(tradeId),
    volume: volumeOf(tradeId),
    side: sideOf(tradeId),
  }))
  if (trades.length > 0)
    await log.append(0, [tradesOf('binance', trades, ORIGIN.live, ({ tradeId }) => microsOf(tradeId))])
  await log.close()
  const ingest = instance.run('ingest')
  await ingest.drained()
  return { instance, ingest }
}

interface Started {
  instance: TestInstance
  ingest: TestProcess
}

async function start({ instance, ingest }: Started, url: string, from = EARLIER) {
  const { host } = new URL(await ingest.url())
  const words = ['backfill', 'binance:BTCUSDT', '--from', from, '--url', url, '--listen', host]
  return spawn(process.execPath, [CLI, ...words], { cwd: instance.directory, env: { PATH: process.env.PATH } })
}

async function backfill(started: Started, url: string, from?: string) {
  const child = await start(started, url, from)
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()])
  const [status] = await closed
  return { status, output: stdout.join(''), errors: stderr.join('') }
}

/** Ends the storing process: what is stored. */
async function stored({ instance, ingest }: Started) {
  await ingest.drained()
  await ingest.end('SIGTERM')
  const store = await instance.store()
  try {
    const trades = await store.rows<{ line: string; run: number }>(
      `SELECT concatWithSeparator(' ', toString(trade_id), toString(price), toString(volume), toString(side), toString(toUnixTimestamp64Micro(timestamp))) AS line,
         id_run AS run FROM trades ORDER BY trade_id`,
    )
    const gaps = await store.rows<{ missing: number }>(
      `SELECT toUInt32(missing) AS missing FROM gaps FINAL WHERE state = 'open' ORDER BY first_id`,
    )
    const [refused] = await store.rows<{ rows: string }>('SELECT toString(count()) AS rows FROM quarantine')
    return { trades, gaps, refused: Number(refused!.rows) }
  } finally {
    await store.close()
  }
}

/** Live: the evening of yesterday with two holes, and today. */
const LIVE = [
  ...ids(firstOf(YESTERDAY) + 20_000, 4_000),
  ...ids(firstOf(YESTERDAY) + 24_007, 3_000),
  ...ids(firstOf(YESTERDAY) + 29_500, 1_000),
]
const textOf = (id: number) => [id, priceOf(id), volumeOf(id), sideOf(id), microsOf(id)].join(' ')

function assertWhole({ trades, gaps, refused }: Awaited<ReturnType<typeof stored>>) {
  const lines = trades.map(({ line }) => line)
  // Not as one difference of megabytes.
  const expected = ids(FIRST, 2 * PER_DAY + 500).map(textOf)
  assert.equal(lines.length, expected.length)
  assert.equal(
    lines.findIndex((line, at) => line !== expected[at]),
    -1,
    'each as the venue published it',
  )
  assert.ok(
    trades.every(({ run }) => run === 0),
    'one run of ids',
  )
  assert.deepEqual(gaps, [])
  assert.equal(refused, 0)
}

test('days are brought in, joined by id with what was recorded live, and nothing is appended twice', async t => {
  const { url, requested } = await publish(t, { [EARLIER]: fileOf(EARLIER), [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const first = await backfill(started, url)
  assert.equal(first.status, 0, first.output + first.errors)
  assert.match(
    first.output,
    new RegExp(
      `^${YESTERDAY}  30,000 trades, ids 5030000 to 5059999: 22,500 new\\n *its last trade is at 23:59:5.*\\n${EARLIER}  30,000 trades.*: 30,000 new\\n`,
    ),
  )
  assert.match(first.output, /2 of 2 days whole, 60,000 trades, 52,500 of them new\n$/)
  const again = await backfill(started, url)
  assert.equal(again.status, 0, again.output + again.errors)
  assert.match(again.output, /: all stored before\n.*\n.*: all stored before\n.*60,000 trades, 0 of them new\n$/)
  assert.equal(requested.length, 8)
  assertWhole(await stored(started))
})

test('a file that is not what the venue stated, or not of its day, brings nothing in, and says why', async t => {
  const lines = fileOf(YESTERDAY)
  const inMs = lines.map(line => line.replace(/,(\d{13})\d{3},/, ',$1,'))
  const cases: [why: RegExp, lines: readonly string[], checksum?: string][] = [
    [/it differs from its checksum/, lines, '0'.repeat(64)],
    [/29,?999 of its rows|1 of its rows have an id that is not above the one before/, lines.toSpliced(7, 0, lines[6]!)],
    [/30000 of its rows have times of another unit/, inMs],
    [/30000 of its rows are of another day/, fileOf(EARLIER)],
    [/1 of its lines are no rows, the first is line 30000/, [...lines.slice(0, -1), lines.at(-1)!.slice(0, 20)]],
  ]
  const started = await storing(t, [])
  for (const [why, some, checksum] of cases) {
    const { url } = await publish(t, { [YESTERDAY]: some }, checksum)
    const { status, output, errors } = await backfill(started, url, YESTERDAY)
    assert.equal(status, 1, output + errors)
    assert.match(output, why)
    assert.match(output, /nothing was taken from its file/)
    // As the message states.
    await Promise.all(
      ['', '.CHECKSUM'].map(end =>
        unlink(path.join(started.instance.directory, `data/backfill/BTCUSDT-trades-${YESTERDAY}.zip${end}`)),
      ),
    )
  }
  assert.equal((await stored(started)).trades.length, 0)
})

test('a file with missing rows is taken, and what it lacks stays known as missing', async t => {
  const { url } = await publish(t, { [YESTERDAY]: fileOf(YESTERDAY).toSpliced(100, 3) })
  const started = await storing(t, LIVE)
  const { status, output, errors } = await backfill(started, url)
  assert.equal(status, 1, output + errors)
  assert.match(output, /the file lacks 3 ids between them: 5030100–5030102/)
  assert.match(output, new RegExp(`${EARLIER}  not published at http://`))
  const { gaps, refused } = await stored(started)
  assert.deepEqual(gaps, [{ missing: 3 }])
  assert.equal(refused, 0)
})

test('a file that ends too early does not count as whole, though its checksum is that of the file', async t => {
  const { url } = await publish(t, { [EARLIER]: fileOf(EARLIER).slice(0, -200), [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const { status, output, errors } = await backfill(started, url)
  assert.equal(status, 1, output + errors)
  assert.match(output, /does not reach to the next day's first id, 5030000: it ends at 23:5\d:\d\d/)
  assert.match(output, /1 of 2 days whole/)
  assert.deepEqual((await stored(started)).gaps, [{ missing: 200 }])
})

test('killed at any moment and run again, it brings in the same', async t => {
  const { url } = await publish(t, { [EARLIER]: fileOf(EARLIER), [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const schedule = new Schedule(t)
  for (let kill = 0; kill < 4; kill++) {
    const child = await start(started, url)
    const closed = once(child, 'close')
    await sleep(700)
    await schedule.moment(1_500)
    child.kill('SIGKILL')
    await closed
  }
  const { status, output, errors } = await backfill(started, url)
  assert.equal(status, 0, output + errors)
  assertWhole(await stored(started))
})

test('a mistake is one clear line', async t => {
  const started = await storing(t, [])
  for (const [words, message] of [
    [['nowhere:BTCUSDT', '--from', YESTERDAY], /there is no venue nowhere/],
    [['coinbase:BTC-USD', '--from', YESTERDAY], /coinbase publishes no file of a day that can be read: only binance/],
    [['binance:BTCUSDT', '--from', 'yesterday'], /--from takes a UTC day, not yesterday/],
    [['binance:BTCUSDT', '--from', YESTERDAY, '--to', EARLIER], /no day that is over/],
    [['binance:BTCUSDT', '--from', YESTERDAY, '--to', '2999-01-01'], /not all over/],
    [['binance:BTCUSDT', '--from', YESTERDAY, '--url', 'http://127.0.0.1:1'], /cannot download http:\/\/127.0.0.1:1/],
  ] as const) {
    const { host } = new URL(await started.ingest.url())
    const child = spawn(process.execPath, [CLI, 'backfill', ...words, '--listen', host], {
      cwd: started.instance.directory,
      env: { PATH: process.env.PATH },
    })
    const closed = once(child, 'close')
    const errors = (await child.stderr.toArray()).join('')
    assert.match(errors, message)
    assert.equal(errors.trim().split('\n').length, 1, errors)
    assert.equal((await closed)[0], 2)
  }
})
