/** Instruments from a venue's REST list into the tables, by the processes that a user runs. */
import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import type { InstrumentEvidence } from '../contracts/instruments.ts'
import { skipWithoutData } from '../support/data/recorded-data.ts'
import { startClusterServers } from '../support/processes/cluster.ts'
import { type Settings, TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { ListServer } from '../support/servers/list-server.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'

const listed = (symbol: string, status = 'TRADING', tickSize = '0.01000000') => ({
  symbol,
  status,
  baseAsset: symbol.slice(0, 3),
  quoteAsset: 'USDT',
  filters: [
    { filterType: 'PRICE_FILTER', tickSize },
    { filterType: 'LOT_SIZE', stepSize: '0.00001000' },
  ],
})

/** Venues with a recorded list: 4,647 instruments together. */
const RECORDED = ['binance', 'bitstamp', 'bybit', 'coinbase', 'deribit', 'kraken', 'okx']

const ground = await startClusterServers({ after })

test('each change of a list is one row, over kills and restarts, and the latest row of each is a view', async t => {
  await storeEachChange(t)
})

test('the same over Kafka, where instruments share the topic of trades', { skip: ground.skip }, async t => {
  await storeEachChange(t, { LOG: ground.kafka.address({ partitions: 2 }) })
})

test('the recorded lists of seven venues are stored whole', { skip: skipWithoutData }, async t => {
  const feed = await LocalVenue.open(t)
  const settings: Record<string, string> = { SOURCES: RECORDED.join(' ') }
  const expected: Record<string, number> = {}
  for (const venue of RECORDED) {
    const { evidence } = (await import(`../venues/${venue}/instruments.ts`)) as { evidence: InstrumentEvidence }
    const answers = evidence.recorded!.answers()
    const rest = await ListServer.open(t, response => response.end(JSON.stringify(answers[rest.requested.length - 1])))
    settings[`${venue.toUpperCase()}_WS`] = feed.url
    settings[`${venue.toUpperCase()}_REST`] = rest.url
    for (const kind of ['spot', 'perpetual', 'future', 'option'])
      if (evidence.recorded!.counts[kind]) expected[`${venue} ${kind}`] = evidence.recorded!.counts[kind]
  }
  const instance = new TestInstance(t, settings)
  const storing = instance.run('ingest')
  const recorder = instance.run('record')
  for (const venue of RECORDED) await recorder.waitFor('instruments_found', { venue })
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  await storing.drained()
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  const store = await instance.store()
  t.after(() => store.close())
  const rows = await store.rows<{ name: string; count: number }>(
    `SELECT venue || ' ' || kind AS name, toUInt32(count()) AS count FROM instruments_latest
     WHERE base != '' AND quote != '' AND tick_size > 0 AND lot_size > 0 GROUP BY name`,
  )
  assert.deepEqual(Object.fromEntries(rows.map(({ name, count }) => [name, count])), expected)
  const [others] = await store.rows<{ refused: number }>('SELECT toUInt32(count()) AS refused FROM quarantine')
  assert.equal(others!.refused, 0)
})

async function storeEachChange(t: TestContext, settings: Settings = {}): Promise<void> {
  const venue = await LocalVenue.open(t)
  let symbols = [listed('BTCUSDT'), listed('ETHUSDT'), listed('XMRUSDT', 'BREAK')]
  const rest = await ListServer.open(t, response => response.end(JSON.stringify({ symbols })))
  const instance = new TestInstance(t, {
    SOURCES: 'binance:btcusdt,BTCUSTD,XMRUSDT@trades',
    BINANCE_WS: venue.url,
    BINANCE_REST: rest.url,
    ...settings,
  })
  const storing = instance.run('ingest')
  const read = async (from: TestProcess, event: 'instruments_found' | 'instruments_read') => {
    await from.waitFor(event)
    await storing.drained()
  }

  const first = instance.run('record')
  for (const event of ['symbol_unknown', 'symbol_resting'] as const) await first.waitFor(event)
  await read(first, 'instruments_found')
  assert.deepEqual(first.logged('symbol_unknown'), [{ venue: 'binance', symbol: 'BTCUSTD', nearest: 'BTCUSDT' }])
  assert.deepEqual(first.logged('symbol_resting'), [{ venue: 'binance', symbol: 'XMRUSDT', state: 'BREAK' }])
  await first.end('SIGKILL')

  symbols = [listed('BTCUSDT', 'TRADING', '0.10000000'), listed('XMRUSDT'), listed('SOLUSDT')]
  const second = instance.run('record')
  await read(second, 'instruments_read')
  await second.end('SIGTERM')

  const third = instance.run('record')
  await read(third, 'instruments_read')
  for (const part of [third, storing]) assert.deepEqual(await part.end('SIGTERM'), { code: 0, signal: null })

  const store = await instance.store()
  t.after(() => store.close())
  const rows = await store.rows<Record<string, string>>(
    'SELECT symbol, change, status FROM instruments ORDER BY log_offset, log_index',
  )
  assert.deepEqual(
    rows.map(({ symbol, change, status }) => `${change} ${symbol} ${status}`),
    [
      'found BTCUSDT trading',
      'found ETHUSDT trading',
      'found XMRUSDT BREAK',
      'changed BTCUSDT trading',
      'delisted ETHUSDT delisted',
      'listed SOLUSDT trading',
      'resumed XMRUSDT trading',
    ],
  )
  const latest = await store.rows<Record<string, unknown>>(
    `SELECT symbol, kind, base, quote, tick_size, lot_size, status, expires_at = 0 AS forever, last_change,
       first_seen < changed_at AS known_before, last_seen < changed_at AS gone FROM instruments_latest ORDER BY symbol`,
  )
  const spot = { kind: 'spot', quote: 'USDT', lot_size: 0.00001, forever: 1 }
  assert.deepEqual(latest, [
    {
      symbol: 'BTCUSDT',
      ...spot,
      base: 'BTC',
      tick_size: 0.1,
      status: 'trading',
      last_change: 'changed',
      known_before: 1,
      gone: 0,
    },
    {
      symbol: 'ETHUSDT',
      ...spot,
      base: 'ETH',
      tick_size: 0.01,
      status: 'delisted',
      last_change: 'delisted',
      known_before: 1,
      gone: 1,
    },
    {
      symbol: 'SOLUSDT',
      ...spot,
      base: 'SOL',
      tick_size: 0.01,
      status: 'trading',
      last_change: 'listed',
      known_before: 0,
      gone: 0,
    },
    {
      symbol: 'XMRUSDT',
      ...spot,
      base: 'XMR',
      tick_size: 0.01,
      status: 'trading',
      last_change: 'resumed',
      known_before: 1,
      gone: 0,
    },
  ])
  const [others] = await store.rows<{ refused: number }>('SELECT count() AS refused FROM quarantine')
  assert.equal(others!.refused, 0)
}
