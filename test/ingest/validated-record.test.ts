import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MS_PER_DAY } from '../../src/clock.ts'
import { Batch } from '../../src/ingest/batch.ts'
import { PartitionIds } from '../../src/ingest/ids/partition-ids.ts'
import {
  addToBatch,
  type KnownVenues,
  NOTHING_STORED,
  resolveIds,
  validateRecord,
} from '../../src/ingest/validated-record.ts'
import type { LoggedRecord } from '../../src/log/log.ts'
import { type LogRecord, refusedRecord, tradesRecord } from '../../src/tick/records.ts'
import { ORIGIN, TradeColumns } from '../../src/tick/trades.ts'

const VENUES: KnownVenues = new Map([
  ['binance', 'dense'],
  ['external', 'none'],
])
/** The log's day of all records, in 2024. */
const DAY_MS = 20_000 * MS_PER_DAY
const LIMITS = { ticksMax: 100, bytesMax: 10_000, ageMsMax: 1 }

interface Tick {
  venue?: string
  symbol?: string
  micros?: number
  price?: number
  volume?: number
  side?: number
  id: number
}

function recordOf(...ticks: Tick[]): LogRecord {
  const trades = new TradeColumns(ticks.length)
  for (const { venue = 'binance', symbol = 'BTCUSDT', micros = 1e15, price = 1, volume = 1, side = 1, id } of ticks) {
    trades.add({
      venue,
      symbol,
      timestampMicros: micros,
      timestampNanos: 0,
      receivedAtMicros: 1e15,
      price,
      volume,
      side: side as 1,
      tradeId: id,
      origin: ORIGIN.live,
    })
  }
  return tradesRecord(trades)
}

/** Fills a batch as ingest does, with nothing in the tables. */
function filled(...records: LogRecord[]) {
  const batch = new Batch(3)
  const ids = new PartitionIds({
    venues: VENUES,
    changed: gap => batch.gaps.add(gap),
    restarted: restart => batch.restarts.push(restart),
    nowMicros: () => 0,
  })
  for (const [offset, record] of records.entries()) {
    const judged = validateRecord({ ...record, partition: 3, offset, timestampMs: DAY_MS }, VENUES, ids.of)
    resolveIds(judged, VENUES, ids.of, NOTHING_STORED)
    addToBatch(batch, judged, 0)
  }
  batch.placeRepeats()
  return batch
}

const entry = (record: LogRecord, timestampMs: number): LoggedRecord => ({
  ...record,
  partition: 3,
  offset: 0,
  timestampMs,
})

test('good trades are all taken; each refused one goes to quarantine with its place, reason and content', () => {
  const batch = filled(
    recordOf(
      { id: 1 },
      { id: 2, price: Number.NaN },
      { id: 3, price: 1e30 },
      { id: 4, volume: 0 },
      { id: 5, micros: -5 },
      { id: 6, side: 7 },
      { id: 7, venue: 'nowhere' },
      { id: 8, symbol: 'A\0B' },
      { id: 2 },
      { id: 2 },
    ),
  )
  assert.deepEqual([...batch.trades.tradeId.subarray(0, batch.trades.length)], [1n, 2n])
  assert.deepEqual(
    batch.refused.map(({ index, reason }) => [index, reason]),
    [
      [1, 'price_out_of_range'],
      [2, 'price_out_of_range'],
      [3, 'volume_out_of_range'],
      [4, 'timestamp_out_of_range'],
      [5, 'side_unknown'],
      [6, 'unknown_venue'],
      [7, 'symbol_invalid'],
      [9, 'trade_repeated'],
    ],
  )
  assert.equal(JSON.parse(String(batch.refused[0]!.raw)).price, 'NaN')
})

test('the id of a refused trade is not missing: it reached the log, and quarantine names it', () => {
  const batch = filled(recordOf({ id: 1 }, { id: 2, price: -1 }, { id: 3, volume: 0 }, { id: 4 }))
  assert.deepEqual([...batch.gaps], [])
  assert.deepEqual(
    batch.refused.map(({ reason, tradeId, idRun }) => [reason, tradeId, idRun]),
    [
      ['price_out_of_range', 2n, 0],
      ['volume_out_of_range', 3n, 0],
    ],
  )
})

test('the good trade that comes for a refused one is stored, once', () => {
  const batch = filled(recordOf({ id: 1 }, { id: 2, price: -1 }, { id: 3 }, { id: 2 }, { id: 2 }))
  assert.deepEqual([...batch.trades.tradeId.subarray(0, batch.trades.length)], [1n, 3n, 2n])
  assert.deepEqual(
    batch.refused.map(({ reason }) => reason),
    ['price_out_of_range', 'trade_repeated'],
  )
  assert.deepEqual([...batch.gaps], [])
})

test('ids of a venue that does not number trades are not followed', () => {
  const batch = filled(
    recordOf({ id: 9, venue: 'external' }, { id: 9, venue: 'external' }, { id: 4, venue: 'external' }),
  )
  assert.equal(batch.trades.length, 3)
  assert.equal(batch.gaps.size, 0)
})

test('a record that cannot be read is refused as a whole, standing for all its ticks, byte for byte', () => {
  const good = recordOf({ id: 1 }, { id: 2 })
  const cases: [LogRecord, string][] = [
    [{ ...good, payload: good.payload.subarray(0, 30) }, 'undecodable_record'],
    [{ ...good, version: 99 }, 'unknown_format'],
    [{ ...good, format: 'avro' }, 'unknown_format'],
    [{ ...good, format: 'constructor' }, 'unknown_format'],
    [{ ...good, format: '__proto__' }, 'unknown_format'],
    [{ ...good, kind: 'weather' }, 'unknown_kind'],
    [{ ...good, ticks: 5 }, 'undecodable_record'],
    [{ ...good, format: 'json' }, 'undecodable_record'],
    [{ ...good, format: 'refused' }, 'undecodable_record'],
    [{ ...good, payload: new Uint8Array(0) }, 'undecodable_record'],
  ]
  for (const [record, reason] of cases) {
    const { refused, trades } = filled(record)
    assert.equal(trades.length, 0)
    assert.deepEqual(
      refused.map(one => [one.index, one.ticks, one.reason]),
      [[0, record.ticks, reason]],
      reason,
    )
    assert.deepEqual(refused[0]!.raw, record.payload)
  }
})

test('a hostile record of tens of thousands of venues and symbols is judged like any other', () => {
  const hostile = Array.from({ length: 70_000 }, (_, id) => ({ id, venue: `v${id}`, symbol: `s${id}` }))
  const batch = filled(recordOf(...hostile, { id: 1 }))
  assert.equal(batch.trades.length, 1)
  assert.equal(batch.refused.length, 70_000)
})

test('ids are followed by venue and symbol, however the rows of a record alternate', () => {
  const rows = [1, 2, 3].flatMap(id => [{ id }, { id: id + 50, symbol: 'ETHUSDT' }, { id: 9, venue: 'external' }])
  const batch = filled(recordOf(...rows), recordOf({ id: 3 }, { id: 54, symbol: 'ETHUSDT' }))
  assert.deepEqual(
    batch.refused.map(({ symbol, reason }) => [symbol, reason]),
    [['BTCUSDT', 'trade_repeated']],
  )
  assert.equal(batch.gaps.size, 0)
})

test('an origin the table does not know is refused', () => {
  const trades = new TradeColumns(1)
  trades.add({
    venue: 'binance',
    symbol: 'BTCUSDT',
    timestampMicros: 1e15,
    timestampNanos: 0,
    receivedAtMicros: 1e15,
    price: 1,
    volume: 1,
    side: 1,
    tradeId: 1,
    origin: 9 as 0,
  })
  assert.deepEqual(
    filled(tradesRecord(trades)).refused.map(({ reason }) => reason),
    ['origin_unknown'],
  )
})

test('a tick of a day ahead of our clock is the last that is stored; an old one is never too old', () => {
  const day = MS_PER_DAY * 1000
  const batch = filled(
    recordOf(
      { id: 1, micros: 1e15 + day },
      { id: 2, micros: 1e15 + day + 1 },
      { id: 3, micros: 9e15 },
      { id: 4, micros: 1 },
    ),
  )
  assert.deepEqual([...batch.trades.tradeId.subarray(0, batch.trades.length)], [1n, 4n])
  assert.deepEqual(
    batch.refused.map(({ index, reason }) => [index, reason]),
    [
      [1, 'timestamp_ahead'],
      [2, 'timestamp_ahead'],
    ],
  )
})

test('JSON ticks of days ahead of the log, and of days that do not exist, are refused each for its reason', () => {
  const times = ['2226-01-01T00:00:00Z', '2024-02-30T10:00:00Z', '2024-10-04T24:00:00Z', '2024-10-05T00:00:00Z', 4e9]
  const lines = times.map(timestamp => JSON.stringify({ symbol: 'AAA', price: 1, volume: 1, timestamp }))
  const payload = Buffer.from(lines.join('\n'))
  const batch = filled({ kind: 'trades', format: 'json', version: 1, ticks: lines.length, payload })
  assert.deepEqual(batch.refused.map(({ index, reason }) => [index, reason]).sort(), [
    [0, 'timestamp_ahead'],
    [1, 'timestamp_out_of_range'],
    [2, 'timestamp_out_of_range'],
    [4, 'timestamp_ahead'],
  ])
  assert.equal(batch.trades.length, 1)
})

test('JSON ticks without an id get one that nothing follows', () => {
  const line = JSON.stringify({
    venue: 'binance',
    symbol: 'BTCUSDT',
    price: 1,
    volume: 1,
    timestamp: 1_614_009_104_208,
  })
  const json = { kind: 'trades', format: 'json', version: 1, ticks: 2, payload: Buffer.from(`${line}\n${line}`) }
  const batch = filled(json, json)
  assert.equal(new Set(batch.trades.tradeId.subarray(0, 4)).size, 4)
  assert.equal(batch.gaps.size + batch.refused.length, 0)
})

test('frames that a source refused keep reason and text', () => {
  const { refused } = filled(
    refusedRecord([{ venue: 'kraken', reason: 'malformed_frame', detail: 'cut', raw: '{"ch', receivedAtMicros: 9 }]),
  )
  assert.deepEqual(
    refused.map(({ venue, reason, raw }) => [venue, reason, raw]),
    [['kraken', 'malformed_frame', '{"ch']],
  )
})

test('a batch takes records of one log day only, and no more ticks or bytes than it may', () => {
  const batch = filled(recordOf(...Array.from({ length: 60 }, (_, id) => ({ id }))))
  assert.ok(batch.accepts(entry(recordOf({ id: 1 }), DAY_MS + MS_PER_DAY - 1), LIMITS))
  assert.ok(!batch.accepts(entry(recordOf({ id: 1 }), DAY_MS + MS_PER_DAY), LIMITS))
  assert.ok(!batch.accepts(entry(recordOf(...Array.from({ length: 41 }, (_, id) => ({ id }))), DAY_MS), LIMITS))
  assert.ok(!batch.accepts(entry({ ...recordOf({ id: 1 }), payload: new Uint8Array(9_000) }, DAY_MS), LIMITS))
})

test('an empty batch takes any record, however large: none is left behind', () => {
  assert.ok(new Batch(0).accepts(entry({ ...recordOf({ id: 1 }), payload: new Uint8Array(1_000_000) }, 0), LIMITS))
})
