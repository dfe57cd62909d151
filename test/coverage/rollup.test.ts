/** Hours counted from a real log and store, and counted again when their ticks or gaps change. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { causeText } from '../../src/coverage/condition.ts'
import { countTicks } from '../../src/coverage/facts.ts'
import { spansOf } from '../../src/coverage/plan.ts'
import { coverageGrid } from '../../src/coverage/read.ts'
import { CoverageRollup } from '../../src/coverage/rollup.ts'
import type { Store } from '../../src/store/store.ts'
import { TRADES } from '../../src/tick/kinds.ts'
import { ORIGIN, type Origin } from '../../src/tick/trades.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'

const HOUR_MICROS = 3_600_000_000
const DAY_SECONDS = Date.UTC(2026, 10, 22) / 1000
const IDS = new Map([
  ['binance', 'dense'],
  ['gemini', 'rising'],
])

/** A record of trades with these ids, a second each from the start of an hour of the day on. */
function record(
  venue: string,
  symbol: string,
  hour: number,
  ids: readonly number[],
  origin: Origin = ORIGIN.live,
  at = 0,
) {
  const trades = ids.map(tradeId => ({ venue, symbol, tradeId, price: 1, volume: 1, side: 'buy' as const }))
  const start = DAY_SECONDS * 1e6 + hour * HOUR_MICROS + at * 1e6
  return tradesOf(venue, trades, origin, ({ tradeId }) => start + (tradeId - ids[0]!) * 1e6)
}

/** A record of trades of this moment. */
const tradesNow = (venue: string, symbol: string, ids: readonly number[]) =>
  tradesOf(
    venue,
    ids.map(tradeId => ({ venue, symbol, tradeId, price: 1, volume: 1, side: 'buy' as const })),
    ORIGIN.live,
    () => Date.now() * 1000,
  )

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

async function count(store: Store, rollup = rollupOf(store)) {
  while (await rollup.step());
}

const rollupOf = (store: Store, selected: { venue: string; symbol: string; kind: string }[] | null = null) =>
  new CoverageRollup({ store, idKinds: IDS, selected: () => selected, now: () => Math.floor(Date.now() / 1000) })

async function hoursOf(store: Store, symbol: string): Promise<string[]> {
  const rows = await store.rows<Record<string, string>>(
    `SELECT toHour(hour, 'UTC') AS at, condition, cause, toString(missing) AS missing, toString(supplied) AS supplied,
       toString(gaps_repaired) AS gaps_repaired
     FROM coverage FINAL WHERE symbol = {symbol:String} AND toDate(hour) = '2026-11-22' ORDER BY hour`,
    { symbol },
  )
  return rows.map(row => `${row.at} ${row.condition}: ${causeText(row.cause!, row)}`)
}

const written = async (store: Store) =>
  Number((await store.rows<{ rows: string }>('SELECT toString(count()) AS rows FROM coverage'))[0]!.rows)

async function filled(t: TestContext) {
  const { log, store } = await openBoth(t)
  await log.append(0, [
    record('binance', 'BTCUSDT', 12, range(1, 10)),
    record('binance', 'BTCUSDT', 13, range(11, 20)),
    record('gemini', 'BTCUSD', 13, [5, 9, 12]),
    record('binance', 'BTCUSDT', 15, range(21, 24)),
    record('binance', 'BTCUSDT', 15, range(27, 30), ORIGIN.live, 6),
    record('binance', 'BTCUSDT', 16, range(31, 40)),
  ])
  await storeAll(log, store)
  await count(store)
  return { log, store }
}

test('hours are proved, halted and degraded by the ids of their trades, and change when the missing ones arrive', async t => {
  const { log, store } = await filled(t)
  assert.deepEqual(await hoursOf(store, 'BTCUSDT'), [
    '12 unprovable: no earlier trade to adjoin: recording began here',
    '13 proved: ids are dense, and adjoin the trades before and after',
    '14 halted: no trade was made: the ids before and after adjoin',
    '15 degraded: 2 trade ids are missing, and may still be supplied',
    '16 pending: the end is not proved before the next trade arrives',
    '17 pending: the end is not proved before the next trade arrives',
  ])
  assert.deepEqual((await hoursOf(store, 'BTCUSD'))[0], '13 unprovable: no ids show a loss')

  await log.append(0, [
    record('binance', 'BTCUSDT', 15, [25, 26], ORIGIN.repair, 4),
    record('binance', 'BTCUSDT', 17, range(41, 45)),
  ])
  await storeAll(log, store)
  await count(store)
  assert.deepEqual((await hoursOf(store, 'BTCUSDT')).slice(3, 6), [
    '15 repaired: ids are dense: 2 trades were supplied later, 1 gaps closed',
    '16 proved: ids are dense, and adjoin the trades before and after',
    '17 pending: the end is not proved before the next trade arrives',
  ])
  const grid = await coverageGrid(store, {
    sources: 'binance',
    kind: '',
    from: DAY_SECONDS,
    to: DAY_SECONDS + 2 * 86_400,
  })
  assert.deepEqual(grid.rows, [{ kind: 'trades', venue: 'binance', symbol: 'BTCUSDT', days: '50' }])
})

test('trades of the last second of an hour count in it, also where they are a part of the table by themselves', async t => {
  const { log, store } = await openBoth(t)
  const last = 3_599.5
  for (const records of [
    [record('binance', 'BTCUSDT', 12, range(1, 10))],
    [record('binance', 'BTCUSDT', 13, range(11, 20))],
    [record('binance', 'BTCUSDT', 13, [21], ORIGIN.live, last)],
    [record('binance', 'BTCUSDT', 14, range(22, 30))],
  ]) {
    await log.append(0, records)
    await storeAll(log, store)
  }
  const from = DAY_SECONDS + 13 * 3_600
  const [hour] = await countTicks(store, TRADES, { from, to: from + 3_600 })
  assert.deepEqual([hour!.ticks, hour!.last_id], [11, 21])
})

test('before the first tick was logged nothing is missing, whatever is selected', async t => {
  const { log, store } = await openBoth(t)
  await log.append(0, [tradesNow('binance', 'BTCUSDT', range(1, 10))])
  await storeAll(log, store)
  const selected = ['BTCUSDT', 'ETHUSDT'].map(symbol => ({ venue: 'binance', symbol, kind: 'quotes' }))
  await count(store, rollupOf(store, selected))
  assert.equal(await written(store), 0)
})

test('nothing is counted again without a change, also after a restart', async t => {
  const { store } = await filled(t)
  const before = await written(store)
  await count(store)
  await count(store)
  assert.equal(await written(store), before)
})

test('hours whose days have left the table keep their rows', async t => {
  const { store } = await filled(t)
  const hours = await hoursOf(store, 'BTCUSDT')
  const at = '2026-11-27 00:00:00'
  await store.insertRows('archive_ledger', [
    {
      archive: 'a',
      kind: 'trades',
      slice_start: at,
      slice_end: at,
      state: 'dropped',
      changed_at: at,
      as_of: at,
      verified_at: at,
    },
  ])
  const [{ day }] = (await store.rows<{ day: string }>('SELECT toString(max(log_day)) AS day FROM trades')) as [
    { day: string },
  ]
  await store.dropPartition('trades', day)
  await store.insertRows('gaps', [
    {
      venue: 'binance',
      symbol: 'BTCUSDT',
      first_id: 3,
      last_id: 3,
      missing: 1,
      state: 'open',
      found_at: at,
      changed_at: at,
      reason: '',
      after_at: '2026-11-22 12:30:00',
      before_at: '2026-11-22 12:31:00',
    },
  ])
  await count(store)
  assert.deepEqual(await hoursOf(store, 'BTCUSDT'), hours)
})

test('hours are joined to spans of at most a day', () => {
  const hours = Array.from({ length: 30 }, (_, index) => index * 3_600)
  assert.deepEqual(spansOf([...hours, 40 * 3_600, 0]), [
    { from: 0, to: 86_400 },
    { from: 86_400, to: 108_000 },
    { from: 144_000, to: 147_600 },
  ])
})
