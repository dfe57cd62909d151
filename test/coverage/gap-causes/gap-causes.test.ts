/** Causes of gaps, derived from a real log and store; events and samples as the storing process writes them. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { causeText } from '../../../src/coverage/condition.ts'
import { GapCauses } from '../../../src/coverage/gap-causes/gap-causes.ts'
import { CoverageRollup } from '../../../src/coverage/rollup.ts'
import { microsText } from '../../../src/store/sql.ts'
import type { Store } from '../../../src/store/store.ts'
import { refusedRecord } from '../../../src/tick/records.ts'
import { ORIGIN, type Origin } from '../../../src/tick/trades.ts'
import { openBoth } from '../../support/data/storage.ts'
import { storeAll } from '../../support/data/storing.ts'
import { tradesOf } from '../../support/data/trades.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)
const timeText = (ms: number) => new Date(ms).toISOString().slice(0, -1).replace('T', ' ')

/** Trades with these ids, of id seconds after noon. */
const record = (symbol: string, ids: readonly number[], origin: Origin = ORIGIN.live, price = 1) =>
  tradesOf(
    'binance',
    ids.map(tradeId => ({ venue: 'binance', symbol, tradeId, price, volume: 1, side: 'buy' as const })),
    origin,
    ({ tradeId }) => NOON * 1000 + tradeId * 1e6,
  )

async function sample(store: Store, from: number, to: number, recorded: (second: number) => boolean = () => true) {
  const rows = range(Math.ceil(from / 10), Math.floor(to / 10)).map(tens => ({
    ...{ at: timeText(NOON + tens * 10_000), instance: 'a', every_ms: 10_000, recorded: recorded(tens * 10) },
    ...{ stored: true, sources: 'ok', log: 'ok', ingest: 'ok', store: 'ok', archive: 'ok' },
  }))
  await store.insertRows('uptime', rows)
}

let nextId = 1
async function happened(store: Store, second: number, event: string, fields = {}, instance = 'a') {
  const at = timeText(NOON + second * 1000)
  const fixed = { process: 'record', level: 'info', station: 'sources', text: '' }
  await store.insertRows('events', [
    { ...fixed, at, instance, id: nextId++, event, fields: { venue: 'binance', ...fields } },
  ])
}

/** What view `gaps_final` states, by first id. */
async function causes(store: Store) {
  const rows = await store.rows<{ symbol: string; first: number; cause: string; detail: string; state: string }>(
    `SELECT symbol, toUInt32(first_id) AS first, cause, detail, toString(state) AS state FROM gaps_final ORDER BY symbol, first_id`,
  )
  return rows.map(({ symbol, first, cause, detail }) => `${symbol} ${first} ${cause}: ${detail}`)
}

const causesOf = (store: Store, gapsPerStep = 200) =>
  new GapCauses({ store, nowMicros: () => Date.now() * 1000, settledMicros: 0, gapsPerStep })

async function explained(store: Store, finder = causesOf(store)) {
  while (await finder.step());
  return await causes(store)
}

async function opened(t: TestContext) {
  const { log, store } = await openBoth(t)
  await happened(store, -3_600, 'store_opened')
  return { log, store }
}

test('each gap has the cause that events, samples and instruments of its own time show', async t => {
  const { log, store } = await opened(t)
  await sample(store, 0, 200)
  await sample(store, 320, 600)
  await happened(store, 105, 'connection_lost')
  await happened(store, 108, 'connection_opened')
  // Of another venue, and of another symbol.
  await happened(store, 55, 'connection_lost', { venue: 'okx' })
  await happened(store, 56, 'symbols_silent', { symbols: 'ETHUSDT, SOLUSDT' })
  await log.append(0, [
    record('BTCUSDT', [...range(1, 50), ...range(60, 100), ...range(110, 200), ...range(310, 330), ...range(500, 520)]),
  ])
  await log.append(0, [record('ETHUSDT', [50, 60])])
  await storeAll(log, store)
  await happened(store, 400, 'log_opened', { venue: '' }, 'b')
  await happened(store, 401, 'connection_opened', {}, 'b')
  assert.deepEqual(await explained(store), [
    'BTCUSDT 51 venue: connected all the time: the venue skipped them',
    'BTCUSDT 101 connection: connection lost at 12:01:45',
    'BTCUSDT 201 recorder: nothing ran from 12:03:20 to 12:05:10',
    'BTCUSDT 331 recorder: the recorder of the venue started at 12:06:40',
    'ETHUSDT 51 connection: subscription found silent at 12:00:56',
  ])
})

test('without diagnostics no cause is made up', async t => {
  const { log, store } = await openBoth(t)
  await log.append(0, [record('BTCUSDT', [1, 5])])
  await storeAll(log, store)
  assert.deepEqual(await explained(store), ['BTCUSDT 2 : '])
})

test('a cause outlives the next state of its gap, and the deletion of its events', async t => {
  const { log, store } = await opened(t)
  await sample(store, 0, 100)
  await happened(store, 12, 'connection_lost')
  await log.append(0, [record('BTCUSDT', [10, 15])])
  await storeAll(log, store)
  const lost = ['BTCUSDT 11 connection: connection lost at 12:00:12']
  const finder = causesOf(store)
  assert.deepEqual(await explained(store, finder), lost)
  await store.command('TRUNCATE TABLE events')
  await log.append(0, [record('BTCUSDT', [11], ORIGIN.repair)])
  await storeAll(log, store)
  assert.deepEqual(await causes(store), lost)
  assert.deepEqual(await explained(store, finder), lost)
  assert.deepEqual(await explained(store), lost)
  const [row] = await store.rows(`SELECT toUInt32(missing) AS missing FROM gaps_final`)
  assert.deepEqual(row, { missing: 3 })
})

test('ids that reached the log and were refused are counted: trades by their ids, frames by what stands in them', async t => {
  const { log, store } = await opened(t)
  await sample(store, 0, 100)
  const frame = (symbol: string, id: number) => ({
    ...{ venue: 'binance', reason: 'malformed_frame' as const, detail: 'cut off' },
    raw: Buffer.from(`{"stream":"x@trade","data":{"e":"trade","s":"${symbol}","t":${id},"p":"1`),
    receivedAtMicros: NOON * 1000 + id * 1e6,
  })
  await log.append(0, [record('BTCUSDT', [10, 15]), record('ETHUSDT', [20, 22, 24])])
  await log.append(0, [refusedRecord([frame('BTCUSDT', 12), frame('BTCUSDT', 13), frame('ETHUSDT', 23)])])
  await storeAll(log, store)
  const finder = causesOf(store)
  const btc = 'BTCUSDT 11 refused: 2 of 4 ids reached the log and were refused: malformed_frame'
  const eth = 'ETHUSDT 23 refused: the id reached the log and was refused: malformed_frame'
  assert.deepEqual(await explained(store, finder), [
    btc,
    'ETHUSDT 21 venue: connected all the time: the venue skipped them',
    eth,
  ])
  await log.append(0, [record('ETHUSDT', [21], ORIGIN.live, 0)])
  await storeAll(log, store)
  assert.deepEqual(await explained(store, finder), [
    btc,
    'ETHUSDT 21 refused: the id reached the log and was refused: price_out_of_range',
    eth,
  ])
})

test('an instrument that the venue lists as not trading explains the gap of that time', async t => {
  const { log, store } = await opened(t)
  await sample(store, 0, 100)
  const listed = (second: number, change: string, status: string) => ({
    ...{ venue: 'binance', symbol: 'BTCUSDT', change, status, received_at: timeText(NOON + second * 1000) },
    ...{ log_partition: 0, log_offset: 0, log_index: second, logged_at: '2026-11-22 12:00:00', log_day: '2026-11-22' },
    ...{ batch_first_offset: 0, batch_good: 0, epoch: 0 },
  })
  await log.append(0, [record('BTCUSDT', [10, 15, 40, 45])])
  await storeAll(log, store)
  await store.insertRows('instruments', [
    listed(0, 'found', 'trading'),
    listed(20, 'halted', 'BREAK'),
    listed(30, 'resumed', 'trading'),
  ])
  assert.deepEqual(await explained(store), [
    'BTCUSDT 11 venue: connected all the time: the venue skipped them',
    'BTCUSDT 16 halt: the venue lists the instrument as BREAK at 12:00:20',
    'BTCUSDT 41 venue: connected all the time: the venue skipped them',
  ])
})

test('gaps are looked at once, in steps of bounded size, and a restart leaves none out', async t => {
  const { log, store } = await opened(t)
  await sample(store, 0, 1_000)
  await log.append(0, [
    record(
      'BTCUSDT',
      range(0, 24).map(index => 10 + 20 * index),
    ),
  ])
  await storeAll(log, store)
  const count = async () => {
    const [row] = await store.rows<{ rows: number; gaps: number }>(
      'SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(first_id)) AS gaps FROM gap_causes',
    )
    return `${row!.rows} rows of ${row!.gaps} gaps`
  }
  const first = causesOf(store, 10)
  assert.equal(await first.step(), true)
  assert.equal(await count(), '10 rows of 10 gaps')
  const second = causesOf(store, 10)
  while (await second.step());
  assert.equal(await count(), '24 rows of 24 gaps')
  while (await second.step());
  while (await causesOf(store, 10).step());
  assert.equal(await count(), '24 rows of 24 gaps')
  await log.append(0, [record('BTCUSDT', [500, 520])])
  await storeAll(log, store)
  while (await second.step());
  assert.match(await count(), /of 26 gaps/)
})

test('a degraded hour states the cause of what is missing, also where it is found after the hour was counted', async t => {
  const { log, store } = await opened(t)
  await sample(store, 0, 100)
  await happened(store, 12, 'connection_lost')
  await log.append(0, [record('BTCUSDT', [10, 15])])
  await storeAll(log, store)
  const rollup = new CoverageRollup({
    ...{ store, idKinds: new Map([['binance', 'dense']]), selected: () => null },
    now: () => Math.floor(Date.now() / 1000),
  })
  const hour = async () => {
    while (await rollup.step());
    const [row] = await store.rows<{ cause: string }>(
      `SELECT cause, toUInt32(missing) AS missing, gap_cause FROM coverage FINAL WHERE hour = {hour:DateTime('UTC')} AND kind = 'trades'`,
      { hour: microsText(NOON * 1000).slice(0, 19) },
    )
    return causeText(row!.cause, row!)
  }
  assert.equal(await hour(), '4 trade ids are missing, and may still be supplied')
  await explained(store)
  assert.equal(await hour(), '4 trade ids are missing, and may still be supplied: connection lost at 12:00:12')
})
