/** Waits that a server requests are kept, and the reported wait is the real one: real sockets, monotonic time. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { openFeeds } from '../../../src/sources/feeds.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { coinbase } from '../../../src/venues/coinbase/decode.ts'
import type { Venue } from '../../../src/venues/venue.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'

const QUICK: Timings = {
  ...TIMINGS,
  backoffMsMin: 10,
  backoffFirstMs: 20,
  backoffMsMax: 50,
  rateLimitedMs: 700,
  bannedMs: 900,
  regionRefusedMs: 800,
  addressRefusedMs: 600,
  accountRefusedMs: 700,
}
const TIMEOUT = { timeout: 300_000 }
/** Timers may fire this much early against another clock. */
const EARLY_MS = 10

function follow(t: TestContext, venue: Venue, ws: string, symbols = [venue.defaultSymbols[0]!]) {
  const events = new EventLog()
  const feeds = openFeeds([{ venue, symbols, kinds: ['trades'], ws }], new CollectingReceiver(), events.emit, QUICK)
  t.after(() => feeds.close())
  return { feeds, events }
}

const inOneSecond = () => new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString()
const REFUSALS = [
  { status: 429, headers: { 'Retry-After': '1' }, event: 'rate_limited', waitMs: 1000 },
  { status: 429, headers: {}, event: 'rate_limited', waitMs: 700 },
  { status: 418, headers: {}, event: 'rate_limited', waitMs: 900 },
  {
    status: 418,
    headers: {},
    body: () => `{"code":-1003,"msg":"Way too much request weight used; IP banned until ${Date.now() + 3_500}."}`,
    event: 'rate_limited',
    waitMs: 1200,
  },
  { status: 503, headers: { 'Retry-After': '1' }, event: 'connection_refused', waitMs: 1000 },
  { status: 502, headers: { 'retry-after': inOneSecond }, event: 'connection_refused', waitMs: 900 },
  { status: 451, headers: {}, event: 'region_refused', waitMs: 800 },
  { status: 401, headers: {}, event: 'account_refused', waitMs: 700 },
  { status: 403, headers: {}, event: 'address_refused', waitMs: 600 },
  { status: 403, headers: { 'Retry-After': '1' }, event: 'address_refused', waitMs: 1000 },
] as const
for (const { status, headers, event, waitMs, ...rest } of REFUSALS) {
  const said = 'body' in rest ? 'the end of a ban' : (Object.values(headers)[0] ?? 'no time')
  test(
    `HTTP ${status} with ${typeof said === 'function' ? 'a date' : said}: ${event}, and left alone so long`,
    TIMEOUT,
    async t => {
      const server = await LocalVenue.open(t)
      const stated = Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'function' ? value() : value,
      ])
      const dated = { Date: new Date().toUTCString(), ...Object.fromEntries(stated) }
      server.refuseWith = { status, headers: dated, ...('body' in rest && { body: rest.body() }) }
      const visit = server.visit()
      const { events } = follow(t, coinbase, server.url)
      const told = await events.next(event)
      assert.ok(Number(told.waitMs) >= waitMs, `reported ${told.waitMs} ms`)
      server.refuseWith = undefined
      const { atMs } = await visit
      assert.equal(server.refusedAtMs.length, 1)
      const waitedMs = atMs - server.refusedAtMs[0]!
      assert.ok(waitedMs >= Number(told.waitMs) - EARLY_MS, `waited ${waitedMs} of ${told.waitMs} ms`)
    },
  )
}

test('HTTP 500 without a requested wait is retried soon', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  server.refuseWith = { status: 500, headers: {} }
  const { events } = follow(t, coinbase, server.url)
  for (let tries = 0; tries < 3; tries++) assert.ok(Number((await events.next('connection_refused')).waitMs) <= 50)
})

for (const [code, reason] of [
  [1008, 'Too many requests'],
  [1008, ''],
  [4029, 'rate limit exceeded'],
] as const) {
  test(`a close with ${code} "${reason}" counts as HTTP 429`, TIMEOUT, async t => {
    const server = await LocalVenue.open(t)
    server.onVisit = ({ socket }) => socket.close(code, reason)
    const { events } = follow(t, coinbase, server.url)
    const told = await events.next('rate_limited')
    await server.visit()
    const [first, second] = server.visits
    assert.ok(Number(told.waitMs) >= 700)
    assert.ok(second!.atMs - first!.atMs >= 700 - EARLY_MS)
  })
}

for (const [code, reason] of [
  [1008, 'Invalid request'],
  [1012, 'service restart'],
  [1000, 'bye'],
] as const) {
  test(`a close with ${code} "${reason}" is not a rate limit`, TIMEOUT, async t => {
    const server = await LocalVenue.open(t)
    server.onVisit = ({ socket }) => socket.close(code, reason)
    const { events } = follow(t, coinbase, server.url)
    assert.ok(Number((await events.next('connection_lost')).waitMs) <= 50)
  })
}

/** Long enough that some of it is left when a busy machine comes to read of it. */
const BANNED_MS = 3_000
const ERRORS = {
  'in its text': (untilMs: number) =>
    `{"code":-1003,"msg":"Way too much request weight used; IP banned until ${untilMs}. Please use WebSocket Streams for live updates to avoid bans."}`,
  'in its data': (untilMs: number) =>
    `{"error":{"code":-1003,"msg":"Way too much request weight used","data":{"serverTime":${untilMs - BANNED_MS},"retryAfter":${untilMs}}}}`,
}
for (const [where, frame] of Object.entries(ERRORS)) {
  test(
    `after Binance’s -1003 that names the end of a ban ${where}, a dropped connection is followed by that wait`,
    TIMEOUT,
    async t => {
      const server = await LocalVenue.open(t)
      server.onVisit = ({ socket }) => {
        if (server.visits.length > 1) return
        // A venue's clock that is a day ahead, where it is shown.
        socket.send(frame(Date.now() + BANNED_MS + (where === 'in its data' ? 86_400_000 : 0)))
        setTimeout(() => socket.terminate(), 100)
      }
      const { events } = follow(t, binance, server.url)
      const limited = await events.next('rate_limited')
      assert.ok(Number(limited.waitMs) > 500 && Number(limited.waitMs) <= BANNED_MS, `limited for ${limited.waitMs} ms`)
      const lost = await events.next('connection_lost')
      const lostAtMs = performance.now()
      assert.ok(Number(lost.waitMs) > 400, `reported ${lost.waitMs} ms`)
      const { atMs } = await server.visit()
      assert.ok(
        atMs - lostAtMs > Number(lost.waitMs) - 400 && atMs - lostAtMs < Number(lost.waitMs) + 2_000,
        `reported ${lost.waitMs}, was ${atMs - lostAtMs} ms`,
      )
    },
  )
}

test('a denial of one connection pauses the venue’s other connections', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const venue = { ...coinbase, limits: { ...coinbase.limits, symbolsPerConnection: 1 } }
  const { events } = follow(t, venue, server.url, ['A', 'B'])
  while (events.named('connection_opened').length < 2) await events.next('connection_opened')
  const [first, second] = server.visits
  first!.socket.close(1008, 'Too many requests')
  const limited = await events.next('rate_limited')
  const limitedAtMs = performance.now()
  second!.socket.terminate()
  const lost = await events.next('connection_lost')
  const lostAtMs = performance.now()
  const leftMs = Number(limited.waitMs) - (lostAtMs - limitedAtMs)
  assert.ok(Number(lost.waitMs) >= leftMs - EARLY_MS, `reported ${lost.waitMs} ms`)
  await server.visit()
  await server.visit()
  for (const { atMs } of server.visits.slice(2)) assert.ok(atMs - lostAtMs >= Number(lost.waitMs) - 50)
})
