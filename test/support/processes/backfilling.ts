/** What a test of `tickhouse backfill` needs: a server in the shape of the venue's, a storing process, and some trades recorded live. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ORIGIN } from '../../../src/tick/trades.ts'
import { tradesOf } from '../data/trades.ts'
import { zipOf } from '../data/zip-file.ts'
import type { ExpectedTrade } from '../judges/oracle.ts'
import { TestInstance, type TestProcess } from './tickhouse.ts'

export const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
const DAY_MS = 86_400_000
const dayOf = (before: number) =>
  new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - before * DAY_MS).toISOString().slice(0, 10)
export const [EARLIER, YESTERDAY] = [dayOf(2), dayOf(1)]
/** Ids of a day rise from these; the next day goes on where it ends. */
export const PER_DAY = 30_000
export const FIRST = 5_000_000
export const firstOf = (day: string) => FIRST + (day === EARLIER ? 0 : PER_DAY)

export const priceOf = (id: number) => (6_000_000 + ((id * 7_919) % 100_000)) / 100
export const volumeOf = (id: number) => (1 + ((id * 104_729) % 1_000_000)) / 100_000
export const sideOf = (id: number) => (id % 3 === 0 ? 'buy' : 'sell')
/** µs since 1970 UTC: spread over the days. */
export const microsOf = (id: number) =>
  Date.parse(EARLIER) * 1000 + Math.floor(((id - FIRST) * DAY_MS * 1000) / PER_DAY) + (id % 1000)

export const ids = (first: number, count: number) => Array.from({ length: count }, (_, at) => first + at)
export const lineOf = (id: number) =>
  `${id},${priceOf(id)},${volumeOf(id)},1,${microsOf(id)},${sideOf(id) === 'buy' ? 'False' : 'True'},True`
export const fileOf = (day: string) => ids(firstOf(day), PER_DAY).map(lineOf)

/** Serves `/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-<day>.zip` and its checksum. */
export async function publish(t: TestContext, files: Record<string, readonly string[]>, checksum?: string) {
  /** Requests of bodies. */
  const requested: string[] = []
  /** The day whose body is sent by half, and then no more. */
  const stalled: { day?: string } = {}
  const zips = new Map(
    Object.entries(files).map(([day, lines]) => [
      `/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-${day}.zip`,
      zipOf(`${lines.join('\n')}\n`),
    ]),
  )
  const server = http.createServer((request, response) => {
    if (request.method === 'GET') requested.push(request.url!)
    const zip = zips.get(request.url!.replace(/\.CHECKSUM$/, ''))
    if (!zip) return response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
    if (stalled.day !== undefined && request.url!.includes(stalled.day))
      return response.writeHead(200, { 'content-length': zip.length }).write(zip.subarray(0, zip.length / 2))
    if (!request.url!.endsWith('.CHECKSUM')) return response.writeHead(200, { 'content-length': zip.length }).end(zip)
    return response.end(`${checksum ?? createHash('sha256').update(zip).digest('hex')}  day.zip\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close().closeAllConnections())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requested, stalled }
}

/** A storing process, on a log with trades that were recorded live. */
export async function storing(t: TestContext, live: readonly number[]) {
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

export interface Started {
  instance: TestInstance
  ingest: TestProcess
}

/** Runs the command in the directory of an instance, with an environment that has no setting. */
export function run({ directory }: TestInstance, words: readonly string[]) {
  return spawn(process.execPath, [CLI, 'backfill', ...words], { cwd: directory, env: { PATH: process.env.PATH } })
}

/** Its exit code and what it printed. */
export async function outcome(child: ReturnType<typeof run>) {
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()])
  const [status] = await closed
  return { status, output: stdout.join(''), errors: stderr.join('') }
}

export async function start({ instance, ingest }: Started, url: string, from = EARLIER, more: readonly string[] = []) {
  const { host } = new URL(await ingest.url())
  return run(instance, ['binance:BTCUSDT', '--from', from, '--url', url, '--listen', host, ...more])
}

export async function backfill(started: Started, url: string, from?: string, more?: readonly string[]) {
  return outcome(await start(started, url, from, more))
}

/** Ends the storing process: what is stored. */
export async function stored({ instance, ingest }: Started) {
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
export const LIVE = [
  ...ids(firstOf(YESTERDAY) + 20_000, 4_000),
  ...ids(firstOf(YESTERDAY) + 24_007, 3_000),
  ...ids(firstOf(YESTERDAY) + 29_500, 1_000),
]
export const textOf = (id: number) => [id, priceOf(id), volumeOf(id), sideOf(id), microsOf(id)].join(' ')

export function assertWhole({ trades, gaps, refused }: Awaited<ReturnType<typeof stored>>) {
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
