import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { type Config, parseConfig } from '../../src/config.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import { Reprocessor } from '../../src/ingest/reprocess/reprocess.ts'
import type { OpenLog } from '../../src/log/log.ts'
import { openLog } from '../../src/log/open.ts'
import { limitsOf, venuesOf } from '../../src/modes/ingest-settings.ts'
import { IngestTelemetry } from '../../src/serve/http/ingest-telemetry.ts'
import { Page } from '../../src/serve/page/page.ts'
import { decodeAgain } from '../../src/sources/decode-again.ts'
import { LocalIngest } from '../../src/status/local-ingest.ts'
import { Journal } from '../../src/telemetry/journal.ts'
import { conditionsOf } from '../../src/watch/alerts/conditions.ts'
import { hourOfTicks } from '../../src/watch/alerts/gap-model.ts'
import { InstanceClient, NoAnswer } from '../../src/watch/instance-client.ts'
import { openTestStore, type TestStore } from '../support/data/storage.ts'
import { DAY_MS, HOUR_MS } from '../support/data/tick-times.ts'
import { HttpReceiver } from '../support/servers/alert-receivers.ts'

const MINUTE_MS = 60_000
/** Longer than any answer takes on a busy machine. */
const WAIT_MS_MAX = 60_000

const TOKEN = 'a-token-of-the-tests'
const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS

let house: TestStore
let log: OpenLog
let storing: Ingest
let page: Page
const journal = new Journal('test', 'error', 'text')
const servers: FastifyInstance[] = []
let client: InstanceClient
let url: string

before(async () => {
  house = await openTestStore()
  log = await openLog(`sqlite:${path.join(house.directory, 'log')}`, 'write')
  const config: Config = { ...parseConfig({}, {}), LISTEN: '127.0.0.1:0', TOKEN }
  const { store } = house
  const { emit } = journal
  const venues = venuesOf(config)
  storing = new Ingest({
    limits: limitsOf(config),
    venues,
    log,
    store,
    emit,
  })
  page = new Page({ log, store, ingest: new LocalIngest(storing, log), archive: () => null, journal })
  page.follow(storing)
  const self = { version: '0', process: 'ingest', instance: 'here', startedAtMs: Date.now() }
  const observing = new IngestTelemetry({
    self,
    store,
    storing,
    report: page.report,
    refusedRequests: page.refusedRequests,
    archiver: null,
    journal,
    keepDays: 1,
    forRecorder: false,
  })
  page.start()
  storing.start()
  const reprocessor = new Reprocessor({ log, store, storing, venues, reread: decodeAgain, emit })
  const server = await page.listen({ listen: config.LISTEN, token: config.TOKEN }, observing.forServer, {
    reprocessor,
    runExclusive: work => storing.runExclusive(work),
    reading: storing,
  })
  servers.push(server)
  url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  client = new InstanceClient(url, TOKEN, WAIT_MS_MAX)
})

after(async () => {
  await page.close()
  await Promise.all(servers.map(server => server.close()))
  await storing.stop()
  await log.close()
  await house.remove()
})

const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const micros = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '000')

let offset = 0
/** Stores ticks received at these times, and logged then, of a venue whose clock is behind by so much. */
async function store(
  symbol: string,
  times: readonly number[],
  { behindMs = 40, origin = 'live' }: { behindMs?: number; origin?: string } = {},
): Promise<void> {
  if (times.length === 0) return
  await house.store.insertRows(
    'trades',
    times.map(ms => ({
      venue: 'binance',
      symbol,
      timestamp: micros(ms - behindMs),
      received_at: micros(ms),
      price: 1,
      volume: 1,
      side: 'buy',
      trade_id: offset,
      origin,
      log_partition: 0,
      log_offset: offset++,
      log_index: 0,
      logged_at: '2026-11-25 00:00:00',
      log_day: day(ms),
    })),
  )
}

test('the health is that of the instance', async () => {
  const health = await client.health()
  assert.equal(health.instance, 'here')
  assert.deepEqual(Object.keys(health.stations).sort(), ['archive', 'ingest', 'log', 'sources', 'store'])
})

test('an instance that seals nothing has no checkpoint to cosign', async () => {
  assert.equal(await client.checkpoint(0), null)
})

test('the health of an older instance names what it follows as text', async t => {
  const health = await client.health()
  const receiver = await HttpReceiver.open(t)
  const { builtInVenues: _, ...older } = { ...health, following: ['binance:BTCUSDT,ETHUSDT simulator:A?rate=5'] }
  receiver.answer = response => response.end(JSON.stringify(older))
  assert.deepEqual(await new InstanceClient(receiver.url, undefined, WAIT_MS_MAX).health(), {
    ...health,
    following: [
      { venue: 'binance', symbols: ['BTCUSDT', 'ETHUSDT'] },
      { venue: 'simulator', symbols: ['A'] },
    ],
    builtInVenues: [],
  })
})

test('the hourly summaries of the store equal those of hourOfTicks', async () => {
  let round = 0
  const clock = fc.integer({ min: -14 * MINUTE_MS, max: 14 * MINUTE_MS })
  const offsets = fc.array(fc.oneof(fc.integer({ min: 0, max: HOUR_MS - 1 }), fc.integer({ min: 0, max: 2_000 })), {
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 47 }), clock, offsets, offsets, async (back, behindMs, some, others) => {
      const hourMs = TODAY_MS - HOUR_MS - back * HOUR_MS
      const wanted = [some, others].flatMap((each, index) => {
        const times = each.map(ms => hourMs + ms).sort((a, b) => a - b)
        return times.length === 0 ? [] : [{ symbol: `R${round}-${index}`, times }]
      })
      for (const { symbol, times } of wanted) await store(symbol, times.toReversed(), { behindMs })
      // Neighbours on both sides are no part of it.
      for (const ms of [hourMs - 1, hourMs + HOUR_MS]) await store(`R${round}-next`, [ms], { behindMs })
      if (wanted[0]) await store(wanted[0].symbol, [hourMs + 1_234], { origin: 'repair' })
      const hours = (await client.hour(hourMs)).filter(({ symbol }) => symbol.startsWith(`R${round}-`))
      round++
      assert.deepEqual(
        hours,
        wanted.map(({ symbol, times }) => ({ venue: 'binance', symbol, ...hourOfTicks(hourMs, times) })),
      )
    }),
    { numRuns: 30 },
  )
})

test('the newest tick of a symbol is the one received last, also with a venue clock behind or ahead', async () => {
  const nowMs = Date.now()
  await store('N-1', [nowMs - 90_000, nowMs - 30_000, nowMs - 60_000])
  await store('N-behind', [nowMs - 70_000, nowMs - 10_000], { behindMs: 5 * MINUTE_MS })
  await store('N-ahead', [nowMs - 20_000], { behindMs: -23_000 })
  await store('N-old', [nowMs - HOUR_MS])
  await store('N-fetched', [nowMs - 50_000])
  await store('N-fetched', [nowMs - 1_000], { origin: 'repair', behindMs: MINUTE_MS })
  const newest = (await client.newestTicks(nowMs - 600_000)).filter(({ symbol }) => symbol.startsWith('N-'))
  assert.deepEqual(newest, [
    { venue: 'binance', symbol: 'N-1', newestMs: nowMs - 30_000 },
    { venue: 'binance', symbol: 'N-ahead', newestMs: nowMs - 20_000 },
    { venue: 'binance', symbol: 'N-behind', newestMs: nowMs - 10_000 },
    { venue: 'binance', symbol: 'N-fetched', newestMs: nowMs - 50_000 },
  ])
})

test('of strategies on paper, those of live runs that a limit switched off, a daily loss only on its day, and those whose models drifted in the last 25 hours', async () => {
  const nowMs = Date.now()
  const text = (ms: number) => new Date(ms).toISOString().replace('T', ' ').slice(0, 23)
  const run = (name: string, mode: string, ...states: string[]) =>
    states.map((state, at) => ({
      ...{ run: name, strategy: 's', portfolio: `of ${name}`, mode, state },
      written_at: text(nowMs - 10_000 + at * 1_000),
    }))
  const limit = (name: string, action: string, atMs = nowMs, strategy = 's') => ({
    ...{ run: name, strategy, at: text(atMs), limit_name: 'drawdown', value: 0.2, bound: 0.1, action },
  })
  const drift = (name: string, feature: string, atMs: number, value: number) => ({
    ...{
      run: name,
      strategy: 'ml',
      at: text(atMs),
      limit_name: `drift ${feature}`,
      value,
      bound: 0.25,
      action: 'reported',
    },
  })
  await house.store.insertRows('lab_runs', [
    ...run('live', 'live', 'running'),
    ...run('over', 'live', 'running', 'ended'),
    ...run('past', 'run', 'ended'),
  ])
  await house.store.insertRows('lab_limits', [
    limit('live', 'flattened, off', nowMs - 2 * DAY_MS),
    limit('live', 'order refused', nowMs, 'refused'),
    limit('live', 'flattened, off for the day', TODAY_MS - 1, 'yesterday'),
    limit('live', 'flattened, off for the day', TODAY_MS, 'today'),
    ...['over', 'past', 'unknown'].map(name => limit(name, 'flattened, off')),
    drift('live', 'flow', nowMs - 2 * HOUR_MS, 0.9),
    drift('live', 'flow', nowMs - HOUR_MS, 0.5),
    drift('live', 'probability', nowMs - 24 * HOUR_MS, 0.75),
    drift('live', 'spread_bps', nowMs - 26 * HOUR_MS, 0.9),
    ...['over', 'past', 'unknown'].map(name => drift(name, 'flow', nowMs, 0.9)),
  ])
  assert.deepEqual(await client.drifted(nowMs), [
    {
      ...{ portfolio: 'of live', strategy: 'ml', bound: 0.25, atMs: nowMs - HOUR_MS },
      features: [
        { name: 'flow', index: 0.5 },
        { name: 'probability', index: 0.75 },
      ],
    },
  ])
  const off = await client.switchedOff(nowMs)
  assert.deepEqual(
    off.map(({ portfolio, strategy, limit: name, value, bound, atMs }) => [
      portfolio,
      strategy,
      name,
      value,
      bound,
      atMs,
    ]),
    [
      ['of live', 's', 'drawdown', 0.2, 0.1, nowMs - 2 * DAY_MS],
      ['of live', 'today', 'drawdown', 0.2, 0.1, TODAY_MS],
    ],
  )
})

test('live runs whose newest verification found a difference, for a week', async () => {
  const nowMs = Date.now()
  const text = (ms: number) => new Date(ms).toISOString().replace('T', ' ').slice(0, 23)
  const verification = (run: string, difference: string, atMs: number) => ({
    ...{ run, difference, at: text(atMs), until: text(atMs), equal: 5, only_stored: 1, only_replayed: 0, program: '' },
  })
  const runs = ['differs', 'corrected', 'older'].map(run => ({ run, mode: 'live' }))
  await house.store.insertRows(
    'lab_runs',
    [...runs, { run: 'stored', mode: 'run' }].map(each => ({
      ...{ ...each, strategy: 's', portfolio: `of ${each.run}`, state: 'ended', written_at: text(nowMs) },
    })),
  )
  await house.store.insertRows('lab_verifications', [
    verification('differs', '', nowMs - 2 * DAY_MS),
    verification('differs', 'lab_fills: 1 only stored', nowMs - DAY_MS),
    verification('corrected', 'lab_fills: 1 only stored', nowMs - DAY_MS),
    verification('corrected', '', nowMs - 1_000),
    verification('older', 'lab_fills: 1 only stored', nowMs - 8 * DAY_MS),
    verification('stored', 'lab_fills: 1 only stored', nowMs - 1_000),
  ])
  assert.deepEqual(await client.differing(nowMs), [
    { run: 'differs', portfolio: 'of differs', difference: 'lab_fills: 1 only stored', atMs: nowMs - DAY_MS },
  ])
})

test('live runs of which a day was not verified within 25 hours of its end, for 30 days', async () => {
  const HOUR_MS = DAY_MS / 24
  const midnight = Date.UTC(2027, 5, 10)
  const text = (ms: number) => new Date(ms).toISOString().replace('T', ' ').slice(0, 23)
  // Hours before midnight: when it began, until when it was played, until when it was verified.
  const runs: [string, number, number, number?][] = [
    ['never', 4, 1],
    ['paused later', 100, 1, 10],
    ['verified', 100, 1, 1 + 0.01],
    ['of today', 100, -2, -1],
    ['old', 40 * 24, 39 * 24],
    ['stored', 4, 1],
  ]
  for (const [run, began, played, verified] of runs) {
    const row = { run, strategy: 's', portfolio: 'p', mode: run === 'stored' ? 'run' : 'live', state: 'running' }
    const times = { began_at: text(midnight - began * HOUR_MS), until: text(midnight - played * HOUR_MS) }
    await house.store.insertRows('lab_runs', [{ ...row, ...times, written_at: times.until }])
    if (verified !== undefined)
      await house.store.insertRows('lab_verifications', [
        ...[began, verified].map(hours => ({ run, at: times.until, until: text(midnight - hours * HOUR_MS) })),
      ])
  }
  const own = async (nowMs: number) => (await client.unverified(nowMs)).filter(({ portfolio }) => portfolio === 'p')
  assert.deepEqual(await own(midnight + 25 * HOUR_MS - 1), [])
  const dueMs = midnight + 25 * HOUR_MS
  const expected = { portfolio: 'p', playedUntilMs: midnight - HOUR_MS, dueMs }
  assert.deepEqual(await own(dueMs), [
    { ...expected, run: 'never', verifiedUntilMs: midnight - 4 * HOUR_MS },
    { ...expected, run: 'paused later', verifiedUntilMs: midnight - 10 * HOUR_MS },
  ])
  assert.deepEqual(await own(dueMs + 30 * DAY_MS), [
    {
      ...expected,
      run: 'of today',
      playedUntilMs: midnight + 2 * HOUR_MS,
      verifiedUntilMs: midnight + HOUR_MS,
      dueMs: dueMs + DAY_MS,
    },
  ])
})

test('symbol names are returned unchanged', async () => {
  const name = `Q'"\\\n\t\u0000é💥`
  await store(name, [Date.now() - 1_000])
  const names = (await client.newestTicks(Date.now() - 600_000)).map(({ symbol }) => symbol)
  assert.ok(names.includes(name), JSON.stringify(names))
})

describe('throws NoAnswer with a reason and what to do', () => {
  const refusedBy = async (
    other: InstanceClient,
    pattern: RegExp,
    ask: (house: InstanceClient) => Promise<unknown>,
  ) => {
    await assert.rejects(ask(other), error => {
      assert.ok(error instanceof NoAnswer, String(error))
      assert.match(error.message, pattern)
      assert.doesNotMatch(error.message, new RegExp(TOKEN))
      return true
    })
  }
  const health = (other: InstanceClient) => other.health()
  const newest = (other: InstanceClient) => other.newestTicks(Date.now())

  test('without the token', async () => {
    await refusedBy(new InstanceClient(url, undefined, WAIT_MS_MAX), /set TICKHOUSE_TOKEN/, health)
    await refusedBy(new InstanceClient(url, undefined, WAIT_MS_MAX), /\/api\/query answered with status 403/, newest)
  })
  test('with a wrong token', async () => {
    await refusedBy(new InstanceClient(url, 'guessed', WAIT_MS_MAX), /compare TICKHOUSE_TOKEN/, health)
    await refusedBy(new InstanceClient(url, 'guessed', WAIT_MS_MAX), /\/api\/query answered with status 403/, newest)
  })
  test('if another program answers', async t => {
    const other = await HttpReceiver.open(t)
    for (const text of ['ok', '{}', '[]', 'null', '{"state":"ok"}']) {
      other.answer = response => response.end(text)
      await refusedBy(
        new InstanceClient(other.url, TOKEN, WAIT_MS_MAX),
        /compare TICKHOUSE_TOKEN and the versions/,
        health,
      )
    }
    other.answer = response => response.end('<html>')
    await refusedBy(new InstanceClient(other.url, TOKEN, WAIT_MS_MAX), /unreadable answer to a query: <html>/, newest)
    other.answer = response => response.writeHead(404).end('x'.repeat(10_000))
    await refusedBy(
      new InstanceClient(other.url, TOKEN, WAIT_MS_MAX),
      /^\/health answered with status 404: x{300}$/,
      health,
    )
  })
  test('if nothing listens', async () => {
    const gone = net.createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const { port } = gone.address() as AddressInfo
    gone.close()
    await once(gone, 'close')
    await refusedBy(new InstanceClient(`http://127.0.0.1:${port}`, TOKEN), /ECONNREFUSED/, health)
  })
  test('if the answer is cut off', async t => {
    const other = await HttpReceiver.open(t)
    other.answer = response => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"state":')
      setImmediate(() => response.destroy())
    }
    await refusedBy(new InstanceClient(other.url, TOKEN, WAIT_MS_MAX), /cut off/, health)
  })
  test('if the instance hangs, before and during its answer', async t => {
    const other = await HttpReceiver.open(t)
    other.answer = () => {}
    await refusedBy(new InstanceClient(other.url, TOKEN, 300), /no answer within 0.3 s/, health)
    other.answer = response => response.writeHead(200).write('{')
    await refusedBy(new InstanceClient(other.url, TOKEN, 3_000), /cut off/, health)
  })
})

test('sends a report to the instance, which accepts the longest possible alert', async () => {
  const gone = { url: `http://${'h'.repeat(3_000)}`, failure: '💥'.repeat(4_000) }
  const nowMs = Date.now()
  const [condition] = conditionsOf({ nowMs, instance: gone, processes: [], references: { tried: 0, reached: 0 } })
  const { name, severity, title, what, affected, next, page: docs } = condition!
  const open = [{ name, severity, title, what, affected, next, page: docs, sinceMs: nowMs, silencedUntilMs: null }]
  const report = { watcher: 'w', startedAtMs: 1, atMs: nowMs, open, availability: [] }
  const { watchReports } = page
  const { version } = watchReports
  await client.report(report)
  assert.equal(watchReports.version, version + 1)
  await assert.rejects(new InstanceClient(url, 'guessed', WAIT_MS_MAX).report(report), NoAnswer)
})
