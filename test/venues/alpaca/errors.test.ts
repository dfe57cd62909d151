/** What follows each of Alpaca's documented errors, with real connections to a server written from the document. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { openFeeds } from '../../../src/sources/feeds.ts'
import { alpaca } from '../../../src/venues/alpaca/stocks.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { until } from '../../support/judges/within.ts'
import { type AlpacaOptions, AlpacaServer } from '../../support/servers/alpaca.ts'

const PATH = '/v2/iex'
const ACCOUNT = { key: 'PK-of-the-errors-test', secret: 'secret-of-the-errors-test' }
const TIMEOUT = { timeout: 300_000 }
const QUICK = {
  ...TIMINGS,
  backoffMsMin: 10,
  backoffFirstMs: 20,
  backoffMsMax: 50,
  livenessCheckMs: 20,
  answerMsMax: 500,
  resubscribe: { ...TIMINGS.resubscribe, temporary: { firstMs: 50, maxMs: 200 } },
}

async function follow(
  t: TestContext,
  {
    symbols = ['AAPL', 'MSFT'],
    credentials = { ...ACCOUNT },
    timings = {},
    ...options
  }: Partial<AlpacaOptions> & {
    symbols?: readonly string[]
    credentials?: { key: string; secret: string }
    timings?: Partial<typeof TIMINGS>
  } = {},
) {
  const server = await AlpacaServer.open(t, { ...ACCOUNT, ...options })
  const [events, receiver] = [new EventLog(), new CollectingReceiver()]
  const venue = { ...alpaca, limits: { ...alpaca.limits, framesPerSecond: 1000 } }
  const feed = {
    venue,
    symbols,
    kinds: ['trades', 'quotes'],
    ws: `${server.url}${PATH}`,
    credentials: () => credentials,
  }
  const feeds = openFeeds([feed], receiver, events.emit, { ...QUICK, ...timings })
  t.after(() => feeds.close())
  const states = () => feeds.status()[0]!.states
  return { server, feeds, events, receiver, states, subscribed: () => server.subscribed(PATH)?.length ?? 0 }
}

test('a login, and each symbol subscribed to with trades and quotes', TIMEOUT, async t => {
  const { server, states, subscribed } = await follow(t)
  await until(() => states().acknowledged === 4)
  assert.equal(subscribed(), 2)
  assert.deepEqual(server.received, [{ action: 'subscribe', trades: ['AAPL', 'MSFT'], quotes: ['AAPL', 'MSFT'] }])
  assert.deepEqual([server.logins, server.connects], [1, [PATH]])
})

for (const [code, event, timing] of [
  [402, 'account_refused', 'accountRefusedMs'],
  [406, 'connections_exceeded', 'connectionsExceededMs'],
  [408, 'plan_refused', 'planRefusedMs'],
  [409, 'plan_refused', 'planRefusedMs'],
] as const)
  test(`${code}: ${event}, and no login before its wait is over`, TIMEOUT, async t => {
    const { server, events, subscribed } = await follow(t, { timings: { [timing]: 700 } })
    server.refuseLoginWith.push(code)
    server.error(407)
    await until(() => events.named(event).length > 0)
    const fields = events.named(event)[0]!
    assert.match(String(fields.why), new RegExp(`code ${code}`))
    assert.ok(Number(fields.waitMs) >= 690, String(fields.waitMs))
    const { logins } = server
    const refusedMs = performance.now()
    await until(() => server.logins > logins)
    assert.ok(performance.now() - refusedMs >= 600)
    await until(() => subscribed() === 2)
  })

test('402: a wrong secret is tried again, and a corrected one is used', TIMEOUT, async t => {
  const credentials = { ...ACCOUNT, secret: 'a wrong secret' }
  const { events, subscribed } = await follow(t, { credentials, timings: { accountRefusedMs: 200 } })
  await until(() => events.named('account_refused').length > 1)
  assert.equal(subscribed(), 0)
  credentials.secret = ACCOUNT.secret
  await until(() => subscribed() === 2)
})

for (const code of [401, 404, 407])
  test(`${code}: another connection subscribes to everything again`, TIMEOUT, async t => {
    const { server, events, subscribed } = await follow(t)
    await until(() => subscribed() === 2)
    server.error(code)
    await until(() => server.connects.length === 2 && subscribed() === 2)
    assert.match(String(events.named('connection_lost')[0]!.why), new RegExp(`code ${code}`))
  })

test('404: a login that the server does not get in time', TIMEOUT, async t => {
  const { server, events, subscribed } = await follow(t, { loginMsMax: 100 })
  // It leaves the first login unanswered.
  server.refuseLoginWith.push(500)
  await until(() => events.named('connection_lost').some(({ why }) => /auth timeout/.test(String(why))))
  await until(() => subscribed() === 2)
})

test('403 and 500 end nothing: the first is no error, the second an event', TIMEOUT, async t => {
  const { server, events, subscribed } = await follow(t)
  await until(() => subscribed() === 2)
  server.error(403)
  server.error(500)
  await until(() => events.named('venue_error').length > 0)
  assert.match(String(events.named('venue_error')[0]!.detail), /internal error/)
  assert.deepEqual([server.connects.length, events.named('connection_lost').length], [1, 0])
})

test('405: the symbols that fit are received, the others are named and refused', TIMEOUT, async t => {
  const symbols = Array.from({ length: 33 }, (_, at) => `S${String.fromCharCode(65 + (at % 26))}${at}`)
  const { server, events, states, subscribed } = await follow(t, { symbols, symbolsMax: 30 })
  await until(() => states().acknowledged === 60 && states().refused === 6)
  assert.equal(subscribed(), 30)
  assert.deepEqual(server.subscribed(PATH), symbols.slice(0, 30))
  const refused = events.named('subscription_rejected').map(({ symbols: named }) => String(named))
  for (const symbol of symbols.slice(30))
    assert.ok(
      refused.some(named => named.split(', ').includes(symbol)),
      symbol,
    )
  assert.equal(server.connects.length, 1)
})

test('400: one invalid symbol does not keep the others from being subscribed to', TIMEOUT, async t => {
  const { states, subscribed } = await follow(t, { symbols: ['AAPL', 'NO_SYMBOL', 'MSFT'] })
  await until(() => subscribed() === 2 && states().acknowledged === 4 && states().refused === 2)
})

test('410 refuses what is not answered yet', TIMEOUT, async t => {
  const { server, events, subscribed } = await follow(t)
  await until(() => subscribed() === 2)
  server.error(410)
  await until(() => events.named('venue_error').length > 0)
  assert.match(String(events.named('venue_error')[0]!.detail), /invalid subscribe action/)
})

test('a connection that broke counts for a while: 406, until it does not', TIMEOUT, async t => {
  const { server, events, subscribed } = await follow(t, { brokenMs: 500, timings: { connectionsExceededMs: 300 } })
  await until(() => subscribed() === 2)
  server.break()
  await until(() => events.named('connections_exceeded').length > 0)
  await until(() => subscribed() === 2)
  assert.ok(server.logins <= 4, `${server.logins} logins`)
})

test('a connection is closed before it is replaced: the venue allows one', TIMEOUT, async t => {
  const { server, events, receiver, subscribed } = await follow(t, {
    symbols: ['AAPL'],
    timings: { firstFrameMsMax: 50, livenessLearnMs: 100, quietMsMin: 200, quietFactor: 1 },
  })
  await until(() => subscribed() === 1)
  const trade = (i: number) => ({
    T: 't',
    S: 'AAPL',
    i,
    x: 'V',
    p: 1,
    s: 1,
    t: new Date().toISOString(),
    c: [],
    z: 'C',
  })
  let i = 0
  const sending = setInterval(() => server.send(PATH, [trade(++i)]), 5)
  await receiver.until(60)
  clearInterval(sending)
  await until(() => server.connects.length >= 2 && subscribed() === 1)
  assert.deepEqual(events.named('connections_exceeded'), [])
})
