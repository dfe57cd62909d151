/** Lists of instruments read over a real HTTP server, compared, and their changes in a real log. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { LoggedRecord, OpenLog } from '../../../src/log/log.ts'
import { openLog } from '../../../src/log/open.ts'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { appendChanges } from '../../../src/sources/instruments/append-changes.ts'
import { InstrumentChanges } from '../../../src/sources/instruments/instrument-changes.ts'
import { InstrumentLists } from '../../../src/sources/instruments/instrument-lists.ts'
import { INSTRUMENTS } from '../../../src/tick/kinds.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { NO_LIST } from '../../../src/venues/instruments.ts'
import { okx } from '../../../src/venues/okx/decode.ts'
import type { Venue } from '../../../src/venues/venue.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { ListServer } from '../../support/servers/list-server.ts'

const TIMEOUT = { timeout: 300_000 }
const SHORT: Timings = { ...TIMINGS, symbolListMsMax: 2_000, symbolListRetryMs: 20, symbolListApartMs: 0 }

/** Symbols of Binance that trade, and those in another state after a colon. */
const info = (...symbols: string[]) =>
  JSON.stringify({
    symbols: symbols.map(text => {
      const [symbol, status = 'TRADING'] = text.split(':')
      return { symbol, status, baseAsset: symbol!.slice(0, 3), quoteAsset: 'USDT' }
    }),
  })

async function openedLog(t: TestContext): Promise<OpenLog> {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-test-'))
  const log = await openLog(`sqlite:${directory}`, 'write')
  t.after(async () => {
    await log.close()
    rmSync(directory, { recursive: true })
  })
  return log
}

/** Reads a venue's list until the test ends or `close`, and writes its changes to the log. */
function follow(
  log: Pick<OpenLog, 'append' | 'partitionsOf' | 'announce' | 'announcements' | 'unreachableSinceMs'>,
  rest: string,
  options: { venue?: Venue; everyMs?: number; nowMs?: () => number; timings?: Timings } = {},
) {
  const { venue = binance, everyMs = 60_000, nowMs = Date.now, timings = SHORT } = options
  const events = new EventLog()
  const changes = new InstrumentChanges({
    board: log,
    append: (venue, found, atMs) => appendChanges(log, venue, found, atMs),
    emit: events.emit,
    nowMs,
  })
  const lists = new InstrumentLists({
    subscriptions: [{ venue, symbols: [], kinds: [], ws: '', rest }],
    everyMs,
    emit: events.emit,
    timings,
    onListed: async ({ name }, listed) => {
      const compared = changes.compare(name, listed)
      return compared === undefined || !(await changes.record(compared))
    },
  })
  const timesRead = () => events.named('instruments_found').length + events.named('instruments_read').length
  const read = async (times = 1) => {
    while (timesRead() < times) await new Promise(resolve => setTimeout(resolve, 5))
  }
  return { events, lists, read, timesRead }
}

/** Every change in the log, as `change symbol status`. */
async function loggedChanges(log: OpenLog): Promise<string[]> {
  const records: LoggedRecord[] = []
  for (let offset = 0; offset < log.bounds(0).next; offset++) records.push((await log.record(0, offset))!)
  assert.ok(records.every(({ kind, format }) => kind === 'instruments' && format === 'native'))
  return records.flatMap(({ payload }) => {
    const { length, words, codes } = INSTRUMENTS.decode(payload)
    const text = (name: 'change' | 'symbol' | 'status', row: number) => words[name].words[codes[name][row]!]!
    return Array.from({ length }, (_, row) => [text('change', row), text('symbol', row), text('status', row)].join(' '))
  })
}

test('the first list is logged whole, then only changes, and a restart repeats nothing', TIMEOUT, async t => {
  const log = await openedLog(t)
  let answer = info('BTCUSDT', 'ETHUSDT', 'XMRUSDT:BREAK')
  const rest = await ListServer.open(t, response => response.end(answer))
  const first = follow(log, rest.url, { everyMs: 5 })
  await first.read(3)
  const found = ['found BTCUSDT trading', 'found ETHUSDT trading', 'found XMRUSDT BREAK']
  assert.deepEqual(await loggedChanges(log), found)

  answer = info('BTCUSDT:HALT', 'XMRUSDT', 'SOLUSDT')
  await first.read(first.timesRead() + 2)
  await first.lists.close()
  const changed = [
    'halted BTCUSDT HALT',
    'delisted ETHUSDT delisted',
    'listed SOLUSDT trading',
    'resumed XMRUSDT trading',
  ]
  assert.deepEqual(await loggedChanges(log), [...found, ...changed])
  const { events } = first
  assert.deepEqual(events.named('instrument_listed'), [{ venue: 'binance', count: 1, symbols: 'SOLUSDT' }])
  assert.deepEqual(events.named('instrument_delisted'), [{ venue: 'binance', count: 1, symbols: 'ETHUSDT' }])
  assert.deepEqual(events.named('instrument_halted'), [{ venue: 'binance', count: 1, symbols: 'BTCUSDT (HALT)' }])
  assert.deepEqual(events.named('instrument_resumed'), [{ venue: 'binance', count: 1, symbols: 'XMRUSDT' }])

  const second = follow(log, rest.url)
  await second.read()
  await second.lists.close()
  assert.deepEqual(await loggedChanges(log), [...found, ...changed])
  assert.deepEqual(second.events.named('instrument_listed'), [])
})

test('hundreds of listings are one line, and rows of their own', TIMEOUT, async t => {
  const log = await openedLog(t)
  let answer = info('BTCUSDT')
  const rest = await ListServer.open(t, response => response.end(answer))
  const { events, lists, read } = follow(log, rest.url, { everyMs: 5 })
  await read()
  answer = info('BTCUSDT', ...Array.from({ length: 7_000 }, (_, index) => `S${10_000 + index}USDT`))
  await events.next('instrument_listed')
  await lists.close()
  const [{ count, symbols }] = events.named('instrument_listed') as [{ count: number; symbols: string }]
  assert.equal(count, 7_000)
  assert.match(symbols, /^S10000USDT, S10001USDT, .* and 6990 more$/)
  assert.equal((await loggedChanges(log)).length, 7_001)
})

test('a list that lacks more than half is read once more before it is believed', TIMEOUT, async t => {
  const log = await openedLog(t)
  const whole = Array.from({ length: 40 }, (_, index) => `S${index}USDT`)
  let answer = info(...whole)
  const rest = await ListServer.open(t, response => response.end(answer))
  const { events, lists, read, timesRead } = follow(log, rest.url, { everyMs: 5 })
  await read()
  const before = rest.requested.length
  answer = info(...whole.slice(0, 3))
  await events.next('symbols_unchecked')
  answer = info(...whole)
  await read(timesRead() + 1)
  assert.ok(rest.requested.length > before)
  assert.equal((await loggedChanges(log)).length, 40)
  answer = info(...whole.slice(0, 3))
  await events.next('instrument_delisted')
  await lists.close()
  assert.equal((await loggedChanges(log)).length, 77)
})

test('nothing is kept that the log did not take: the changes are written with the next list', TIMEOUT, async t => {
  const log = await openedLog(t)
  const rest = await ListServer.open(t, response => response.end(info('BTCUSDT')))
  let fails = 2
  const failing = {
    append: (partition: number, records: Parameters<OpenLog['append']>[1]) =>
      fails-- > 0 ? Promise.reject(new Error('no space left')) : log.append(partition, records),
    partitionsOf: (kind: string) => log.partitionsOf(kind),
    announce: (key: string, body: unknown) => log.announce(key, body),
    announcements: (prefix?: string) => log.announcements(prefix),
    unreachableSinceMs: () => null,
  }
  const { events, lists, read } = follow(failing, rest.url)
  await read()
  await lists.close()
  assert.deepEqual(events.named('instruments_unstored'), [
    { venue: 'binance', why: 'no space left' },
    { venue: 'binance', why: 'no space left' },
  ])
  assert.deepEqual(await loggedChanges(log), ['found BTCUSDT trading'])
})

test(
  'a status board that cannot be written is reported, and its list is not needed until a restart',
  TIMEOUT,
  async t => {
    const log = await openedLog(t)
    const rest = await ListServer.open(t, response => response.end(info('BTCUSDT')))
    const unwritable = {
      append: (partition: number, records: Parameters<OpenLog['append']>[1]) => log.append(partition, records),
      partitionsOf: (kind: string) => log.partitionsOf(kind),
      announce: () => Promise.reject(new Error('no broker')),
      announcements: (prefix?: string) => log.announcements(prefix),
      unreachableSinceMs: () => null,
    }
    const { events, lists, read } = follow(unwritable, rest.url, { everyMs: 5 })
    await read(3)
    await lists.close()
    assert.deepEqual(events.named('instruments_unkept')[0], { venue: 'binance', why: 'no broker' })
    assert.deepEqual(await loggedChanges(log), ['found BTCUSDT trading'])
  },
)

test('a clock that was set back leaves no list before the last one', TIMEOUT, async t => {
  const log = await openedLog(t)
  let nowMs = 1_790_000_000_000
  const rest = await ListServer.open(t, response => response.end(info('BTCUSDT')))
  const { lists, read } = follow(log, rest.url, { everyMs: 5, nowMs: () => (nowMs -= 1_000) })
  await read(3)
  await lists.close()
  const [kept] = log.announcements('instruments ')
  assert.equal((kept!.body as { readMs: number }).readMs, 1_789_999_999_000)
})

test('requests of one list are sent one after the other, apart from each other', TIMEOUT, async t => {
  const log = await openedLog(t)
  const answer = (type: string) =>
    JSON.stringify({ code: '0', data: [{ instType: type, instId: `BTC-${type}`, state: 'live' }] })
  const rest = await ListServer.open(t, (response, request) => response.end(answer(request.url!.split('=')[1]!)))
  const { lists, read } = follow(log, rest.url, { venue: okx, timings: { ...SHORT, symbolListApartMs: 300 } })
  await read()
  await lists.close()
  assert.deepEqual(
    rest.requested.map(({ url }) => url.split('instType=')[1]),
    ['SPOT', 'SWAP', 'FUTURES'],
  )
  for (const [index, { atMs }] of rest.requested.entries())
    if (index > 0) assert.ok(atMs - rest.requested[index - 1]!.atMs >= 200)
  assert.deepEqual(await loggedChanges(log), [
    'found BTC-FUTURES trading',
    'found BTC-SPOT trading',
    'found BTC-SWAP trading',
  ])
})

test(
  'venues at one host share its limits: requests apart from each other, and none while it wants none',
  TIMEOUT,
  async t => {
    const rest = await ListServer.open(t, response => {
      if (rest.requested.length === 1) response.writeHead(429, { 'Retry-After': '1' }).end()
      else response.end(info('BTCUSDT'))
    })
    const events = new EventLog()
    const listed: string[] = []
    const common = { symbols: [], kinds: [], ws: '', rest: rest.url }
    const lists = new InstrumentLists({
      subscriptions: ['a', 'b', 'c'].map(name => ({ ...common, venue: { ...binance, name } })),
      everyMs: 60_000,
      emit: events.emit,
      timings: { ...SHORT, symbolListApartMs: 600 },
      onListed: async ({ name }) => {
        listed.push(name)
        return false
      },
    })
    t.after(() => lists.close())
    while (listed.length < 3) await new Promise(resolve => setTimeout(resolve, 5))
    const at = rest.requested.map(({ atMs }) => atMs)
    for (const [index, atMs] of at.entries()) if (index > 0) assert.ok(atMs - at[index - 1]! >= 400, `${at}`)
    assert.ok(at[1]! - at[0]! >= 900, `${at}`)
    assert.deepEqual(
      events.named('symbols_unchecked').map(({ venue }) => venue),
      ['a'],
    )
  },
)

test('a venue without a list, or without an address of one, is reported once', TIMEOUT, async t => {
  const events = new EventLog()
  const withoutList = { ...binance, name: 'nolist', instruments: NO_LIST }
  const common = { symbols: [], kinds: [], ws: '' }
  const lists = new InstrumentLists({
    subscriptions: [
      { ...common, venue: withoutList, rest: 'http://127.0.0.1:1' },
      { ...common, venue: binance },
    ],
    everyMs: 5,
    emit: events.emit,
    onListed: async () => false,
  })
  t.after(() => lists.close())
  await new Promise(resolve => setTimeout(resolve, 30))
  assert.deepEqual(events.named('symbols_uncheckable'), [
    { venue: 'nolist', why: 'none is public' },
    { venue: 'binance', why: 'no REST address is set' },
  ])
})

test('closing does not wait for a log that never answers', TIMEOUT, async t => {
  const rest = await ListServer.open(t, (response: ServerResponse) => response.end(info('BTCUSDT')))
  const events = new EventLog()
  const asked = Promise.withResolvers<void>()
  const lists = new InstrumentLists({
    subscriptions: [{ venue: binance, symbols: [], kinds: [], ws: '', rest: rest.url }],
    everyMs: 5,
    emit: events.emit,
    timings: SHORT,
    onListed: () => {
      asked.resolve()
      return new Promise(() => {})
    },
  })
  await asked.promise
  await lists.close()
})
