/** Patterns of a selection against a venue's list, over real sockets and a real HTTP server. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { openFeeds } from '../../../src/sources/feeds.ts'
import { InstrumentLists } from '../../../src/sources/instruments/instrument-lists.ts'
import { parseSources } from '../../../src/sources/selection.ts'
import { CheckedSymbols, type Matched } from '../../../src/sources/subscription/checked-symbols.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { until } from '../../support/judges/within.ts'
import { ListServer } from '../../support/servers/list-server.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'

const TIMEOUT = { timeout: 300_000 }
const QUICK = { ...TIMINGS, livenessCheckMs: 20, overlapMs: 50, closeMsMax: 200, symbolListRetryMs: 20 }

const kraken = (statusOf: Record<string, string>) =>
  JSON.stringify({
    error: [],
    result: Object.fromEntries(
      Object.entries(statusOf).map(([wsname, status]) => [wsname.replace('/', ''), { wsname, status }]),
    ),
  })

/** `list` answers the request of the list; undefined has none. */
async function follow(t: TestContext, sources: string, list?: () => string | undefined, matched: Matched = new Map()) {
  const venue = await LocalVenue.open(t)
  const rest =
    list &&
    (await ListServer.open(t, response => {
      const body = list()
      if (body === undefined) response.writeHead(503).end()
      else response.end(body)
    }))
  const events = new EventLog()
  const kept: Matched[] = []
  const subscriptions = parseSources(sources).map(({ venue: of, symbols, patterns, kinds }) => ({
    ...{ venue: of, symbols, kinds, ws: venue.url, rest: rest?.url },
    ...(patterns && { patterns }),
  }))
  const feeds = openFeeds([], new CollectingReceiver(), events.emit, QUICK)
  const onMatched = (all: Matched) => kept.push(new Map(all))
  const checked = new CheckedSymbols(subscriptions, feeds, events.emit, { matched, onMatched })
  const lists = new InstrumentLists({
    ...{ subscriptions, everyMs: 20, emit: events.emit, timings: QUICK },
    onListed: async (of, listed) => checked.compare(of.name, listed).then(() => true),
  })
  t.after(async () => {
    await lists.close()
    await feeds.close()
  })
  const requested = () =>
    Object.fromEntries(
      Map.groupBy(
        venue.visits.flatMap(({ received }) => received.map(frame => JSON.parse(frame))),
        ({ method, params }) => `${method} ${params.channel}`,
      )
        .entries()
        .map(([what, frames]) => [what, frames.flatMap(({ params }) => params.symbol)]),
    )
  return { venue, rest, events, feeds, checked, kept, requested }
}

test('new listings join and delistings leave while the rest goes on; a halted symbol stays', TIMEOUT, async t => {
  let listed: Record<string, string> = {
    'BTC/USD': 'online',
    'ETH/USD': 'online',
    'OLD/USD': 'delisted',
    'BTC/EUR': 'online',
    'TEST/USD': 'online',
    'LATER/USD': 'cancel_only',
  }
  const { venue, events, feeds, checked, kept, requested } = await follow(
    t,
    'kraken:ADA/EUR,*/usd,-TEST/*@trades',
    () => kraken(listed),
  )
  const stateOf = (symbol: string) => feeds.symbolStates().find(each => each.symbol === symbol)?.state
  await events.next('symbols_matched')
  assert.deepEqual(checked.of('kraken'), ['ADA/EUR', 'BTC/USD', 'ETH/USD'])
  await until(() => (requested()['subscribe trade']?.length ?? 0) === 3)

  listed = {
    'BTC/USD': 'cancel_only',
    'ETH/USD': 'delisted',
    'BTC/EUR': 'online',
    'LATER/USD': 'online',
    'NEW/USD': 'online',
  }
  await events.next('symbols_left')
  assert.deepEqual(events.named('symbols_joined'), [{ venue: 'kraken', count: 2, symbols: 'LATER/USD, NEW/USD' }])
  assert.deepEqual(events.named('symbols_left'), [{ venue: 'kraken', count: 1, symbols: 'ETH/USD' }])
  assert.deepEqual(checked.of('kraken'), ['ADA/EUR', 'BTC/USD', 'LATER/USD', 'NEW/USD'])
  await until(() => (requested()['subscribe trade']?.length ?? 0) === 5)
  assert.deepEqual(requested()['unsubscribe trade'], ['ETH/USD'])
  assert.equal(venue.visits.length, 1, 'on the connection that is open')
  await until(() => stateOf('BTC/USD') === 'halted')
  assert.notEqual(stateOf('NEW/USD'), 'halted')
  assert.equal(stateOf('ETH/USD'), undefined)

  listed = { 'BTC/EUR': 'online' }
  await until(() => checked.of('kraken').length === 1)
  assert.deepEqual(
    kept.map(each => each.get('kraken')),
    [['BTC/USD', 'ETH/USD'], ['BTC/USD', 'LATER/USD', 'NEW/USD'], []],
  )
})

test('a list that cannot be read is read again, and the pattern states that it waits', TIMEOUT, async t => {
  let answer: string | undefined
  const { venue, events, checked, rest } = await follow(t, 'kraken:*/USD', () => answer)
  await until(() => rest!.requested.length >= 3)
  assert.deepEqual(events.named('patterns_waiting'), [{ venue: 'kraken', patterns: '*/USD' }])
  assert.deepEqual(checked.unresolved, ['kraken:*/USD'])
  assert.equal(venue.visits.length, 0)
  answer = kraken({ 'BTC/USD': 'online' })
  await until(() => venue.visits.length === 1)
  assert.deepEqual(checked.unresolved, [])
  assert.equal(events.named('symbols_unchecked').length, 1)
})

test('the symbols that matched last are recorded at once, also without the list', TIMEOUT, async t => {
  const matched = new Map([['kraken', ['BTC/USD', 'ETH/USD', 'BTC/EUR']]])
  const { events, checked, requested } = await follow(t, 'kraken:*/USD@trades', undefined, matched)
  await until(() => requested()['subscribe trade']?.length === 2)
  assert.deepEqual(checked.of('kraken'), ['BTC/USD', 'ETH/USD'])
  const [unresolvable] = events.named('patterns_unresolvable')
  assert.deepEqual(unresolvable, { venue: 'kraken', patterns: '*/USD', setting: 'TICKHOUSE_KRAKEN_REST', count: 3 })
})

test('a symbol of several sources of a venue is recorded once with all their kinds', TIMEOUT, async t => {
  const { events, feeds, checked, requested } = await follow(
    t,
    'kraken:*/USD@trades kraken:BTC/USD@quotes kraken:ETH/EUR kraken:ETH/EUR@trades',
    () => kraken({ 'BTC/USD': 'online', 'SOL/USD': 'online', 'ETH/EUR': 'online' }),
  )
  await events.next('symbols_matched')
  await until(() => feeds.status().length === 3 && feeds.status().every(({ state }) => state === 'open'))
  await until(
    () => (requested()['subscribe trade']?.length ?? 0) === 3 && requested()['subscribe ticker']?.length === 2,
  )
  assert.deepEqual(requested()['subscribe trade']!.sort(), ['BTC/USD', 'ETH/EUR', 'SOL/USD'])
  assert.deepEqual(requested()['subscribe ticker']!.sort(), ['BTC/USD', 'ETH/EUR'])
  assert.deepEqual(checked.of('kraken'), ['BTC/USD', 'SOL/USD', 'ETH/EUR'])
})
