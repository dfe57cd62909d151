import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { audit } from '../../../src/audit/audit.ts'
import type { QuarantineFilter } from '../../../src/ingest/reprocess/quarantine.ts'
import type { ReprocessReport } from '../../../src/ingest/reprocess/reprocess.ts'
import type { KnownVenues } from '../../../src/ingest/validated-record.ts'
import type { LoggedRecord, LogRecord, OpenLog } from '../../../src/log/log.ts'
import { openSqliteLog, type SqliteLogOptions } from '../../../src/log/sqlite/log.ts'
import type { Store } from '../../../src/store/store.ts'
import { RECORD_VERSION, refusedRecord } from '../../../src/tick/records.ts'
import { makeMixedLog } from '../../support/data/mixed-log.ts'
import { quotesOf } from '../../support/data/quotes.ts'
import { reprocessIn } from '../../support/data/reprocessing.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'
import { storeAll } from '../../support/data/storing.ts'
import { NOON_MICROS, tradesOf } from '../../support/data/trades.ts'
import { assertPositions, checkPositions, type ExpectedTrade, gapsOf } from '../../support/judges/oracle.ts'

let house: TestStore
before(async () => {
  house = await openTestStore()
})
after(() => house.remove())

/** A log for one test, and empty tables: the engine opens one directory in a process. */
async function withLog(
  name: string,
  work: (log: OpenLog, store: Store) => Promise<void>,
  options: SqliteLogOptions = {},
): Promise<void> {
  const directory = path.join(house.directory, name)
  const { store } = house
  for (const table of [
    'trades',
    'quotes',
    'quarantine',
    'gaps',
    'log_identity',
    'epochs',
    'requeues',
    'audits',
    'lost_ranges',
  ])
    await store.command(`TRUNCATE TABLE ${table}`)
  if (name === 'mixed') await makeMixedLog(directory)
  const log = await openSqliteLog(directory, 'write', options)
  try {
    await work(log, store)
  } finally {
    await log.close()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

const trades = (symbol: string, first: number, last: number, change: Partial<ExpectedTrade> = {}): ExpectedTrade[] =>
  Array.from({ length: last - first + 1 }, (_, at) => ({
    symbol,
    tradeId: first + at,
    price: (first + at) / 7,
    volume: 1,
    side: 'buy',
    ...change,
  }))

function json(lines: readonly object[]): LogRecord {
  const payload = Buffer.from(lines.map(line => JSON.stringify(line)).join('\n'))
  return { kind: 'trades', format: 'json', version: RECORD_VERSION, ticks: lines.length, payload }
}

/** The log as a version reads it that does not know the format of its first record. */
const unreadable = (log: OpenLog): OpenLog =>
  new Proxy(log, {
    get: (target, name) => {
      if (name === 'read') return (...given: Parameters<OpenLog['read']>) => firstUnknown(target.read(...given))
      if (name === 'record')
        return async (...given: Parameters<OpenLog['record']>) => {
          const entry = await target.record(...given)
          return entry && unknownIfFirst(entry)
        }
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

async function* firstUnknown(slices: AsyncGenerator<LoggedRecord[], void>): AsyncGenerator<LoggedRecord[], void> {
  for await (const slice of slices) yield slice.map(unknownIfFirst)
}

const unknownIfFirst = (entry: LoggedRecord): LoggedRecord => (entry.offset === 0 ? { ...entry, version: 9 } : entry)

const content = (store: Store, table: string): Promise<object[]> =>
  store.rows(
    `SELECT * EXCEPT stored_at${table === 'quarantine' ? ' REPLACE (hex(raw) AS raw)' : ''} FROM ${table} ORDER BY ALL`,
  )

const ACME = { EXTRA_VENUES: 'acme' }

async function assertSound(store: Store, log: OpenLog): Promise<void> {
  assertPositions(await checkPositions(store, log))
  const { passed, detail } = await audit(store, log, 0, log.bounds(0).first, log.bounds(0).next)
  assert.ok(passed, detail)
}

const summaryOf = ({ looked, moved, still }: ReprocessReport) => ({
  looked,
  moved,
  still: still.map(({ reason, today, ticks }) => [reason, today, ticks]),
})

test('with unchanged rules nothing changes, not even who owns the partition', () =>
  withLog('mixed', async (log, store) => {
    await storeAll(log, store)
    const tables = ['trades', 'quarantine', 'gaps', 'requeues']
    const before = await Promise.all(tables.map(table => content(store, table)))
    const [report, again] = await reprocessIn(log, store, {}, [{}, {}])
    assert.equal(report!.moved, 0)
    assert.ok(report!.looked > 10)
    assert.deepEqual(report, again)
    assert.deepEqual(await Promise.all(tables.map(table => content(store, table))), before)
    await assertSound(store, log)
  }))

test('ticks of a venue that is accepted now keep their place, day and times, from records of every format', () =>
  withLog('acme', async (log, store) => {
    const time = { timestamp: '2026-11-22T12:00:00.123456789Z' }
    await log.append(0, [
      tradesOf('acme', trades('AAA', 1, 3)),
      json([
        { venue: 'acme', symbol: 'BBB', price: 1.25, volume: '0.001', ...time },
        { venue: 'other', symbol: 'BBB', price: 2, volume: 1, ...time },
        { symbol: 'BBB', price: 3, volume: 1, ...time },
        { venue: 'acme', symbol: 'BBB', price: -4, volume: 1, ...time },
      ]),
    ])
    await storeAll(log, store)
    const places = 'log_partition, log_offset, log_index, logged_at, log_day'
    const [before] = await Promise.all([store.rows(`SELECT ${places} FROM quarantine ORDER BY log_offset, log_index`)])
    const [dry, report] = await reprocessIn(log, store, ACME, [{}, {}], [true, false])
    const expected = {
      looked: 6,
      moved: 4,
      still: [
        ['unknown_venue', 'unknown_venue', 1],
        ['price_out_of_range', 'price_out_of_range', 1],
      ],
    }
    assert.deepEqual(summaryOf(dry!), expected)
    assert.deepEqual(summaryOf(report!), expected)
    const stored = await store.rows(
      `SELECT ${places} FROM trades WHERE venue = 'acme' UNION ALL SELECT ${places} FROM quarantine`,
    )
    assert.deepEqual(
      stored.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
      before!.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    )
    assert.deepEqual(
      await store.rows(
        `SELECT price, volume, side, origin, toString(timestamp) AS time FROM trades WHERE venue = 'acme' AND symbol = 'BBB'`,
      ),
      [{ price: 1.25, volume: 0.001, side: 'unknown', origin: 'live', time: '2026-11-22 12:00:00.123456789' }],
    )
    await assertSound(store, log)
  }))

test('ids of what is good now are followed: gaps close, new ones open, and no id is stored twice', () =>
  withLog('ids', async (log, store) => {
    const venues: KnownVenues = new Map([['external', 'none']])
    await log.append(0, [tradesOf('binance', trades('AAA', 1, 10))])
    await storeAll(log, store)
    await log.append(0, [tradesOf('binance', trades('AAA', 11, 13)), tradesOf('binance', trades('AAA', 12, 14))])
    await storeAll(log, store, { venues })
    await log.append(0, [tradesOf('binance', trades('AAA', 20, 22))])
    await storeAll(log, store)
    assert.deepEqual(await gapsOf(store, 'binance', 'open'), [{ symbol: 'AAA', first: 11, last: 19 }])
    await log.append(0, [tradesOf('binance', trades('AAA', 30, 30))])
    await storeAll(log, store, { venues })

    const [report] = await reprocessIn(log, store, {}, [{}])
    assert.deepEqual(summaryOf(report!), { looked: 7, moved: 5, still: [['unknown_venue', 'duplicate_id', 2]] })
    // What comes after is judged by what has moved.
    await log.append(0, [tradesOf('binance', trades('AAA', 14, 23))])
    await storeAll(log, store)
    const ids = await store.rows<{ id: string }>('SELECT trade_id AS id FROM trades ORDER BY id')
    assert.deepEqual(
      ids.map(({ id }) => Number(id)),
      [...Array.from({ length: 23 }, (_, at) => at + 1), 30],
    )
    assert.deepEqual(await gapsOf(store, 'binance', 'repaired'), [{ symbol: 'AAA', first: 11, last: 19 }])
    assert.deepEqual(await gapsOf(store, 'binance', 'open'), [{ symbol: 'AAA', first: 23, last: 29 }])
    await assertSound(store, log)
  }))

test('without the log the row itself is read; what only the log can tell stays', () =>
  withLog('trimmed', async (log, store) => {
    const time = { timestamp: '2026-11-22T12:00:00.000000001Z' }
    await log.append(0, [
      tradesOf('acme', trades('AAA', 1, 3)),
      json([
        { symbol: 'CCC', price: 1, volume: 1, ...time },
        { venue: 'acme', symbol: 'BBB', price: 1, volume: 1, ...time },
      ]),
      { ...tradesOf('binance', trades('AAA', 1, 2)), version: 9 },
      tradesOf('binance', trades('AAA', 5, 5)),
    ])
    await storeAll(log, store)
    await log.trim(0, { storedBelow: 3, archivedBelow: 3 })
    const [report] = await reprocessIn(log, store, ACME, [{}])
    assert.deepEqual(summaryOf(report!), { looked: 6, moved: 4, still: [['unknown_format', 'unknown_format', 2]] })
    assert.deepEqual(
      await store.rows(
        `SELECT symbol, price, toString(trade_id) AS id, toString(timestamp) AS time, toString(received_at) AS received, log_offset AS offset, log_index AS index
         FROM trades WHERE venue = 'acme' AND log_index = 1 ORDER BY symbol`,
      ),
      [
        {
          ...{ symbol: 'AAA', price: 2 / 7, id: '2', offset: 0, index: 1 },
          ...{ time: '2026-11-22 12:00:00.002000000', received: '2026-11-22 12:00:00.002500000' },
        },
        {
          ...{ symbol: 'BBB', price: 1, id: String(2n ** 63n + 2n ** 20n + 1n), offset: 1, index: 1 },
          ...{ time: '2026-11-22 12:00:00.000000001' },
          received: (
            await store.rows<{ at: string }>(`SELECT toString(received_at) AS at FROM trades WHERE symbol = 'CCC'`)
          )[0]!.at,
        },
      ],
    )
    const [{ sound }] = (await store.rows<{ sound: number }>(
      `SELECT count() = uniqExact(o, i) AND count() = 7 AS sound FROM (SELECT log_offset AS o, log_index AS i FROM trades UNION ALL SELECT log_offset, log_index FROM quarantine)`,
    )) as [{ sound: number }]
    assert.ok(sound)
  }))

const frame = (venue: string, raw: string) => ({
  venue,
  reason: 'rejected_value' as const,
  detail: 'an older decoder could not read it',
  raw,
  receivedAtMicros: NOON_MICROS,
})

test('a frame that its decoder reads now is stored at its place, if it states one tick', () =>
  withLog('frames', async (log, store) => {
    const item = (id: number) =>
      JSON.stringify({
        ...{ symbol: 'BTC/USD', side: 'buy', price: 1.5, qty: 2, ord_type: 'limit', trade_id: id },
        timestamp: '2026-11-22T12:00:00.000000Z',
      })
    const quote = (bid: number) => JSON.stringify({ symbol: 'BTC/USD', bid, bid_qty: 3, ask: 9, ask_qty: 4 })
    const match = { type: 'match', trade_id: 7, product_id: 'BTC-USD', size: '1', price: '2', side: 'sell' }
    await log.append(0, [
      tradesOf('kraken', [...trades('BTC/USD', 1, 1), ...trades('BTC/USD', 4, 4)]),
      refusedRecord([
        frame('kraken', item(2)),
        frame('kraken', `{"channel":"trade","type":"update","data":[${item(3)},${item(9)}]}`),
        frame('coinbase', JSON.stringify({ ...match, time: '2026-11-22T12:00:00.5Z' })),
        frame('coinbase', '{"type":"heartbeat"}'),
        frame('acme', 'x'),
        frame('kraken', `{"channel":"ticker","type":"update","data":[${quote(1)}]}`),
        frame('kraken', quote(2)),
      ]),
    ])
    await storeAll(log, store)
    const [report] = await reprocessIn(log, store, {}, [{}])
    assert.equal(report!.moved, 4, JSON.stringify(report))
    assert.deepEqual(
      await store.rows(
        `SELECT symbol, bid_price AS bid, ask_size AS size, log_index AS index, toUnixTimestamp64Micro(received_at) = ${NOON_MICROS} AS same
         FROM quotes WHERE venue = 'kraken' ORDER BY log_index`,
      ),
      [
        { symbol: 'BTC/USD', bid: 1, size: 4, index: 5, same: 1 },
        { symbol: 'BTC/USD', bid: 2, size: 4, index: 6, same: 1 },
      ],
    )
    assert.deepEqual(
      await store.rows(
        `SELECT venue, symbol, trade_id AS id, log_index AS index, side FROM trades WHERE log_offset = 1 ORDER BY venue`,
      ),
      [
        { venue: 'coinbase', symbol: 'BTC-USD', id: 7, index: 2, side: 'buy' },
        { venue: 'kraken', symbol: 'BTC/USD', id: 2, index: 0, side: 'buy' },
      ],
    )
    assert.deepEqual(
      report!.still.map(({ detail }) => detail),
      [
        'the frame has 2 ticks and one position in the log',
        'a frame without a trade or quote',
        'no decoder for frames of acme',
      ],
    )
    await assertSound(store, log)
  }))

test('trades of symbols that nobody asked for are stored only where their reason is named', () =>
  withLog('unasked', async (log, store) => {
    const trade = { type: 'match', trade_id: 7, product_id: 'X-USD', size: '1', price: '2', side: 'sell' }
    const raw = JSON.stringify({ ...trade, time: '2026-11-22T12:00:00.5Z' })
    await log.append(0, [refusedRecord([{ ...frame('coinbase', raw), reason: 'symbol_unasked' }])])
    await storeAll(log, store)
    const [all, named] = await reprocessIn(log, store, {}, [{}, { reason: 'symbol_unasked' }])
    assert.deepEqual(summaryOf(all!), { looked: 1, moved: 0, still: [['symbol_unasked', 'symbol_unasked', 1]] })
    assert.deepEqual(summaryOf(named!), { looked: 1, moved: 1, still: [] })
    assert.deepEqual(await store.rows('SELECT symbol FROM trades'), [{ symbol: 'X-USD' }])
    await assertSound(store, log)
  }))

test('repeated quotes are never stored a second time, also where their reason is named', () =>
  withLog('repeated', async (log, store) => {
    const quotes = [1_001, 1_002, 1_003].map(sequence => ({
      ...{ symbol: 'AAA', sequence, bid: [1, sequence] as const, ask: [2, 1] as const },
    }))
    await log.append(0, [quotesOf('binance', quotes), quotesOf('binance', quotes)])
    await storeAll(log, store)
    const [all, named] = await reprocessIn(log, store, {}, [{}, { reason: 'quote_repeated' }])
    for (const report of [all!, named!]) {
      assert.equal(report.moved, 0)
      assert.deepEqual(
        report.still.map(({ reason, detail, ticks }) => [reason, detail, ticks]),
        [['quote_repeated', 'they are stored already', 3]],
      )
    }
    assert.deepEqual(await store.rows('SELECT toUInt32(count()) AS quotes FROM quotes'), [{ quotes: 3 }])
    await assertSound(store, log)
  }))

test('a record that was refused as a whole is divided: what is good moves, what is not is refused by itself', () =>
  withLog('whole', async (log, store) => {
    const record = tradesOf('binance', [
      ...trades('AAA', 1, 3),
      ...trades('AAA', 4, 4, { price: -1 }),
      ...trades('AAA', 2, 2),
    ])
    // As a version that does not know the format would have left it.
    await log.append(0, [record])
    await storeAll(unreadable(log), store)
    // Its hash is that of the log as it was read: a store of an earlier version has none.
    await store.command('ALTER TABLE quarantine UPDATE log_hash = 0 WHERE true SETTINGS mutations_sync = 1')
    assert.deepEqual(await store.rows('SELECT ticks, reason FROM quarantine'), [{ ticks: 5, reason: 'unknown_format' }])
    const [report] = await reprocessIn(log, store, {}, [{}])
    assert.deepEqual([report!.looked, report!.moved], [5, 3])
    assert.deepEqual(await store.rows('SELECT ticks, reason, log_index AS index FROM quarantine ORDER BY index'), [
      { ticks: 1, reason: 'price_out_of_range', index: 3 },
      { ticks: 1, reason: 'duplicate_id', index: 4 },
    ])
    await assertSound(store, log)
    assert.deepEqual(summaryOf((await reprocessIn(log, store, {}, [{}]))[0]!).moved, 0)
  }))

/** Where a move is cut off: the statement that is never run, as when the process ends before it. */
const CUTS: readonly [string, (store: Store) => void][] = [
  ['before the ticks that stay refused', store => refuse(store, 'insertBlock', 'quarantine')],
  ['before the good ticks', store => refuse(store, 'insertBlock', 'trades')],
  ['before the rows leave', store => refuse(store, 'deleteRows', 'quarantine')],
  ['before it is noted as done', store => refuse(store, 'insertRows', 'requeues', 2)],
]

function refuse(store: Store, method: 'insertBlock' | 'deleteRows' | 'insertRows', table: string, nth = 1): void {
  const original = store[method].bind(store) as (...given: unknown[]) => Promise<void>
  let calls = 0
  Object.assign(store, {
    [method]: async (...given: unknown[]) => {
      if (given[0] === table && ++calls === nth) throw new Error('cut off')
      return original(...given)
    },
  })
}

for (const [what, cut] of CUTS)
  test(`cut off ${what}, no tick is missing, and the next start makes all single again`, () =>
    withLog('cut', async (log, store) => {
      const filter: QuarantineFilter = {}
      await log.append(0, [
        tradesOf('binance', [...trades('AAA', 1, 3), ...trades('AAA', 4, 4, { price: -1 })]),
        tradesOf('acme', trades('BBB', 1, 3)),
      ])
      await storeAll(unreadable(log), store)
      const methods = { insertBlock: store.insertBlock, deleteRows: store.deleteRows, insertRows: store.insertRows }
      const kept = { ...methods }
      cut(store)
      // The partition's loop goes on after the failure and mends; the move itself is told as failed.
      await assert.rejects(reprocessIn(log, store, ACME, [filter]), /cut off/)
      Object.assign(store, kept)
      assert.equal((await checkPositions(store, log)).lost, 0)
      await storeAll(log, store)
      await assertSound(store, log)
      await reprocessIn(log, store, ACME, [filter])
      await assertSound(store, log)
      assert.deepEqual(await store.rows('SELECT reason FROM quarantine'), [{ reason: 'price_out_of_range' }])
      assert.deepEqual(await store.rows('SELECT count() AS open FROM requeues FINAL WHERE step = 0'), [{ open: 0 }])
    }))

test('ticks ahead of a clock that was behind are good once it is set right, those ahead of this one are not', () =>
  withLog(
    'behind',
    async (log, store) => {
      const tick = { symbol: 'AAA', price: 1, volume: 1 }
      await log.append(0, [
        json([
          { ...tick, timestamp: '2020-06-01T12:00:00Z' },
          { ...tick, timestamp: '2226-01-01T00:00:00Z' },
        ]),
      ])
      await storeAll(log, store)
      assert.equal((await content(store, 'trades')).length, 0)
      const [report] = await reprocessIn(log, store, {}, [{ reason: 'timestamp_ahead' }])
      assert.deepEqual(summaryOf(report!), { looked: 2, moved: 1, still: [['timestamp_ahead', 'timestamp_ahead', 1]] })
      await assertSound(store, log)
    },
    { nowMs: () => Date.UTC(2020, 0, 1) },
  ))
