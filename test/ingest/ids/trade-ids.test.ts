/** Trade ids through the real ingest, on a real log and the embedded engine, over stops and starts. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { KnownVenues } from '../../../src/ingest/validated-record.ts'
import type { LogRecord, OpenLog } from '../../../src/log/log.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import type { Store } from '../../../src/store/store.ts'
import { tradesRecord } from '../../../src/tick/records.ts'
import { ORIGIN, TradeColumns } from '../../../src/tick/trades.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'
import { storeAll } from '../../support/data/storing.ts'
import { NOON_MICROS } from '../../support/data/trades.ts'
import { assertPositions, checkPositions } from '../../support/judges/oracle.ts'

let house: TestStore
before(async () => {
  house = await openTestStore()
})
after(() => house.remove())

const VENUES: KnownVenues = new Map([
  ['binance', 'dense'],
  ['bitstamp', 'rising'],
  ['hyperliquid', 'opaque'],
])
const HOUR_MS = 3_600_000

interface Trade {
  id: number | bigint
  ms?: number
  price?: number
  volume?: number
}

function recordOf(venue: string, trades: readonly Trade[]): LogRecord {
  const columns = new TradeColumns(trades.length)
  for (const { id, ms = Number(id), price = 100, volume = 1 } of trades) {
    const micros = NOON_MICROS + ms * 1000
    columns.add({
      venue,
      symbol: 'AAA',
      timestampMicros: micros,
      timestampNanos: 0,
      receivedAtMicros: micros,
      price,
      volume,
      side: 1,
      tradeId: id,
      origin: ORIGIN.live,
    })
  }
  return tradesRecord(columns)
}

const ids = (first: number, last: number, change: (id: number) => Partial<Trade> = () => ({})): Trade[] =>
  Array.from({ length: last - first + 1 }, (_, at) => ({ id: first + at, ...change(first + at) }))

/** A log for one test and empty tables; `store` stores what the log holds and stops, each call a start of its own. */
async function withLog(
  name: string,
  work: (
    record: (venue: string, trades: readonly Trade[]) => Promise<string[]>,
    store: Store,
    log: OpenLog,
  ) => Promise<void>,
): Promise<void> {
  const directory = path.join(house.directory, name)
  const { store } = house
  for (const table of ['trades', 'quarantine', 'gaps', 'log_identity', 'epochs', 'audits'])
    await store.command(`TRUNCATE TABLE ${table}`)
  const log = await openSqliteLog(directory, 'write')
  try {
    const record = async (venue: string, trades: readonly Trade[]) => {
      await log.append(0, [recordOf(venue, trades)])
      const events: string[] = []
      await storeAll(log, store, { venues: VENUES, emit: event => events.push(event) })
      return events
    }
    await work(record, store, log)
    assertPositions(await checkPositions(store, log))
  } finally {
    await log.close()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

const runs = (store: Store) =>
  store.rows('SELECT id_run AS run, toUInt32(count()) AS trades FROM trades GROUP BY run ORDER BY run')
const refused = (store: Store) =>
  store.rows('SELECT reason, toUInt32(sum(ticks)) AS ticks FROM quarantine GROUP BY reason ORDER BY reason')
const gaps = (store: Store) =>
  store.rows(
    'SELECT id_run AS run, toUInt64(first_id) AS first, toUInt64(missing) AS missing, state FROM gaps FINAL ORDER BY ALL',
  )

test('ids that begin again while nothing is stored are another run: all of it is stored, and no gap of the first is filled', () =>
  withLog('restarted', async (record, store) => {
    await record(
      'binance',
      ids(1, 100).filter(({ id }) => id !== 14 && id !== 87),
    )
    const open = [
      { run: 0, first: 14, missing: 1, state: 'open' },
      { run: 0, first: 87, missing: 1, state: 'open' },
    ]
    assert.deepEqual(await gaps(store), open)
    const again = (first: number, last: number) => ids(first, last, id => ({ ms: HOUR_MS + id, price: 777 }))
    const events = await record('binance', [...again(1, 100), ...again(1, 50)])
    assert.equal(events.filter(event => event === 'trade_ids_restarted').length, 1)
    assert.deepEqual(await runs(store), [
      { run: 0, trades: 98 },
      { run: 1, trades: 100 },
    ])
    assert.deepEqual(await refused(store), [{ reason: 'trade_repeated', ticks: 50 }])
    assert.deepEqual(await gaps(store), open)
    // Each start knows both runs by the tables alone.
    await record('binance', [{ id: 14 }, ...again(101, 101), ...again(103, 103), { id: 50 }])
    assert.deepEqual(await gaps(store), [
      { run: 0, first: 14, missing: 0, state: 'repaired' },
      open[1],
      { run: 1, first: 102, missing: 1, state: 'open' },
    ])
    assert.deepEqual(await refused(store), [{ reason: 'trade_repeated', ticks: 51 }])
  }))

test('a trade that comes again after a start with another price is in quarantine with a reason of its own, and both can be seen', () =>
  withLog('conflict', async (record, store) => {
    await record('binance', ids(1, 20))
    const events = await record('binance', [{ id: 7, price: 101 }, { id: 8 }, { id: 21 }])
    assert.ok(events.includes('trade_ids_conflict'))
    assert.deepEqual(await store.rows('SELECT reason, detail FROM quarantine ORDER BY reason'), [
      {
        reason: 'conflicting_id',
        detail: 'a trade id this symbol already has, with another price, volume or side: stored is price 100, volume 1',
      },
      {
        reason: 'trade_repeated',
        detail: 'trades that came a second time with equal values, of a batch together: the first ones are kept',
      },
    ])
    assert.deepEqual(await runs(store), [{ run: 0, trades: 21 }])
  }))

test('a refused trade is not missing, also after a start, and the good one that comes for it is stored', () =>
  withLog('refused', async (record, store) => {
    await record('binance', [...ids(98, 100), { id: 101, volume: 0 }])
    await record('binance', [...ids(102, 103), { id: 105, price: -1 }])
    await record('binance', [{ id: 106 }])
    assert.deepEqual(await gaps(store), [{ run: 0, first: 104, missing: 1, state: 'open' }])
    await record('binance', [{ id: 105 }, { id: 105 }, { id: 104 }])
    assert.deepEqual(await gaps(store), [{ run: 0, first: 104, missing: 0, state: 'repaired' }])
    assert.deepEqual(await runs(store), [{ run: 0, trades: 8 }])
    assert.deepEqual(await refused(store), [
      { reason: 'price_out_of_range', ticks: 1 },
      { reason: 'trade_repeated', ticks: 1 },
      { reason: 'volume_out_of_range', ticks: 1 },
    ])
  }))

test('a gap beside a refused trade takes no trade of an earlier run, also after a start', () =>
  withLog('beside-refused', async (record, store) => {
    const hole = ids(1, 20).filter(({ id }) => id !== 15)
    await record('binance', hole)
    const again = ids(10, 17, id => ({ ms: HOUR_MS + id, price: id === 14 ? -1 : 777 }))
    await record(
      'binance',
      again.filter(({ id }) => id !== 15),
    )
    await record('binance', [{ id: 15 }])
    assert.deepEqual(await runs(store), [
      { run: 0, trades: 20 },
      { run: 1, trades: 6 },
    ])
    assert.deepEqual(await gaps(store), [
      { run: 0, first: 15, missing: 0, state: 'repaired' },
      { run: 1, first: 15, missing: 1, state: 'open' },
    ])
  }))

/** Ids of many symbols in one series, and ids in no order; several trades in a millisecond. */
const SPARSE_IDS: Record<'rising' | 'opaque', (at: number) => bigint> = {
  rising: at => 5_000_000_000n + BigInt(at) * 37n,
  opaque: at => BigInt.asUintN(64, BigInt(at + 1) * 0x9e37_79b9_7f4a_7c15n),
}
const VENUE_OF = { rising: 'bitstamp', opaque: 'hyperliquid' }

for (const kind of ['rising', 'opaque'] as const)
  test(`a trade with ${kind} ids is stored once: in an overlap, a snapshot, after a restart`, () =>
    withLog(kind, async (record, store) => {
      const venue = VENUE_OF[kind]
      const trade = (at: number): Trade => ({ id: SPARSE_IDS[kind](at), ms: Math.floor(at / 3), price: 1 + at })
      const market = Array.from({ length: 6_000 }, (_, at) => trade(at))
      await record(
        venue,
        market.slice(0, 3_000).flatMap((one, at) => (at > 2 ? [one, market[at - 2]!] : [one])),
      )
      assert.deepEqual(await runs(store), [{ run: 0, trades: 3_000 }])
      await record(venue, [...market.slice(2_000, 6_000), ...market.slice(0, 10)])
      assert.deepEqual(await runs(store), [{ run: 0, trades: 6_000 }])
      await record(venue, [{ ...trade(5), price: 9 }, trade(5_999), trade(6_000)])
      assert.deepEqual(await refused(store), [
        { reason: 'conflicting_id', ticks: 1 },
        { reason: 'trade_repeated', ticks: 2_997 + 1_000 + 10 + 1 },
      ])
      assert.deepEqual(await runs(store), [{ run: 0, trades: 6_001 }])
      assert.deepEqual(await gaps(store), [])
    }))

test('ids beyond 2^53 are stored once, also after a start', () =>
  withLog('large', async (record, store) => {
    const large = [2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n].map(id => ({ id, ms: 5 }))
    await record('binance', [...large, ...large])
    await record('binance', large)
    assert.deepEqual(await runs(store), [{ run: 0, trades: 3 }])
    assert.deepEqual(await refused(store), [{ reason: 'trade_repeated', ticks: 6 }])
  }))
